import type {
  Finding,
  RebalanceFacts,
  RebalancePlanning,
  RebalancePolicy,
} from '../../src/planning/clickhouse/index.ts';
import {
  copyRate,
  healthLimits,
  planRebalance,
  rebalanceDraft,
  stillHolds,
  uncappedWarnings,
} from '../../src/planning/clickhouse/index.ts';
import type { ClickHouseTable, IngestFence } from '../../src/platform/index.ts';
import type { ClickHouseRebalanceInput, PlanActivity, RebalanceData, RebalancePlan } from '../../src/runs/index.ts';
import type { StepRuntime } from '../../src/steps/index.ts';
import { planningActivity } from '../run/planning-activity.ts';
import type { ClickHouseClusterAccess, ClickHouseDeps } from './access.ts';
import { tableOf } from './access.ts';
import { detachedAmong } from './detached.ts';
import { judgeServers } from './judge-servers.ts';
import { readFacts } from './read-facts.ts';
import { readServers } from './read-server.ts';

/** `approved`: the moves that somebody has approved already, to be kept if they still hold. */
export type RebalancePlanInput = ClickHouseRebalanceInput & { approved?: RebalanceData['moves'] };

/** For the estimate alone: what a move transfers on an ordinary network, and what it costs beside that. */
const moveBytesPerSecond = 50e6;
const moveOverheadMs = 10_000;

/** Reads the cluster and plans the moves. @throws CLICKHOUSE_UNKNOWN_CLUSTER, CLICKHOUSE_UNKNOWN_TABLE, and as `planningActivity` does */
export function planRebalanceActivity(
  { clusters }: ClickHouseDeps,
  runtime: StepRuntime,
): PlanActivity<RebalancePlanInput, RebalanceData> {
  return planningActivity(runtime, async ({ input }, signal) => {
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
  });
}

/** The facts of a table, and everything that speaks against moving anything of it now: what its health says included. */
export async function readTableFacts(
  access: ClickHouseClusterAccess,
  config: ClickHouseTable,
  { cluster, table }: { cluster: string; table: string },
  signal: AbortSignal,
): Promise<{ facts: RebalanceFacts; findings: readonly Finding[]; uncapped: readonly string[] }> {
  const servers = await readServers(access, [table], signal);
  // Once all has been read: nothing in it can be later.
  const nowMs = Date.now();
  const read = await readFacts(access, { cluster, table, config, nowMs }, servers, signal);
  const unwell = judgeServers(access, servers).flatMap(({ code, part, server, reading, threshold }): Finding[] =>
    code ? [{ code, message: `${server}: ${part}: ${reading} (${threshold})`, place: server }] : [],
  );
  const uncapped = servers.flatMap((one) => {
    const seen = one.problem ? undefined : one.tables.get(table);
    return seen && 'capsFetches' in seen && !seen.capsFetches ? [one.server] : [];
  });
  return { facts: read.facts, findings: once([...read.findings, ...unwell]), uncapped };
}

/** What the platform file and the input say of the balance of a table. */
export function rebalancePolicy(
  config: ClickHouseTable,
  shards: number,
  input: Pick<ClickHouseRebalanceInput, 'maxMoves' | 'window'> & { uncapped?: readonly string[] } = {},
): RebalancePolicy {
  return {
    tolerance: config.tolerance,
    ignoreBytes: config.ignoreBytes,
    maxBytes: Infinity,
    maxMoves: input.maxMoves ?? config.maxMoves,
    // Two moves never share a shard.
    window: Math.max(1, Math.min(input.window ?? config.window, Math.floor(shards / 2))),
    stagingFactor: 2,
    reserveShare: healthLimits.freeShare,
    closedAfterMs: config.closedAfterMs,
    moveBytesPerSecond: copyRate(moveBytesPerSecond, config.maxFetchBytesPerSecond, input.uncapped ?? []),
    moveOverheadMs: moveOverheadMs + config.pauseMs,
    worth: 0.25,
  };
}

/** Plans, asks whether anything detached is in the way of what would move, and plans around that. `ask`: false leaves the question out. */
export async function planAround(
  access: ClickHouseClusterAccess,
  facts: RebalanceFacts,
  policy: RebalancePolicy,
  table: string,
  signal: AbortSignal,
  ask: boolean,
): Promise<RebalancePlanning> {
  const asked = new Set<string>();
  let now = facts;
  for (;;) {
    const planning = planRebalance(now, policy);
    if (!planning.ok || !ask) return planning;
    const open = partitionsOf(planning.plan.moves).filter((id) => !asked.has(id));
    for (const id of open) asked.add(id);
    const found = open.length ? await detachedAmong(access, table, open, signal) : new Set<string>();
    if (found.size === 0) return planning;
    now = flagged(now, found);
  }
}

function flagged(facts: RebalanceFacts, ids: ReadonlySet<string>): RebalanceFacts {
  const shards = facts.shards.map((shard) => ({
    ...shard,
    partitions: shard.partitions.map((one) =>
      ids.has(one.id) ? { ...one, flags: [...one.flags, 'foreign-detached' as const] } : one,
    ),
  }));
  return { ...facts, shards };
}

function partitionsOf(moves: readonly { partition: string }[]): string[] {
  return [...new Set(moves.map(({ partition }) => partition))];
}

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

/** How the ingest of a partition is held back. */
export function fenceInWords(fence: IngestFence): string {
  switch (fence.kind) {
    case 'quiet':
      return `not held back: it must have been quiet for ${Math.round(fence.forMs / 1000)} s`;
    case 'command':
      return 'held back by the platform file’s command';
    case 'ssh':
      return `held back by the platform file’s command on ${fence.host}`;
  }
}

function once(findings: readonly Finding[]): Finding[] {
  const seen = new Map<string, Finding>();
  for (const finding of findings) {
    const key = `${finding.code}\n${finding.place ?? finding.message}`;
    if (!seen.has(key)) seen.set(key, finding);
  }
  return [...seen.values()];
}
