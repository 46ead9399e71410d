import type { ProcedureTable } from '../../../src/steps/index.ts';
import { alignTable } from './align-table.ts';
import { expirePartition } from './expire-partition.ts';
import { moveToVolume } from './move-to-volume.ts';
import { tierPlan } from './plan.ts';
import { proveRollup } from './prove-rollup.ts';

/** What a run of clickhouse.tier is made of. */
export const tier = {
  clickhousePlanTier: tierPlan,
  clickhouseAlignTable: alignTable,
  clickhouseMoveToVolume: moveToVolume,
  clickhouseProveRollup: proveRollup,
  clickhouseExpirePartition: expirePartition,
} satisfies ProcedureTable<'clickhouse.tier'>;
