import type { CatalogueEntry } from '../entry.ts';

/** What Elastic Load Balancing, Route 53 and WAF answer: each message names the request. */
export const awsErrors = {
  AWS_UNREACHABLE: {
    meaning:
      'The worker could not connect to Elastic Load Balancing, Route 53 or WAF, or the connection broke before the answer came. Whether a change took effect is unknown.',
    retryable: true,
    hint: 'Compare `edge.endpoint` of the region with what the worker can reach. The step looks at what is there before it acts again.',
  },
  AWS_THROTTLED: {
    meaning: 'Elastic Load Balancing, Route 53 or WAF asks Gantry to slow down, and still did after several waits.',
    retryable: true,
    hint: 'See what else calls the service in this account: Route 53 takes five requests a second from all of them together. `gantry retry <id>` looks before it acts.',
  },
  AWS_AUTH_FAILED: {
    meaning: 'Elastic Load Balancing, Route 53 or WAF does not accept the access key, its secret or its token.',
    retryable: false,
    hint: 'Compare the secrets that `ec2.credentials`, and for Route 53 `edge.dns.credentials`, of the region name. Restart the worker after a change.',
  },
  AWS_NO_PERMISSION: {
    meaning: 'Elastic Load Balancing, Route 53 or WAF refuses this request to the user of this worker.',
    retryable: false,
    hint: 'The message names the request. docs/region/rollout.md lists what Gantry needs.',
  },
  AWS_QUOTA: {
    meaning:
      'The account has as many load balancers, target groups, health checks or the like as its quota allows. Nothing was made.',
    retryable: false,
    hint: 'The message names what. Ask AWS to raise the quota, or remove what is not needed, then `gantry retry <id>`.',
  },
  AWS_CONFLICT: {
    meaning:
      'Elastic Load Balancing, Route 53 or WAF refuses the request because of what is there: a name that is taken, something in use, or a record that is not as it was read.',
    retryable: false,
    hint: 'The message has the service’s reason. Remove what stands in the way, or change the platform file; then `gantry retry <id>`.',
  },
  AWS_MISSING: {
    meaning:
      'Elastic Load Balancing, Route 53 or WAF does not know what was asked for: it was deleted, was never there, or is not visible yet right after it was made.',
    retryable: true,
    hint: 'The message names what. For a hosted zone or a web ACL compare `edge.dns.zone` and `edge.webAcl`; for the rest see in CloudTrail who deleted it.',
  },
  AWS_REFUSED: {
    meaning: 'Elastic Load Balancing, Route 53 or WAF refuses the request for another reason.',
    retryable: false,
    hint: 'The message has the service’s own words.',
  },
} as const satisfies Record<string, CatalogueEntry>;
