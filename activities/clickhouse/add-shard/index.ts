import type { ProcedureTable } from '../../../src/steps/index.ts';
import { canary } from '../cluster/canary.ts';
import { setMembership } from '../cluster/set-membership.ts';
import { measureShares } from '../shares/measure-shares.ts';
import { makeSchema } from './make-schema.ts';
import { addShardPlan } from './plan.ts';

/** What a run of clickhouse.add-shard is made of. */
export const addShard = {
  clickhousePlanAddShard: addShardPlan,
  clickhouseMakeSchema: makeSchema,
  clickhouseSetMembership: setMembership,
  clickhouseCanary: canary,
  clickhouseMeasureShares: measureShares,
} satisfies ProcedureTable<'clickhouse.add-shard'>;
