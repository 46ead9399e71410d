import { z } from 'zod';
import { GantryError } from '../../errors/index.ts';
import type { ClickHouseLink } from './link.ts';
import type { Sql } from './sql.ts';
import { list, sql } from './sql.ts';
import { whole } from './standing.ts';
import type { ClickHouseReads } from './types.ts';

/** `given`: how many the partition gave away so far, the next one's number; `open`: inserts that hold one right now. */
export type BlockNumbers = { given: number; open: number };

/** What a replicated DROP or DETACH PARTITION covered: blocks `min` to `max` of the partition. */
export type DropRange = { entry: string; kind: 'drop' | 'detach'; min: number; max: number };

/**
 * A part that came into the table, as the replication log has it. `block` is the hash of what was inserted; empty of a part
 * that was attached, and of an insert that asks for no deduplication.
 */
export type Arrival = { entry: number; part: string; replica: string; block: string };

/**
 * The log has the entries `from` to `to` (an empty one: 0 to -1). Servers clean old ones away as soon as every replica is past
 * them and 100 newer ones are there (18.16, `min_replicated_logs_to_keep`): what came before `from` is no longer known.
 */
export type Arrivals = { from: number; to: number; parts: readonly Arrival[] };

type Keeper = Pick<ClickHouseReads, 'blockNumbers' | 'dropRanges' | 'arrivals' | 'partHashes'>;

/** What only ZooKeeper knows, read through the server (`system.zookeeper`). */
export function keeperVerbs(link: ClickHouseLink): Keeper {
  return {
    blockNumbers: async ({ partitionId }, zookeeperPath) => {
      const rows = await link.rows(
        z.strictObject({ changes: whole, open: whole }),
        sql`SELECT cversion AS changes, numChildren AS open FROM system.zookeeper
          WHERE path = ${`${zookeeperPath}/block_numbers`} AND name = ${partitionId}`,
      );
      const { changes, open } = rows[0] ?? { changes: 0, open: 0 };
      // ZooKeeper counts a child's coming and its going: those that are still there came only (DataNode.copyStat).
      return { given: (changes + open) / 2, open };
    },
    dropRanges: async ({ partitionId }, zookeeperPath) => {
      const rows = await link.rows(
        z.strictObject({ name: z.string(), value: z.string() }),
        sql`SELECT name, value FROM system.zookeeper WHERE path = ${`${zookeeperPath}/log`} ORDER BY name`,
      );
      return rows.flatMap(({ name, value }) => dropRange(name, value, partitionId) ?? []);
    },
    arrivals: async ({ partitionId }, zookeeperPath) => {
      const rows = await link.rows(
        z.strictObject({ name: z.string(), value: z.string() }),
        sql`SELECT name, value FROM system.zookeeper WHERE path = ${`${zookeeperPath}/log`} ORDER BY name`,
      );
      const entries = rows.map(({ name }) => entryNumber(name));
      const parts = rows.flatMap(({ name, value }) => arrival(name, value, partitionId) ?? []);
      return { from: entries[0] ?? 0, to: entries.at(-1) ?? -1, parts };
    },
    partHashes: async (replicaPath, names) => {
      const hashes: Record<string, string> = {};
      // One path per SELECT is all that 18.16 takes; 100 of them make one statement of about 20 kB.
      for (let from = 0; from < names.length; from += 100) {
        const asked = names.slice(from, from + 100);
        const rows = await link.rows(
          z.strictObject({ part: z.string(), checksums: z.string() }),
          list(
            asked.map((name) => checksumsOf(replicaPath, name)),
            ' UNION ALL ',
          ),
        );
        for (const { part, checksums } of rows) hashes[part] = hashIn(checksums, part);
      }
      return hashes;
    },
  };
}

function checksumsOf(replicaPath: string, part: string): Sql {
  return sql`SELECT ${part} AS part, hex(value) AS checksums FROM system.zookeeper
    WHERE path = ${`${replicaPath}/parts/${part}`} AND name = 'checksums'`;
}

/** `checksums format version: 5`, two counts of files, three hashes of 16 bytes: of all files, and of their content. */
const minimalChecksums = Buffer.from('checksums format version: 5\n').toString('hex').toUpperCase();

function hashIn(hex: string, part: string): string {
  if (hex.startsWith(minimalChecksums)) return hex.slice(minimalChecksums.length).toLowerCase();
  throw new GantryError(
    'CLICKHOUSE_UNEXPECTED_ANSWER',
    `the checksums of ${part} are not of the short form (use_minimalistic_checksums_in_zookeeper)`,
  );
}

/** A log entry is lines of text; DROP_RANGE has its kind in a line of its own and the range, as a part's name, after it. */
function dropRange(entry: string, text: string, partitionId: string): DropRange | undefined {
  const lines = text.split('\n');
  const at = lines.findIndex((line) => line === 'drop' || line === 'detach');
  const range = /^(.+)_(\d+)_(\d+)_\d+(?:_\d+)?$/.exec(lines[at + 1] ?? '');
  if (at < 0 || range?.[1] !== partitionId) return undefined;
  return { entry, kind: lines[at] === 'drop' ? 'drop' : 'detach', min: Number(range[2]), max: Number(range[3]) };
}

/** `log-0000000123`: ZooKeeper numbers the entries one by one. */
function entryNumber(name: string): number {
  return Number(/^log-(\d+)$/.exec(name)?.[1] ?? Number.NaN);
}

/** `source replica: r1`, `block_id: …`, and after the line `get` the part's name. */
function arrival(entry: string, text: string, partitionId: string): Arrival | undefined {
  const lines = text.split('\n');
  const at = lines.indexOf('get');
  const part = lines[at + 1] ?? '';
  if (at < 0 || !part.startsWith(`${partitionId}_`)) return undefined;
  const field = (name: string): string =>
    lines
      .find((line) => line.startsWith(name))
      ?.slice(name.length)
      .trim() ?? '';
  return { entry: entryNumber(entry), part, replica: field('source replica:'), block: field('block_id:') };
}
