import { definePlan } from '../../../src/steps/index.ts';
import type { RebalanceFacts } from '../../../src/planning/clickhouse/index.ts';
import { rebalanceDraft, stillHolds, uncappedWarnings } from '../../../src/planning/clickhouse/index.ts';
import type { ClickHouseTable } from '../../../src/platform/index.ts';
import type { ClickHouseRebalanceInput, PlanCall, RebalanceData, RebalancePlan } from '../../../src/runs/index.ts';
import type { ClickHouseDeps } from '../access/access.ts';
import { tableOf } from '../access/access.ts';
import { detachedAmong } from '../shares/detached.ts';
import {
  readTableFacts,
  rebalancePolicy,
  planAround,
  partitionsOf,
  fenceInWords,
  once,
} from '../shares/plan-around.ts';

/** `approved`: the moves that are approved already, to be kept if they still hold. */
export type RebalancePlanInput = ClickHouseRebalanceInput & { approved?: RebalanceData['moves'] };

/** Reads the cluster and plans the moves. @throws CLICKHOUSE_UNKNOWN_CLUSTER, CLICKHOUSE_UNKNOWN_TABLE, and every finding at once */
export const rebalancePlan = definePlan(
  'clickhouse.rebalance',
  async ({ input }: PlanCall<RebalancePlanInput>, { clusters }: ClickHouseDeps, signal) => {
    const access = await clusters(input.cluster);
    const config = tableOf(access, input.table);
    const { facts, findings, uncapped } = await readTableFacts(access, config, input, signal);
    const policy = rebalancePolicy(config, access.config.shards, { ...input, uncapped });
    const terms = {
      ...{ window: policy.window, pauseMs: config.pauseMs, retainMs: config.retainMs },
      ...{ fence: fenceInWords(config.fence), warnings: warningsOf(config, facts, uncapped) },
    };
    if (findings.length === 0 && input.approved) {
      const detached = await detachedAmong(access, input.table, partitionsOf(input.approved), signal);
      if (detached.size === 0 && stillHolds(facts, policy, input.approved))
        return { ok: true, draft: rebalanceDraft(facts, input.approved, terms) };
    }
    const planning = await planAround(access, facts, policy, input.table, signal, findings.length === 0);
    if (findings.length > 0 || !planning.ok)
      return { ok: false, findings: once([...findings, ...(planning.ok ? [] : planning.findings)]) };
    const { plan } = planning;
    return {
      ok: true,
      draft: rebalanceDraft(
        facts,
        plan.moves.map((move) => dataOf(move, facts)),
        terms,
        plan,
      ),
    };
  },
);

function dataOf(
  { wave, partition, from, to, rows, undo }: RebalancePlan['moves'][number],
  { shards }: RebalanceFacts,
): RebalanceData['moves'][number] {
  const held = shards.flatMap(({ partitions }) => partitions.filter(({ id }) => id === partition));
  return { wave, partition, from, to, rows, undo, totalRows: held.reduce((sum, one) => sum + one.rows, 0) };
}

function warningsOf(
  { tier, maxFetchBytesPerSecond }: ClickHouseTable,
  { shards }: RebalanceFacts,
  uncapped: readonly string[],
): string[] {
  const declared = shards.some(({ replicas }) =>
    replicas.some(({ disks }) => disks?.some(({ name }) => name === tier)),
  );
  return [
    ...(declared
      ? ['Free space is the size in the platform file less what the parts use: what lies in `detached` is not counted']
      : []),
    ...uncappedWarnings(maxFetchBytesPerSecond, uncapped),
  ];
}
