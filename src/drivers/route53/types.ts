import type { AwsTags } from '../aws/index.ts';

/** What an alias record points to: a name in a hosted zone, which is AWS's own for a load balancer. */
export type AliasTarget = { name: string; zoneId: string; evaluateHealth: boolean };

/** One record set. Names are as they are written in the platform file: lower case, without the dot at the end. */
export type RecordSet = {
  name: string;
  type: string;
  /** Which one of several of a name. */
  setIdentifier?: string;
  weight?: number;
  /** By location: how Route 53 names it. */
  location?: string;
  alias?: AliasTarget;
  healthCheckId?: string;
};

/** What Gantry makes: alias records. */
export type AliasRecord = RecordSet & { alias: AliasTarget };

/** How Route 53 asks an address whether it is healthy, from outside. */
export type HealthCheck = {
  protocol: 'HTTP' | 'HTTPS' | 'TCP';
  host: string;
  port: number;
  path?: string;
};
export type StandingHealthCheck = HealthCheck & { id: string; reference: string };

/** DNS of one account. A change of several records is made whole or not at all. */
export type Route53 = {
  /** The servers that answer for a hosted zone, and the name that it is of. @throws AWS_MISSING */
  zone(id: string): Promise<{ name: string; nameServers: readonly string[] }>;
  /** Every record set of this very name. */
  records(zone: string, name: string): Promise<readonly RecordSet[]>;
  /** Refused as a whole where one of them is there. */
  createRecords(zone: string, records: readonly AliasRecord[]): Promise<void>;
  /** Refused as a whole where one of them is not exactly so. */
  deleteRecords(zone: string, records: readonly AliasRecord[]): Promise<void>;
  /** Those whose caller reference begins so: a health check is made without tags. */
  healthChecks(prefix: string): Promise<readonly StandingHealthCheck[]>;
  /** The same reference and settings again answer with the one that is there. */
  createHealthCheck(of: HealthCheck, reference: string): Promise<string>;
  tagHealthCheck(id: string, tags: AwsTags): Promise<void>;
  healthCheckTags(id: string): Promise<AwsTags>;
  deleteHealthCheck(id: string): Promise<void>;
  close(): void;
};
