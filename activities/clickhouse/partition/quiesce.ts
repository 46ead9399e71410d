import type { ClickHouseNode, MutationEntry, TableMark } from '../../../src/drivers/clickhouse/index.ts';
import { GantryError } from '../../../src/errors/index.ts';
import type { ClickHouseMoveData, MoveSide } from '../../../src/planning/clickhouse/index.ts';
import { shardName, tableName } from '../../../src/runs/index.ts';
import type { StepContext } from '../../../src/steps/index.ts';
import { wait } from '../../../src/steps/index.ts';
import type { ClickHouseClusterAccess } from '../access/access.ts';
import { tableOf } from '../access/access.ts';
import type { QuietMark } from './move.ts';
import { serversOfSide, withSide } from './move.ts';
import { waitingOn } from '../cluster/waiting.ts';
import { listedName } from '../cluster/read-shards.ts';

type Nodes = readonly [ClickHouseNode, ...ClickHouseNode[]];
type Side = 'source' | 'target';
const sides = ['source', 'target'] as const satisfies readonly Side[];

/** How long mutations and waiting rows may take before the run asks a person. */
const drainMs = 60_000;
const askEveryMs = 200;

/** Both sides as ZooKeeper has them, through one server of each. */
export async function markOf(
  data: Pick<ClickHouseMoveData, 'source' | 'target'>,
  { source, target }: Record<Side, ClickHouseNode>,
): Promise<QuietMark> {
  const [from, to] = await Promise.all([
    source.tableMark(data.source.zookeeperPath),
    target.tableMark(data.target.zookeeperPath),
  ]);
  return { source: from, target: to };
}

/** The same, over connections of its own. */
export function readMark(
  access: ClickHouseClusterAccess,
  data: ClickHouseMoveData,
  context: StepContext,
): Promise<QuietMark> {
  return withSide(access, data.source, context, ([source]) =>
    withSide(access, data.target, context, ([target]) => markOf(data, { source, target })),
  );
}

/** What has come to a side since: mutations that ZooKeeper still has, by their id and what they do, and other ALTERs. */
export async function cameTo(
  side: MoveSide,
  before: TableMark,
  node: ClickHouseNode,
): Promise<{ words: string; mutations: readonly MutationEntry[] } | undefined> {
  const now = await node.tableMark(side.zookeeperPath);
  const altered = now.structure !== before.structure;
  if (!altered && now.created <= before.created && now.last <= before.last) return undefined;
  const mutations = (await node.mutationEntries(side.zookeeperPath)).filter(({ id }) => id > before.last);
  const gone = now.created - before.created - mutations.length;
  const words = [
    ...mutations.map(mutationInWords),
    ...(gone > 0 ? [`${gone} mutations that are listed no more`] : []),
    ...(altered ? ['its columns or settings were altered'] : []),
  ];
  return { words: `${shardName(side.shard)}: ${words.join(', ')}`, mutations };
}

export function mutationInWords({ id, command }: MutationEntry): string {
  return `mutation ${id} (${command.slice(0, 120)})`;
}

/** What has come to either side since the mark; nothing where the table is as it was. */
export async function changedSince(
  data: Pick<ClickHouseMoveData, 'source' | 'target'>,
  before: QuietMark,
  nodes: Record<Side, ClickHouseNode>,
): Promise<string | undefined> {
  const came = await Promise.all(sides.map((side) => cameTo(data[side], before[side], nodes[side])));
  const words = came.flatMap((one) => one?.words ?? []);
  return words.length > 0 ? words.join('; ') : undefined;
}

/** The same, over connections of its own. */
export function changedMeanwhile(
  access: ClickHouseClusterAccess,
  data: ClickHouseMoveData,
  before: QuietMark,
  context: StepContext,
): Promise<string | undefined> {
  return withSide(access, data.source, context, ([source]) =>
    withSide(access, data.target, context, ([target]) => changedSince(data, before, { source, target })),
  );
}

/** Mutations that a server has not done, or not even loaded: ZooKeeper's list is the truth. */
async function underWay(side: MoveSide, nodes: Nodes, { name }: Pick<ClickHouseMoveData, 'name'>): Promise<string[]> {
  const entries = await nodes[0].mutationEntries(side.zookeeperPath);
  const servers = serversOfSide(side);
  const open = await Promise.all(
    nodes.map(async (node, index) => {
      const done = new Set((await node.mutations(name)).flatMap((one) => (one.done ? [one.id] : [])));
      return entries
        .filter(({ id }) => !done.has(id))
        .map((entry) => `${servers[index]} has not done ${mutationInWords(entry)}`);
    }),
  );
  return open.flat();
}

/** Rows that were acknowledged and are not in the table yet, where servers, or the program of the platform file, can say it. */
async function waiting(
  access: ClickHouseClusterAccess,
  data: ClickHouseMoveData,
  all: Record<Side, Nodes>,
  context?: StepContext,
): Promise<string[]> {
  const { distributed } = tableOf(access, data.table);
  const found = await Promise.all(
    sides.flatMap((side) =>
      all[side].map(async (node, index) => {
        const server = serversOfSide(data[side])[index] ?? '';
        const words: string[] = [];
        const tables = [data.name, ...(distributed === undefined ? [] : [tableName(distributed)])];
        for (const name of tables) {
          const inserts = (await node.asyncInserts(name)) ?? 0;
          if (inserts > 0) words.push(`${server}: ${inserts} async inserts wait for ${name.table}`);
        }
        const files = await node.waitingFiles();
        const ours = files?.filter((one) => `${one.database}.${one.table}` === distributed);
        for (const { database, table, files: count } of ours ?? [])
          words.push(`${server}: ${count} files wait in ${database}.${table}`);
        // A program on the host takes its time: asked only where no reader sees wrong totals meanwhile.
        if (!files && context && access.config.membership.queues) {
          const asked = { server, listedAs: listedName(access, data.cluster) };
          words.push(...((await waitingOn(access, asked, context)) ?? []));
        }
        return words;
      }),
    ),
  );
  return found.flat();
}

/**
 * Waits until no mutation of the table is under way on any server of both shards, and nothing that was acknowledged waits to be
 * written; then answers where the table stands. Whoever digests its rows does it after this.
 * @throws CLICKHOUSE_MUTATION_RUNNING, CLICKHOUSE_QUEUE_NOT_EMPTY
 */
export async function settledMark(
  access: ClickHouseClusterAccess,
  data: ClickHouseMoveData,
  context: StepContext,
): Promise<QuietMark> {
  const deadline = performance.now() + drainMs;
  return withSide(access, data.source, context, (source) =>
    withSide(access, data.target, context, async (target) => {
      for (;;) {
        const mark = await markOf(data, { source: source[0], target: target[0] });
        const mutations = [
          ...(await underWay(data.source, source, data)),
          ...(await underWay(data.target, target, data)),
        ];
        const rows = mutations.length > 0 ? [] : await waiting(access, data, { source, target }, context);
        if (mutations.length === 0 && rows.length === 0) return mark;
        if (performance.now() > deadline) {
          if (mutations.length === 0) throw new GantryError('CLICKHOUSE_QUEUE_NOT_EMPTY', rows.join('; '));
          throw new GantryError('CLICKHOUSE_MUTATION_RUNNING', mutations.join('; '), { evidence: { mutations } });
        }
        await wait(askEveryMs, context.signal);
      }
    }),
  );
}

/** Waits until nothing that was acknowledged waits to be written. @throws CLICKHOUSE_QUEUE_NOT_EMPTY */
export async function nothingWaits(
  access: ClickHouseClusterAccess,
  data: ClickHouseMoveData,
  context: StepContext,
): Promise<void> {
  const deadline = performance.now() + drainMs;
  await withSide(access, data.source, context, (source) =>
    withSide(access, data.target, context, async (target) => {
      for (;;) {
        const rows = await waiting(access, data, { source, target }, context);
        if (rows.length === 0) return;
        if (performance.now() > deadline) throw new GantryError('CLICKHOUSE_QUEUE_NOT_EMPTY', rows.join('; '));
        await wait(askEveryMs, context.signal);
      }
    }),
  );
}

/**
 * The same look in the middle of a cutover, over its own connections and without waiting: what it finds voids the cutover.
 * @throws CLICKHOUSE_TABLE_CHANGED, CLICKHOUSE_QUEUE_NOT_EMPTY
 */
export async function mustBeQuiet(
  access: ClickHouseClusterAccess,
  data: ClickHouseMoveData,
  before: QuietMark,
  all: Record<Side, Nodes>,
): Promise<void> {
  const rows = await waiting(access, data, all);
  // The last look before the statement that it justifies.
  const changed = await changedSince(data, before, { source: all.source[0], target: all.target[0] });
  if (changed !== undefined) {
    throw new GantryError('CLICKHOUSE_TABLE_CHANGED', `since ${data.partition} was digested: ${changed}`, {
      evidence: { changed, before },
    });
  }
  if (rows.length > 0) throw new GantryError('CLICKHOUSE_QUEUE_NOT_EMPTY', rows.join('; '));
}
