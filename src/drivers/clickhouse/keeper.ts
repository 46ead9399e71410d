import { z } from 'zod';
import { GantryError } from '../../errors/index.ts';
import type { ClickHouseSession } from './session.ts';
import type { Sql } from './sql.ts';
import { list, sql } from './sql.ts';
import { whole } from './replicas.ts';
import type { PartitionName } from './types.ts';

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

/** A part that merges make, as the replication log has it. */
export type MergeEntry = { entry: number; part: string };

/**
 * What changes with every mutation and every other ALTER of a replicated table, for one shard. `created`: how many mutations
 * there ever were, killed and cleaned-up ones too; `last`: the id of the newest; `structure`: the ZooKeeper transactions that
 * wrote its columns and settings last, which a table made again at the same path has others of.
 */
export type TableMark = { created: number; last: string; structure: string };

/**
 * A mutation as ZooKeeper has it, before any server has loaded it. `blocks`: for each partition the block number that it took:
 * parts of lower numbers are rewritten, parts that come later are not.
 */
export type MutationEntry = { id: string; command: string; blocks: Readonly<Record<string, number>> };

/** What is read of the coordination service. */
export type KeeperReads = {
  /** How many block numbers the partition has given away: rows may have come since if it has grown. */
  blockNumbers: (name: PartitionName, zookeeperPath: string) => Promise<BlockNumbers>;
  /** The numbers that inserts and mutations hold right now, not knowing yet whether they come to anything. */
  openBlocks: (name: PartitionName, zookeeperPath: string) => Promise<readonly number[]>;
  /** The ranges that were dropped or detached of the partition, as the replication log still has them. */
  dropRanges: (name: PartitionName, zookeeperPath: string) => Promise<readonly DropRange[]>;
  /** The parts that came into the partition by inserts and attaches, as the replication log still has them. */
  arrivals: (name: PartitionName, zookeeperPath: string) => Promise<Arrivals>;
  /** The parts that merges make of a partition, as the replication log still has them. */
  mergeEntries: (name: PartitionName, zookeeperPath: string) => Promise<readonly MergeEntry[]>;
  /**
   * The hashes of a replica's parts, where `system.parts` has none (18.16).
   * @throws CLICKHOUSE_KEEPER_NO_NODE when one of them is not its own (any more): list the parts again
   */
  partHashes: (replicaPath: string, parts: readonly string[]) => Promise<Readonly<Record<string, string>>>;
  /** Equal to an earlier one: no mutation and no other ALTER has come to the shard since. */
  tableMark: (zookeeperPath: string) => Promise<TableMark>;
  /** The shard's mutations that ZooKeeper still has, oldest first: the truth, which servers load in their own time. */
  mutationEntries: (zookeeperPath: string) => Promise<readonly MutationEntry[]>;
};

/** What only ZooKeeper knows, read through the server (`system.zookeeper`). */
export function keeperVerbs(session: ClickHouseSession): KeeperReads {
  return {
    blockNumbers: async ({ partitionId }, zookeeperPath) => {
      const rows = await session.rows(
        z.strictObject({ changes: whole, open: whole }),
        sql`SELECT cversion AS changes, numChildren AS open FROM system.zookeeper
          WHERE path = ${`${zookeeperPath}/block_numbers`} AND name = ${partitionId}`,
      );
      const { changes, open } = rows[0] ?? { changes: 0, open: 0 };
      // ZooKeeper counts a child's coming and its going: those that are still there came only (DataNode.copyStat).
      return { given: (changes + open) / 2, open };
    },
    openBlocks: async ({ partitionId }, zookeeperPath) => {
      try {
        const rows = await session.rows(
          z.strictObject({ name: z.string() }),
          sql`SELECT name FROM system.zookeeper WHERE path = ${`${zookeeperPath}/block_numbers/${partitionId}`}`,
        );
        return rows.map(({ name }) => Number(/(\d+)$/.exec(name)?.[1] ?? Number.NaN));
      } catch (error) {
        if (isNoNode(error)) return [];
        throw error;
      }
    },
    tableMark: async (zookeeperPath) => {
      const rows = await session.rows(
        z.strictObject({ name: z.string(), written: z.string(), changes: whole, children: whole }),
        sql`SELECT name, toString(mzxid) AS written, cversion AS changes, numChildren AS children
          FROM system.zookeeper WHERE path = ${zookeeperPath} AND name IN ('columns', 'metadata', 'mutations')
          ORDER BY name`,
      );
      const mutations = rows.find(({ name }) => name === 'mutations') ?? { changes: 0, children: 0 };
      const ids = mutations.children > 0 ? await mutationIds(session, zookeeperPath) : [];
      return {
        // A child's coming and its going both count: see blockNumbers.
        created: Math.floor((mutations.changes + mutations.children) / 2),
        last: ids.at(-1) ?? '',
        structure: rows
          .filter(({ name }) => name !== 'mutations')
          .map(({ name, written }) => `${name} ${written}`)
          .join(', '),
      };
    },
    mutationEntries: async (zookeeperPath) => {
      try {
        const rows = await session.rows(
          z.strictObject({ name: z.string(), value: z.string() }),
          sql`SELECT name, value FROM system.zookeeper WHERE path = ${`${zookeeperPath}/mutations`} ORDER BY name`,
        );
        return rows.map(({ name, value }) => mutationEntry(name, value));
      } catch (error) {
        // A table that was made by a server before there were mutations.
        if (isNoNode(error)) return [];
        throw error;
      }
    },
    mergeEntries: async ({ partitionId }, zookeeperPath) => {
      const rows = await session.rows(
        z.strictObject({ name: z.string(), value: z.string() }),
        sql`SELECT name, value FROM system.zookeeper WHERE path = ${`${zookeeperPath}/log`} ORDER BY name`,
      );
      return rows.flatMap(({ name, value }) => mergeEntry(name, value, partitionId) ?? []);
    },
    dropRanges: async ({ partitionId }, zookeeperPath) => {
      const rows = await session.rows(
        z.strictObject({ name: z.string(), value: z.string() }),
        sql`SELECT name, value FROM system.zookeeper WHERE path = ${`${zookeeperPath}/log`} ORDER BY name`,
      );
      return rows.flatMap(({ name, value }) => dropRange(name, value, partitionId) ?? []);
    },
    arrivals: async ({ partitionId }, zookeeperPath) => {
      const rows = await session.rows(
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
        const rows = await session.rows(
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

async function mutationIds(session: ClickHouseSession, zookeeperPath: string): Promise<string[]> {
  const rows = await session.rows(
    z.strictObject({ name: z.string() }),
    sql`SELECT name FROM system.zookeeper WHERE path = ${`${zookeeperPath}/mutations`} ORDER BY name`,
  );
  return rows.map(({ name }) => name);
}

/** `block numbers count: 2`, then a line `<partition>⇥<number>` for each, then `commands: …`. */
function mutationEntry(id: string, text: string): MutationEntry {
  const lines = text.split('\n');
  const at = lines.findIndex((line) => line.startsWith('block numbers count:'));
  const count = Number(/(\d+)$/.exec(lines[at] ?? '')?.[1] ?? Number.NaN);
  const blocks: Record<string, number> = {};
  for (const line of lines.slice(at + 1, at + 1 + count)) {
    const [partition = '', number = ''] = line.split('\t');
    blocks[partition] = Number(number);
  }
  const command = lines.find((line) => line.startsWith('commands: '))?.slice('commands: '.length) ?? '';
  if (at < 0 || Object.values(blocks).some((number) => !Number.isInteger(number)))
    throw new GantryError('CLICKHOUSE_UNEXPECTED_ANSWER', `the mutation ${id} in ZooKeeper is not of a known form`);
  return { id, command, blocks };
}

/** After the line `merge` the parts, one a line, then `into` and the part that they become. */
function mergeEntry(entry: string, text: string, partitionId: string): MergeEntry | undefined {
  const lines = text.split('\n');
  const part = lines[lines.indexOf('into') + 1] ?? '';
  if (!lines.includes('merge') || !lines.includes('into') || !part.startsWith(`${partitionId}_`)) return undefined;
  return { entry: entryNumber(entry), part };
}

function isNoNode(error: unknown): boolean {
  return error instanceof GantryError && error.code === 'CLICKHOUSE_KEEPER_NO_NODE';
}
