import type { StepActivity } from '../../src/runs/index.ts';
import type { StepDefinition, StepRuntime } from '../../src/steps/index.ts';
import { stepActivity } from '../../src/steps/index.ts';
import type { ClickHouseDeps } from './access.ts';
import { bringBack } from './bring-back.ts';
import { copyPartition } from './copy.ts';
import { cutOver } from './cut-over.ts';
import { dropStaging } from './drop-staging.ts';
import { holdIngest, openIngest } from './ingest.ts';
import { findLateRows } from './late-rows.ts';
import { lookAgain } from './look-again.ts';
import { lookAtTarget } from './look-at-target.ts';
import { makeStaging } from './make-staging.ts';
import { startMerges, stopMerges } from './merges.ts';
import { planMoveActivity } from './plan-move.ts';
import { planUndoMoveActivity } from './plan-undo-move.ts';
import { proveMove } from './prove-move.ts';
import { takeManifest } from './take-manifest.ts';
import { verifyCopy } from './verify-copy.ts';
import { checkHealth } from './check-health.ts';
import { healthActivity } from './health.ts';
import { planRebalanceActivity } from './plan-rebalance.ts';
import { proveBalance } from './prove-balance.ts';
import { alignTable } from './align-table.ts';
import { expirePartition } from './expire-partition.ts';
import { moveToVolume } from './move-to-volume.ts';
import { findMisplaced } from './find-misplaced.ts';
import { findOpen } from './find-open.ts';
import { fillSplit } from './fill-split.ts';
import { giveOwnBack } from './give-own-back.ts';
import { planKeyReshardActivity } from './plan-key-reshard.ts';
import { planSplitActivity } from './plan-split.ts';
import { provePlacement } from './prove-placement.ts';
import { switchRule } from './switch-rule.ts';
import { verifySplit } from './verify-split.ts';
import { planTierActivity } from './plan-tier.ts';
import { proveRollup } from './prove-rollup.ts';
import { canary } from './canary.ts';
import { lookAtShares } from './look-at-shares.ts';
import { makeSchema } from './make-schema.ts';
import { planAddShardActivity, planDrainShardActivity } from './plan-shard.ts';
import { proveEmpty } from './prove-empty.ts';
import { proveQueues } from './prove-queues.ts';
import { setMembership } from './set-membership.ts';

export type ClickHouseActivityOptions = ClickHouseDeps & { runtime: StepRuntime };

/** The activities of the clickhouse domain, by the names that Temporal knows them under. */
export type ClickHouseActivities = ReturnType<typeof createClickHouseActivities>;

/** Steps and their drivers → the activities that a clickhouse worker serves. */
export function createClickHouseActivities({ runtime, ...deps }: ClickHouseActivityOptions) {
  const step = <I, O>(definition: StepDefinition<I, O, ClickHouseDeps>): StepActivity<I, O> =>
    stepActivity(definition, deps, runtime);
  return {
    clickhousePlanMove: planMoveActivity(deps, runtime),
    clickhousePlanUndoMove: planUndoMoveActivity(deps, runtime),
    clickhouseTakeManifest: step(takeManifest),
    clickhouseMakeStaging: step(makeStaging),
    clickhouseCopy: step(copyPartition),
    clickhouseVerifyCopy: step(verifyCopy),
    clickhouseLookAgain: step(lookAgain),
    clickhouseStopMerges: step(stopMerges),
    clickhouseLookAtTarget: step(lookAtTarget),
    clickhouseHoldIngest: step(holdIngest),
    clickhouseCutOver: step(cutOver),
    clickhouseFindLateRows: step(findLateRows),
    clickhouseBringBack: step(bringBack),
    clickhouseOpenIngest: step(openIngest),
    clickhouseStartMerges: step(startMerges),
    clickhouseProveMove: step(proveMove),
    clickhouseDropStaging: step(dropStaging),
    clickhousePlanRebalance: planRebalanceActivity(deps, runtime),
    clickhouseCheckHealth: step(checkHealth),
    clickhouseProveBalance: step(proveBalance),
    clickhouseHealth: healthActivity(deps),
    clickhousePlanKeyReshard: planKeyReshardActivity(deps, runtime),
    clickhouseSwitchRule: step(switchRule),
    clickhouseFindOpen: step(findOpen),
    clickhouseFindMisplaced: step(findMisplaced),
    clickhouseProvePlacement: step(provePlacement),
    clickhousePlanSplit: planSplitActivity(deps, runtime),
    clickhouseFillSplit: step(fillSplit),
    clickhouseVerifySplit: step(verifySplit),
    clickhouseGiveOwnBack: step(giveOwnBack),
    clickhousePlanTier: planTierActivity(deps, runtime),
    clickhouseAlignTable: step(alignTable),
    clickhouseMoveToVolume: step(moveToVolume),
    clickhouseProveRollup: step(proveRollup),
    clickhouseExpirePartition: step(expirePartition),
    clickhousePlanAddShard: planAddShardActivity(deps, runtime),
    clickhousePlanDrainShard: planDrainShardActivity(deps, runtime),
    clickhouseMakeSchema: step(makeSchema),
    clickhouseSetMembership: step(setMembership),
    clickhouseCanary: step(canary),
    clickhouseLookAtShares: step(lookAtShares),
    clickhouseProveQueues: step(proveQueues),
    clickhouseProveEmpty: step(proveEmpty),
  };
}
