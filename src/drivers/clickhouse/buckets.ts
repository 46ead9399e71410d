import type { Readable } from 'node:stream';
import { z } from 'zod';
import type { ClickHouseSession } from './session.ts';
import { id, list, Sql, sql } from './sql.ts';
import type { PartitionName, TableName } from './types.ts';

/** By what rows are placed: `hash(column) % buckets`. */
export type BucketRule = { hash: 'cityHash64' | 'sipHash64'; column: string; buckets: number };

/** The rule of a Distributed table: the value that its sharding key has for each bucket. */
export type PlacementRule = BucketRule & { values: readonly number[] };

/** Rows and an estimate of the bytes of one bucket in one partition on this server. */
export type BucketRows = { partitionId: string; bucket: number; rows: number };

/** What a Distributed engine may be given besides: the policy of the volumes on which rows wait, and its settings. */
export type EngineExtras = { policy?: string; settings?: readonly (readonly [name: string, value: string | number])[] };

export type BucketVerbs = {
  /** How many rows of each bucket each partition has on this server; one read of the key's column. */
  bucketRows: (name: TableName, rule: BucketRule) => Promise<readonly BucketRows[]>;
  /** Copies the rows of a partition that are in these buckets, or in no one of them, into another table of this server. */
  copyBuckets: (name: PartitionName, into: TableName, rule: BucketRule, which: Buckets) => Promise<void>;
  /** The same rows as a stream in ClickHouse's own format. Whoever reads it notices a broken one by its end. */
  bucketStream: (name: PartitionName, rule: BucketRule, which: Buckets) => Promise<Readable>;
  /** Inserts such a stream. */
  insertStream: (into: TableName, rows: Readable) => Promise<void>;
  /** The rule of a Distributed table, if it is one that `createDistributed` made; undefined for any other. */
  placement: (distributed: TableName) => Promise<PlacementRule | undefined>;
  /** `like`: whose columns it has, with their defaults, and what else its engine is given; the table that it is over unless given. */
  createDistributed: (
    distributed: TableName,
    over: TableName & { cluster: string },
    rule: PlacementRule,
    like?: TableName & EngineExtras,
  ) => Promise<void>;
  /** Each is called as the other of its pair from now on, one pair after the other, in one statement. */
  renameTables: (pairs: readonly (readonly [from: TableName, to: TableName])[]) => Promise<void>;
};

/** `in`: these; `out`: all but these. */
export type Buckets = { in: readonly number[] } | { out: readonly number[] };

/** The verbs of tables whose rows are placed by a key. */
export function bucketVerbs(session: ClickHouseSession): BucketVerbs {
  const long = { timeoutMs: session.longTimeoutMs };
  const full = ({ database, table }: TableName): Sql => id(database, table);
  return {
    bucketRows: async (name, rule) => {
      const rows = await session.rows(
        z.strictObject({ partitionId: z.string(), bucket: z.coerce.number(), rows: z.coerce.number() }),
        sql`SELECT _partition_id AS partitionId, ${bucketOf(rule)} AS bucket, count() AS rows
          FROM ${full(name)} GROUP BY partitionId, bucket ORDER BY partitionId, bucket`,
        long,
      );
      return rows;
    },
    copyBuckets: (name, into, rule, which) =>
      session.act(sql`INSERT INTO ${full(into)} ${selected(name, rule, which)}`, long),
    bucketStream: (name, rule, which) => session.read(sql`${selected(name, rule, which)} FORMAT Native`, long),
    insertStream: (into, rows) => session.write(sql`INSERT INTO ${full(into)} FORMAT Native`, rows, long),
    placement: async (distributed) => {
      const [row] = await session.rows(
        z.strictObject({ engine: z.string() }),
        sql`SELECT engine_full AS engine FROM system.tables WHERE database = ${distributed.database} AND name = ${distributed.table}`,
      );
      return row && placementIn(row.engine);
    },
    createDistributed: (distributed, { cluster, ...over }, rule, like = over) => {
      const { policy, settings = [] } = like;
      const given = [sql`${cluster}`, sql`${over.database}`, sql`${over.table}`, placedBy(rule)];
      if (policy !== undefined) given.push(sql`${policy}`);
      const set = list(settings.map(([name, value]) => sql`${id(name)} = ${value}`));
      return session.act(
        sql`CREATE TABLE ${full(distributed)} AS ${full(like)}
          ENGINE = Distributed(${list(given)})${settings.length > 0 ? sql` SETTINGS ${set}` : sql``}`,
      );
    },
    renameTables: (pairs) =>
      session.act(sql`RENAME TABLE ${list(pairs.map(([from, to]) => sql`${full(from)} TO ${full(to)}`))}`, {
        decisive: true,
      }),
  };
}

function bucketOf({ hash, column, buckets }: BucketRule): Sql {
  // One of a closed list.
  return sql`(${new Sql(hash)}(${id(column)}) % ${buckets})`;
}

/** An expression that every version reads and writes the same way: an array and a place in it. */
function placedBy({ values, ...rule }: PlacementRule): Sql {
  return sql`arrayElement([${list(values.map((value) => sql`${value}`))}], ${bucketOf(rule)} + 1)`;
}

function selected(name: PartitionName, rule: BucketRule, which: Buckets): Sql {
  const [buckets, not] = 'in' in which ? [which.in, sql``] : [which.out, sql`NOT `];
  const among =
    buckets.length === 0 ? sql`0` : sql`${bucketOf(rule)} IN (${list(buckets.map((bucket) => sql`${bucket}`))})`;
  return sql`SELECT * FROM ${id(name.database, name.table)} WHERE _partition_id = ${name.partitionId} AND ${not}(${among})`;
}

const written = /\[(\d+(?:, ?\d+)*)\]\[\(*(cityHash64|sipHash64)\(`?([A-Za-z_][A-Za-z0-9_]*)`?\) % (\d+)\) \+ 1\)?\]/;
const called =
  /arrayElement\(\[(\d+(?:, ?\d+)*)\], \(*(cityHash64|sipHash64)\(`?([A-Za-z_][A-Za-z0-9_]*)`?\) % (\d+)\) \+ 1\)/;

/** How servers write the expression of `placedBy`. */
export function placementIn(engine: string): PlacementRule | undefined {
  const [whole, values = '', hash, column = '', buckets] = written.exec(engine) ?? called.exec(engine) ?? [];
  if (whole === undefined || (hash !== 'cityHash64' && hash !== 'sipHash64')) return undefined;
  const list = values.split(',').map(Number);
  return list.length === Number(buckets) ? { hash, column, buckets: Number(buckets), values: list } : undefined;
}
