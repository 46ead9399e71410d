import type { ProcedureTable } from '../../../src/steps/index.ts';
import { inspectHosts } from './inspect-hosts.ts';
import { conformancePlan } from './plan.ts';
import { quarantineNode } from './quarantine-node.ts';

/** What a run of host.conformance is made of. */
export const conformance = {
  hostPlanConformance: conformancePlan,
  hostInspectHosts: inspectHosts,
  hostQuarantineNode: quarantineNode,
} satisfies ProcedureTable<'host.conformance'>;
