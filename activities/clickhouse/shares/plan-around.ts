import type {
  Finding,
  RebalanceFacts,
  RebalancePlanning,
  RebalancePolicy,
} from '../../../src/planning/clickhouse/index.ts';
import { copyRate, healthLimits, planRebalance } from '../../../src/planning/clickhouse/index.ts';
import type { ClickHouseTable, IngestFence } from '../../../src/platform/index.ts';
import type { ClickHouseRebalanceInput } from '../../../src/runs/index.ts';
import type { ClickHouseClusterAccess } from '../access/access.ts';
import { judgeServers } from '../servers/judge.ts';
import { readServers } from '../servers/read.ts';
import { detachedAmong } from './detached.ts';
import { readFacts } from './read-facts.ts';

/** For the estimate alone: what a move transfers on an ordinary network, and what it costs beside that. */
const moveBytesPerSecond = 50e6;
const moveOverheadMs = 10_000;

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

export function partitionsOf(moves: readonly { partition: string }[]): string[] {
  return [...new Set(moves.map(({ partition }) => partition))];
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

export function once(findings: readonly Finding[]): Finding[] {
  const seen = new Map<string, Finding>();
  for (const finding of findings) {
    const key = `${finding.code}\n${finding.place ?? finding.message}`;
    if (!seen.has(key)) seen.set(key, finding);
  }
  return [...seen.values()];
}
