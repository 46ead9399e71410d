import type { ClickHouseNode, MutationFacts } from '../../../src/drivers/clickhouse/index.ts';
import type { TierExpiry } from '../../../src/planning/clickhouse/index.ts';
import { shardName } from '../../../src/runs/index.ts';
import type { StepContext } from '../../../src/steps/index.ts';
import type { ClickHouseClusterAccess } from '../access/access.ts';
import { asStep, serversOf, withServer } from '../access/access.ts';
import { blocksOfPart } from '../cutover/late-rows.ts';
import { nameOf } from './level.ts';

/** Where a partition that is to expire stood on one shard: equal to an earlier one, no row and no ALTER has come since. */
export type ExpiryStanding = {
  shard: number;
  seen: string;
  /** How many block numbers it had given away, and where the replication log is: of a replicated table. */
  given?: number;
  zookeeperPath?: string;
};

/** On every shard, and the mutations that some server has not done yet, in words. */
export async function standingOf(
  access: ClickHouseClusterAccess,
  expiry: TierExpiry,
  context: StepContext,
): Promise<{ shards: ExpiryStanding[]; underWay: string[] }> {
  const shards: ExpiryStanding[] = [];
  const underWay: string[] = [];
  for (let shard = 1; shard <= access.config.shards; shard += 1) {
    for (const [index, server] of serversOf(access, shard).entries()) {
      await withServer(
        access,
        server,
        async (node) => {
          const { standing, open } = await ofServer(node, shard, expiry);
          if (index === 0) shards.push(standing);
          underWay.push(...open.map((words) => `${server} has not done ${words}`));
        },
        asStep(context),
      );
    }
  }
  return { shards, underWay };
}

/** One shard as its server has it now. */
export async function standingOn(node: ClickHouseNode, shard: number, expiry: TierExpiry): Promise<ExpiryStanding> {
  return (await ofServer(node, shard, expiry)).standing;
}

async function ofServer(
  node: ClickHouseNode,
  shard: number,
  { table, partition }: TierExpiry,
): Promise<{ standing: ExpiryStanding; open: string[] }> {
  const name = nameOf(table);
  const mutations = await node.mutations(name);
  const words = ({ id, command }: MutationFacts): string => `mutation ${id} (${command.slice(0, 120)})`;
  const zookeeperPath = (await node.replica(name))?.zookeeperPath;
  if (zookeeperPath === undefined) {
    const parts = await node.parts(name, partition);
    // Merges change neither.
    const rows = parts.reduce((sum, part) => sum + part.rows, 0);
    const maxBlock = Math.max(-1, ...parts.map((part) => part.maxBlock));
    const seen = JSON.stringify([rows, maxBlock, mutations.map(({ id }) => id)]);
    return { standing: { shard, seen }, open: mutations.filter(({ done }) => !done).map(words) };
  }
  const mark = await node.tableMark(zookeeperPath);
  const { given } = await node.blockNumbers({ ...name, partitionId: partition }, zookeeperPath);
  const done = new Set(mutations.flatMap((one) => (one.done ? [one.id] : [])));
  const open = (await node.mutationEntries(zookeeperPath))
    .filter(({ id }) => !done.has(id))
    .map(({ id, command }) => `mutation ${id} (${command.slice(0, 120)})`);
  return { standing: { shard, seen: JSON.stringify([mark, given]), given, zookeeperPath }, open };
}

/**
 * Parts that came between the proof and the drop and went with it, as the replication log has them: a DROP covers every block
 * number that was given away before it. Answers nothing of a table that is not replicated, nor where the log has forgotten.
 */
export async function droppedUnproven(
  access: ClickHouseClusterAccess,
  { table, partition }: TierExpiry,
  before: readonly ExpiryStanding[],
  context: StepContext,
): Promise<string[]> {
  const found: string[] = [];
  const name = { ...nameOf(table), partitionId: partition };
  for (const { shard, given, zookeeperPath } of before) {
    const [server] = serversOf(access, shard);
    if (given === undefined || zookeeperPath === undefined || server === undefined) continue;
    const late = await withServer(
      access,
      server,
      async (node) => {
        const upTo = (await node.dropRanges(name, zookeeperPath)).filter(({ kind }) => kind === 'drop').at(-1)?.max;
        if (upTo === undefined || upTo < given) return [];
        const { parts } = await node.arrivals(name, zookeeperPath);
        return parts.filter(({ part }) => blocksOfPart(part).min >= given && blocksOfPart(part).max <= upTo);
      },
      asStep(context),
    );
    if (late.length > 0) found.push(`${shardName(shard)}: ${late.map(({ part }) => part).join(', ')}`);
  }
  return found;
}
