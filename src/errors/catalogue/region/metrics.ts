import type { CatalogueEntry } from '../entry.ts';

/** Of the Prometheus of a region, and of the gates that ask it. */
export const metricErrors = {
  PROMETHEUS_UNREACHABLE: {
    meaning:
      'The Prometheus of a region did not answer in time, the connection was refused or broke, its certificate is not trusted, or it is overloaded.',
    retryable: true,
    hint: 'From the worker: `curl <url>/-/ready`; compare `rollout.regions.<region>.prometheus` of the platform file.',
  },
  PROMETHEUS_FORBIDDEN: {
    meaning: 'The Prometheus of a region, or what stands before it, refused the token.',
    retryable: false,
    hint: 'Correct `token` in `rollout.regions.<region>.prometheus`, then `gantry retry <id>`.',
  },
  PROMETHEUS_REFUSED: {
    meaning: 'Prometheus cannot evaluate a query: it is no PromQL of this server, or its data do not fit it.',
    retryable: false,
    hint: 'The message has Prometheus’s own words. Try the query in its web page, and correct it under `metrics` of the component.',
  },
  PROMETHEUS_UNEXPECTED_ANSWER: {
    meaning: 'What answers is no Prometheus, or its answer is larger than a gate reads.',
    retryable: false,
    hint: 'Compare `rollout.regions.<region>.prometheus.url`; have the query give fewer series (`sum`, `max by (…)`).',
  },
  PROMETHEUS_AUTHORITY_UNREADABLE: {
    meaning: 'The file with the authority of a Prometheus cannot be read by this worker.',
    retryable: false,
    hint: 'Correct `ca` in `rollout.regions.<region>.prometheus`, or mount the file where the worker runs.',
  },
  REGION_NO_PROMETHEUS: {
    meaning: 'A component has gates of metrics, and the platform file names no Prometheus for the region.',
    retryable: false,
    hint: 'Set `prometheus` of the region under `rollout.regions`, or take `metrics` off the component.',
  },
} as const satisfies Record<string, CatalogueEntry>;
