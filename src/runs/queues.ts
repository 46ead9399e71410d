/** The five domains, in the order of the house. */
export const domains = ['redis', 'clickhouse', 'host', 'archive', 'region'] as const;

export type Domain = (typeof domains)[number];

/** The queue of workflow tasks. Every other queue's name starts with it. */
export const defaultTaskQueue = 'gantry';

/** The queue of the control activities, which every run needs. */
export function controlQueue(taskQueue: string): string {
  return `${taskQueue}-control`;
}

/**
 * The queue of one vantage: a place that looks at primaries. Its workers stand in a failure domain of their own.
 */
export function vantageQueue(taskQueue: string, domain: Domain, vantage: string): string {
  return `${domainQueue(taskQueue, domain)}-vantage-${vantage}`;
}

/** The name of the queue is read by people, and must be that of no vantage. */
const regionPattern = /^(?!vantage-)[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;

/** Whether `region` may be part of a queue's name. */
export function isRegionName(region: string): boolean {
  return regionPattern.test(region);
}

/** The queue of a domain's activities; with a region that of the workers that reach the targets there. */
export function domainQueue(taskQueue: string, domain: Domain, region?: string): string {
  return region ? `${taskQueue}-${domain}-${region}` : `${taskQueue}-${domain}`;
}
