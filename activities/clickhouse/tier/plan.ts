import { definePlan } from '../../../src/steps/index.ts';
import type { ClickHouseConnectOptions } from '../../../src/drivers/clickhouse/index.ts';
import type { TierDigest, TierFacts, TierPartition } from '../../../src/planning/clickhouse/index.ts';
import { compareRollup, planTier, tierCandidates } from '../../../src/planning/clickhouse/index.ts';
import type { ClickHouseTierInput, PlanCall } from '../../../src/runs/index.ts';
import type { ClickHouseClusterAccess, ClickHouseDeps } from '../access/access.ts';
import { withServer } from '../access/access.ts';
import { backupOf } from './backup-of.ts';
import { readRollup } from './read-rollup.ts';
import type { Level } from './level.ts';
import { levelOf, nameOf } from './level.ts';
import { readTier, mergesRows, mustHave } from './read.ts';

/** Reads a table on every server, proves what is due, and plans. @throws CLICKHOUSE_NO_FAMILY, and every finding at once */
export const tierPlan = definePlan(
  'clickhouse.tier',
  async (
    { input: { cluster, table } }: PlanCall<ClickHouseTierInput>,
    { clusters, ...deps }: ClickHouseDeps,
    signal,
  ) => {
    const access = await clusters(cluster);
    const level = levelOf(access, cluster, table);
    const facts = await readTier(access, level, { signal });
    const { due, misplaced } = tierCandidates(level.intent, facts);
    const evidence = new Map<string, Partial<TierPartition>>();
    for (const [id, seen] of await proofs(access, level, due, deps, signal)) evidence.set(id, seen);
    for (const id of misplaced.slice(0, level.intent.maxMoves))
      evidence.set(id, { digests: await digests(access, level, facts, id, { signal }) });
    const partitions = facts.partitions.map((one) => ({ ...one, ...evidence.get(one.id) }));
    return planTier(level.intent, { ...facts, partitions });
  },
);

/** Until as many are proven as one run expires; a few that can't be must not keep the others for ever. */
async function proofs(
  access: ClickHouseClusterAccess,
  level: Level,
  due: readonly string[],
  deps: Pick<ClickHouseDeps, 'archived'>,
  signal: AbortSignal,
): Promise<Map<string, Partial<TierPartition>>> {
  const { cluster, table, maxExpiries } = level.intent;
  const read = new Map<string, Partial<TierPartition>>();
  let proven = 0;
  for (const id of due) {
    if (proven >= maxExpiries || read.size >= 2 * maxExpiries) break;
    const rollup = await readRollup(access, level, id, { connect: { signal } });
    const equal = level.intent.next === undefined || compareRollup(rollup).equal;
    if (equal) proven += 1;
    const of = { cluster, table, partition: id };
    read.set(id, { rollup, ...(equal ? { backup: await backupOf(access, level, of, deps, { signal }) } : {}) });
  }
  return read;
}

async function digests(
  access: ClickHouseClusterAccess,
  { intent: { table } }: Level,
  { partitions }: TierFacts,
  partitionId: string,
  connect: ClickHouseConnectOptions,
): Promise<Record<string, TierDigest>> {
  const read: Record<string, TierDigest> = {};
  for (const { server } of partitions.find(({ id }) => id === partitionId)?.copies ?? []) {
    read[server] = await withServer(
      access,
      server,
      async (node) => {
        const final = mergesRows((await mustHave(node, server, table)).engine);
        return node.digest({ ...nameOf(table), partitionId, final });
      },
      connect,
    );
  }
  return read;
}
