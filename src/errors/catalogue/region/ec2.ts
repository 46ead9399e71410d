import type { CatalogueEntry } from '../entry.ts';

/** What EC2 answers. */
export const ec2Errors = {
  EC2_UNREACHABLE: {
    meaning:
      'The worker could not connect to EC2, or the connection broke or fell silent before the answer came. Whether a change took effect is unknown.',
    retryable: true,
    hint: 'From the worker: `curl -I <endpoint>`; compare `ec2.endpoint` of the region. The step looks by tag before it acts again.',
  },
  EC2_THROTTLED: {
    meaning: 'EC2 asks Gantry to slow down, and still did after several waits.',
    retryable: true,
    hint: 'See what else calls EC2 in this account and region; `gantry retry <id>` looks before it acts.',
  },
  EC2_AUTH_FAILED: {
    meaning: 'EC2 does not accept the access key, its secret or its token.',
    retryable: false,
    hint: 'Compare the secrets that `ec2.credentials` of the region names. Restart the worker after a change.',
  },
  EC2_NO_PERMISSION: {
    meaning: 'EC2 refuses this request to the user of this worker.',
    retryable: false,
    hint: 'The message names the request. docs/region/rollout.md lists what Gantry needs.',
  },
  EC2_QUOTA: {
    meaning: 'The account has as many of something as its quota allows. Nothing was made.',
    retryable: false,
    hint: 'The message names what. Ask AWS to raise the quota, or remove what is not needed, then `gantry retry <id>`.',
  },
  EC2_CONFLICT: {
    meaning:
      'EC2 refuses the request because of what is there: overlapping ranges, a name that is taken, or something that is still in use.',
    retryable: false,
    hint: 'The message has EC2’s reason and the ids. Remove what stands in the way, or change the platform file.',
  },
  EC2_MISSING: {
    meaning:
      'EC2 does not know the id that was asked for: it was deleted, or is not visible yet right after it was made.',
    retryable: true,
    hint: 'The step looks again by tag. If it repeats, see in CloudTrail who deleted it.',
  },
  EC2_REFUSED: {
    meaning: 'EC2 refuses the request for another reason.',
    retryable: false,
    hint: 'The message has EC2’s own words.',
  },
} as const satisfies Record<string, CatalogueEntry>;
