import { defineStep, done, todo } from '../../../src/steps/index.ts';
import type { StepContext } from '../../../src/steps/index.ts';
import type { ClickHouseNode } from '../../../src/drivers/clickhouse/index.ts';
import type { ClickHouseClusterAccess, ClickHouseDeps } from '../access/access.ts';
import { tableOf } from '../access/access.ts';
import type { Move } from '../partition/move.ts';
import { serversOfSide, stagingOf, stopMergesOn, withSide } from '../partition/move.ts';

/** Made by this attempt, merges stopped: no server can tell whether they are. */
const made = new WeakSet<StepContext>();

/**
 * An empty table like the target's own, on each of its replicas, of a name that is this run's alone: what is fetched into
 * it can't be confused with anything else, and no Distributed table reads it. Merges are stopped there as long as it lives:
 * attaching once more after a merge would double the rows.
 */
export const makeStaging = defineStep<Move, { missing: readonly string[] }, ClickHouseDeps>({
  name: 'clickhouse.make-staging',
  probe: async (move, { clusters }, context) =>
    withSide(await clusters(move.cluster), move.target, context, async (nodes) => {
      const tables = await Promise.all(nodes.map((node) => node.table(stagingOf(move))));
      const missing = serversOfSide(move.target).filter((_, index) => !tables[index]);
      if (missing.length > 0) return todo({ missing }, `${move.staging} is missing on ${missing.join(', ')}`);
      if (!made.has(context)) return todo({ missing }, `${move.staging} is there; its merges may run`);
      return done({ missing }, `${move.staging} on ${serversOfSide(move.target).join(', ')}, merges stopped`);
    }),
  apply: async (move, _seen, { clusters }, context) =>
    withSide(await clusters(move.cluster), move.target, context, async (nodes) => {
      await createStaging(await clusters(move.cluster), nodes, move);
      await stopMergesOn(nodes, stagingOf(move));
      made.add(context);
    }),
  undo: async (move, _before, { clusters }, context) =>
    withSide(await clusters(move.cluster), move.target, context, async (nodes) => {
      for (const node of nodes) await node.dropTable(stagingOf(move));
    }),
});

/** One after the other: the second replica joins what the first one made in ZooKeeper. What exists stays. */
export async function createStaging(
  access: ClickHouseClusterAccess,
  nodes: readonly ClickHouseNode[],
  move: Move,
): Promise<void> {
  const { maxFetchBytesPerSecond } = tableOf(access, move.table);
  for (const node of nodes)
    await node.createStaging(stagingOf(move), move.name, stagingPath(move), maxFetchBytesPerSecond);
}

/** Beside the target's own path in ZooKeeper, which all its replicas share. */
export function stagingPath({ target, staging, name }: Move): string {
  return `${target.zookeeperPath}${staging.slice(name.table.length)}`;
}
