import type { CatalogueEntry } from '../entry.ts';

/** Errors of the edge of a region: its load balancer, web ACL, health check and records. */
export const edgeErrors = {
  REGION_EDGE_FOREIGN: {
    meaning:
      'A load balancer, target group, listener, web ACL association or DNS record that the edge of a region needs is there already, and Gantry did not make it.',
    retryable: false,
    hint: 'The message names it. Choose another name under `edge` of the region, or remove it if nothing uses it. Gantry takes over and overwrites nothing.',
  },
  REGION_EDGE_DIFFERS: {
    meaning:
      'A part of the edge that Gantry made is not as the platform file says. Gantry makes a part and takes it back; it does not change one in place.',
    retryable: false,
    hint: 'The message says what was found and what is wanted. Change the file back, or withdraw the region from traffic, remove the part by hand and start again.',
  },
  REGION_EDGE_WOULD_SERVE: {
    meaning:
      'The record of the region would take traffic although its weight is 0: Route 53 answers with every member of a group whose weights are all 0, and the geo alias points to that group.',
    retryable: false,
    hint: 'Give another region of the group a weight above 0, or take the geo alias off the group until this region shall serve; then start again.',
  },
} as const satisfies Record<string, CatalogueEntry>;
