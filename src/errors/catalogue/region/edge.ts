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
  REGION_CERTIFICATE_UNFIT: {
    meaning:
      'Clients would refuse the certificate that the load balancer of a region is to show: the region has no such one, ACM has not issued it, it is not for the names that clients ask for, or it is not valid now. For a look at drift, also one that ends within 21 days.',
    retryable: false,
    hint: 'The message says which. Order or renew it in ACM (ACM does not renew one that was imported), or name another one under `edge.balancer.certificate` of the region.',
  },
  REGION_EDGE_WOULD_SERVE: {
    meaning:
      'The record of the region would take traffic although its weight is 0: Route 53 answers with every member of a group whose weights are all 0, and the geo alias points to that group.',
    retryable: false,
    hint: 'Give another region of the group a weight above 0, or take the geo alias off the group until this region shall serve; then start again.',
  },
  REGION_TAKES_TRAFFIC: {
    meaning:
      'A region that is to be retired still takes traffic by its records: it has a weight, it serves although its weight is 0, since no other member of the group has one, or another name leads to it.',
    retryable: false,
    hint: 'The message says which. Withdraw it first: give other regions of the group a weight, set that of this one to 0, wait until its TTL has passed and connections have ended; then start again, or `gantry retry <id>`.',
  },
} as const satisfies Record<string, CatalogueEntry>;
