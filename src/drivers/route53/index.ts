export { connectRoute53 } from './connect.ts';
export type { AliasRecord, AliasTarget, HealthCheck, RecordSet, Route53, StandingHealthCheck } from './types.ts';
