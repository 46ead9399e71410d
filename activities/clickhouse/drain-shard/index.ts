import type { ProcedureTable } from '../../../src/steps/index.ts';
import { canary } from '../cluster/canary.ts';
import { setMembership } from '../cluster/set-membership.ts';
import { measureShares } from '../shares/measure-shares.ts';
import { drainShardPlan } from './plan.ts';
import { proveEmpty } from './prove-empty.ts';
import { proveQueues } from './prove-queues.ts';

/** What a run of clickhouse.drain-shard is made of. */
export const drainShard = {
  clickhousePlanDrainShard: drainShardPlan,
  clickhouseSetMembership: setMembership,
  clickhouseCanary: canary,
  clickhouseMeasureShares: measureShares,
  clickhouseProveQueues: proveQueues,
  clickhouseProveEmpty: proveEmpty,
} satisfies ProcedureTable<'clickhouse.drain-shard'>;
