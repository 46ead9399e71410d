import type { DrainShardData } from '../../../src/runs/index.ts';
import { tableName } from '../../../src/runs/index.ts';
import type { ClickHouseNode } from '../../../src/drivers/clickhouse/index.ts';
import { GantryError } from '../../../src/errors/index.ts';
import { defineStep, done, todo, wait } from '../../../src/steps/index.ts';
import type { ClickHouseDeps } from '../access/access.ts';
import { asStep, serversOf, tableOf, withServer } from '../access/access.ts';
import { filledTables } from '../cluster/filled-tables.ts';

/** `partitions`: what the shard had when the run began and later, by table. */
export type EmptyInput = Pick<DrainShardData, 'cluster' | 'shard'> & {
  partitions: Readonly<Record<string, readonly string[]>>;
};

export type EmptySeen = {
  /** Tables with rows, of whichever server. */
  filled: readonly string[];
  /** What is kept for the undo of its move, by server and table: how many partitions. */
  detached: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** How long that is kept at most, from its move on. Milliseconds. */
  retainMs: number;
};

/** A replica takes a moment to do what the other one did. */
const withinMs = 30_000;

/** No table of any server of the shard has a row, whoever declared it; what lies in `detached` is counted. */
export const proveEmpty = defineStep<EmptyInput, EmptySeen, ClickHouseDeps>({
  name: 'clickhouse.prove-empty',
  settleMs: 0,
  probe: async (input, { clusters }, context) => {
    const access = await clusters(input.cluster);
    const filled: string[] = [];
    const detached: Record<string, Record<string, number>> = {};
    const servers = serversOf(access, input.shard);
    for (const server of servers) {
      await withServer(
        access,
        server,
        async (node) => {
          filled.push(...(await filledTables(node)).map((table) => `${table} on ${server}`));
          detached[server] = await detachedOn(node, input.partitions);
        },
        asStep(context),
      );
    }
    const retainMs = Math.max(0, ...Object.keys(input.partitions).map((table) => tableOf(access, table).retainMs));
    const seen = { filled, detached, retainMs };
    if (filled.length > 0) return todo(seen, `not empty: ${filled.join(', ')}`);
    return done(seen, inWords(input.shard, seen));
  },
  apply: async (input, _seen, { clusters }, context) => {
    const access = await clusters(input.cluster);
    const startedAt = performance.now();
    for (;;) {
      const filled: string[] = [];
      for (const server of serversOf(access, input.shard)) {
        const tables = await withServer(access, server, filledTables, asStep(context));
        filled.push(...tables.map((table) => `${table} on ${server}`));
      }
      if (filled.length === 0) return;
      if (performance.now() - startedAt > withinMs)
        throw new GantryError('CLICKHOUSE_SHARD_NOT_EMPTY', `there are rows of ${filled.join(', ')}`);
      await wait(500, context.signal);
    }
  },
});

/** Where the server has no table of what is detached (18.16) each partition is asked for by itself. */
async function detachedOn(node: ClickHouseNode, partitions: EmptyInput['partitions']): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const [table, ids] of Object.entries(partitions)) {
    const name = tableName(table);
    const listed = await node.detachedParts(name);
    let count = new Set(listed?.map(({ partitionId }) => partitionId)).size;
    for (const partitionId of listed ? [] : ids) if (await node.hasDetached({ ...name, partitionId })) count += 1;
    if (count > 0) counts[table] = count;
  }
  return counts;
}

function inWords(shard: number, { detached, retainMs }: EmptySeen): string {
  const kept = Object.entries(detached).flatMap(([server, tables]) =>
    Object.entries(tables).map(([table, count]) => `${count} of ${table} on ${server}`),
  );
  const servers = Object.keys(detached).join(', ');
  const empty = `shard ${shard} is empty: no table has a row on ${servers}`;
  if (kept.length === 0) return `${empty}; nothing is detached: its servers may be removed`;
  const hours = Math.round(retainMs / 360_000) / 10;
  return `${empty}. Detached, for ${hours} h after its move, partitions: ${kept.join(', ')}. After that its servers may be removed`;
}
