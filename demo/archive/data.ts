import { createHash } from 'node:crypto';
import { clickhouseCall, clickhouseRows } from '../../lab/clickhouse/client.ts';
import { createEvents, insertBlocks, rowsPerBlock } from '../../lab/load/clickhouse-events.ts';
import { withRedis } from '../../lab/redis/client.ts';
import type { ArchiveScene } from './scene.ts';
import { table } from './scene.ts';

const [database = '', name = ''] = table.split('.');
const events = { cluster: 'metrics', database, table: name };
const days = ['2026-01-01', '2026-01-02', '2026-01-03', '2026-01-04', '2026-01-05'];
/** A million rows: each day on both shards. */
const blocksOfDay = 100;
const keys = 100_000;
const batch = 1_000;

/** What the data of production are, by name. Equal before and after, or something was lost. */
export type Digests = ReadonlyMap<string, string>;

/** Fills the cluster and the group; answers how many rows and keys there are. */
export async function fill({ cluster, primary }: ArchiveScene): Promise<{ rows: number; keys: number }> {
  await createEvents(cluster.nodes, events);
  for (const shard of [1, 2]) {
    const [server] = cluster.shard(shard);
    if (!server) throw new RangeError(`there is no shard ${shard}`);
    for (const day of days)
      await insertBlocks(server, events, { day, firstBlock: (shard - 1) * blocksOfDay, blocks: blocksOfDay });
  }
  await withRedis(primary, undefined, async (client) => {
    for (let from = 0; from < keys; from += batch)
      await client.mset(Object.fromEntries(numbers(from).map((at) => [`session:${at}`, `value of ${at}`])));
    await client.wait(1, 10_000);
  });
  return { rows: 2 * days.length * blocksOfDay * rowsPerBlock, keys };
}

/** Drops the table on every server, and flushes the group. */
export async function destroy({ cluster, primary }: ArchiveScene): Promise<void> {
  for (const server of cluster.nodes) await clickhouseCall(server, `DROP TABLE ${table}`);
  await withRedis(primary, undefined, (client) => client.flushall());
}

/**
 * Of every day, over all shards: number of rows and a hash of all columns, whatever their order; of the group: all keys of the
 * application and their values.
 * A restored group also has Gantry's own: an epoch, and of which load it is.
 */
export async function digestsOf({ cluster, primary }: ArchiveScene): Promise<Digests> {
  const rows = await clickhouseRows<{ day: string; rows: string; hash: string }>(
    cluster.node('s1r1'),
    `SELECT toString(day) AS day, count() AS rows,
      hex(sum(cityHash64(day, customer, id, value, isNull(note), ifNull(note, '')))) AS hash
      FROM ${table}_all GROUP BY day ORDER BY day`,
    { timeoutMs: 120_000 },
  );
  const found = new Map(rows.map(({ day, rows: count, hash }) => [`${table} of ${day}`, `${count} rows, ${hash}`]));
  await withRedis(primary, undefined, async (client) => {
    const hash = createHash('sha256');
    for (let from = 0; from < keys; from += batch)
      hash.update(JSON.stringify(await client.mget(numbers(from).map((at) => `session:${at}`))));
    const own = await client.keys('gantry:*');
    found.set('sessions', `${(await client.dbsize()) - own.length} keys, ${hash.digest('hex').slice(0, 16)}`);
  });
  return found;
}

function numbers(from: number): number[] {
  return Array.from({ length: batch }, (_, at) => from + at);
}
