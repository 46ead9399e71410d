import type { ClickHouseNode } from '../../../src/drivers/clickhouse/index.ts';
import type { ClickHouseMoveData } from '../../../src/planning/clickhouse/index.ts';
import type { StepContext } from '../../../src/steps/index.ts';
import { defineStep, done, todo } from '../../../src/steps/index.ts';
import type { ClickHouseClusterAccess, ClickHouseDeps } from '../access/access.ts';
import { asStep, withServers } from '../access/access.ts';
import { serversOfSide, stopMergesOn } from '../partition/move.ts';

type Merges = { running: number };

/** What this attempt did: no server can tell whether its merges are stopped. */
const acted = new WeakSet<StepContext>();

/**
 * Stops the merges of the table on all servers of both shards, for the cutover alone: a part that is merged away in the
 * middle of it could be told apart no more. For the copy they may run: for as long as that takes, new parts would pile up.
 */
export const stopMerges = defineStep<ClickHouseMoveData, Merges, ClickHouseDeps>({
  name: 'clickhouse.stop-merges',
  probe: async (data, { clusters }, context) => {
    const running = await runningOf(await clusters(data.cluster), data, context);
    if (!acted.has(context)) return todo({ running }, `${running} merges of ${data.partition} under way`);
    if (running > 0) return todo({ running }, `${running} merges of ${data.partition} have not ended`);
    return done({ running }, `merges of ${data.name.table} are stopped on ${servers(data).join(', ')}`);
  },
  apply: async (data, _seen, { clusters }, context) => {
    await onBoth(await clusters(data.cluster), data, context, (nodes) => stopMergesOn(nodes, data.name));
    acted.add(context);
  },
  undo: async (data, _before, { clusters }, context) =>
    onBoth(await clusters(data.cluster), data, context, (nodes) => start(nodes, data)),
});

/** Lets the merges of both shards run again. */
export const startMerges = defineStep<ClickHouseMoveData, Merges, ClickHouseDeps>({
  name: 'clickhouse.start-merges',
  probe: async (data, { clusters }, context) => {
    const running = await runningOf(await clusters(data.cluster), data, context);
    if (!acted.has(context)) return todo({ running }, 'the merges may be stopped');
    return done({ running }, `merges of ${data.name.table} run on ${servers(data).join(', ')}`);
  },
  apply: async (data, _seen, { clusters }, context) => {
    await onBoth(await clusters(data.cluster), data, context, (nodes) => start(nodes, data));
    acted.add(context);
  },
});

function servers({ source, target }: ClickHouseMoveData): readonly string[] {
  return [...serversOfSide(source), ...serversOfSide(target)];
}

function onBoth<T>(
  access: ClickHouseClusterAccess,
  data: ClickHouseMoveData,
  context: StepContext,
  use: (nodes: readonly ClickHouseNode[]) => Promise<T>,
): Promise<T> {
  return withServers(access, servers(data), use, asStep(context));
}

async function runningOf(
  access: ClickHouseClusterAccess,
  data: ClickHouseMoveData,
  context: StepContext,
): Promise<number> {
  const merges = await onBoth(access, data, context, (nodes) =>
    Promise.all(nodes.map((node) => node.merges(data.name))),
  );
  return merges.flat().filter(({ partitionId }) => partitionId === data.partition).length;
}

async function start(nodes: readonly ClickHouseNode[], { name }: ClickHouseMoveData): Promise<void> {
  await Promise.all(nodes.map((node) => node.startMerges(name)));
}
