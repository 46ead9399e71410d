import { z } from 'zod';
import { GantryError } from '../../errors/index.ts';
import { systemTables } from './capabilities.ts';
import type { ClickHouseSession } from './session.ts';
import type { Sql } from './sql.ts';
import { id, list, sql } from './sql.ts';
import type { ColumnFacts, TableReads } from './tables.ts';
import type { TableName } from './types.ts';

const volume = z.strictObject({ policy: z.string(), volume: z.string(), disks: z.array(z.string()) });
/** The storage policy that a table has, and the volumes of it in their order. */
export type StorageFacts = { policy: string; volumes: readonly { name: string; disks: readonly string[] }[] };

/** Which rows: a partition by its id, or those of a day (`20260131`) or month (`202601`) whatever partition they lie in. */
export type FiguresScope = { partitionId: string } | { day: string } | { month: string };

/** What is added up of a table. Columns by their names there. */
export type FiguresQuery = {
  /** A DateTime or Date: which day a row belongs to. */
  time: string;
  /** How many raw rows a row stands for; left out where each is one. */
  count?: string;
  /** Whole numbers, or states of `sum` over them. */
  sums: readonly string[];
  /** Whom a row is billed to: with them the figures can't be right in total and wrong for somebody. */
  keys: readonly string[];
  scope: FiguresScope;
};

const figures = z.strictObject({ day: z.string(), totals: z.array(z.string()), prints: z.array(z.string()) });
/**
 * The count and the sums of a day, mod 2^64, and for each of them Σ hash(keys) × figure: all of them can be added up, over
 * rows, parts and shards, whether or not the rows are merged.
 */
export type DayFigures = z.output<typeof figures>;

/** What is read of volumes and figures. */
export type TieringReads = {
  /** The volumes that the table's parts may lie on; undefined where the server has no storage policies (18.16). */
  storage: (name: TableName) => Promise<StorageFacts | undefined>;
  /** A storage policy by its name; undefined where the server has none of that name. */
  storagePolicy: (name: string) => Promise<StorageFacts | undefined>;
  /**
   * What the rows of a table add up to, day by day; one full read of the scope. @throws CLICKHOUSE_ROLLUP_INEXACT when a
   * column is missing or isn't a whole number
   */
  figures: (name: TableName, query: FiguresQuery) => Promise<readonly DayFigures[]>;
};

/** Where a table's parts may lie, and what its rows add up to. */
export function tieringVerbs(session: ClickHouseSession, columns: TableReads['columns']): TieringReads {
  const policyThat = async (isIt: Sql): Promise<StorageFacts | undefined> => {
    if (!(await systemTables(session)).has('storage_policies')) return undefined;
    const rows = await session.rows(
      volume,
      sql`SELECT policy_name AS policy, volume_name AS volume, disks FROM system.storage_policies
        WHERE policy_name = ${isIt} ORDER BY volume_priority`,
    );
    const [first] = rows;
    return (
      first && { policy: first.policy, volumes: rows.map(({ volume: called, disks }) => ({ name: called, disks })) }
    );
  };
  return {
    storage: (name) =>
      policyThat(
        sql`(SELECT storage_policy FROM system.tables WHERE database = ${name.database} AND name = ${name.table})`,
      ),
    storagePolicy: (name) => policyThat(sql`${name}`),
    figures: async (name, query) => {
      const known = await columns(name);
      if (known.length === 0) throw new GantryError('CLICKHOUSE_UNKNOWN_TABLE', `there is no table ${full(name)}`);
      const column = columnOf(name, known);
      const values = [
        query.count === undefined ? sql`toUInt64(1)` : wholeNumber(name, column(query.count)),
        ...query.sums.map((called) => wholeNumber(name, column(called))),
      ];
      const weight = query.keys.length === 0 ? undefined : hashOf(query.keys.map(column));
      const day = sql`toYYYYMMDD(${id(column(query.time).name)})`;
      return session.rows(
        figures,
        sql`SELECT toString(${day}) AS day, [${list(values.map((value) => sql`toString(sum(${value}))`))}] AS totals,
          ${weight ? sql`[${list(values.map((value) => sql`toString(sum(${weight} * ${value}))`))}]` : sql`emptyArrayString()`} AS prints
          FROM ${id(name.database, name.table)} WHERE ${within(query)} GROUP BY day ORDER BY day`,
        { timeoutMs: session.longTimeoutMs },
      );
    },
  };
}

function within({ time, scope }: FiguresQuery): Sql {
  if ('partitionId' in scope) return sql`_partition_id = ${scope.partitionId}`;
  if ('day' in scope) return sql`toYYYYMMDD(${id(time)}) = ${Number(scope.day)}`;
  return sql`toYYYYMM(${id(time)}) = ${Number(scope.month)}`;
}

type Column = Pick<ColumnFacts, 'name' | 'type'>;

function columnOf(table: TableName, known: readonly Column[]): (name: string) => Column {
  return (name) => {
    const found = known.find((one) => one.name === name);
    if (found) return found;
    throw new GantryError('CLICKHOUSE_ROLLUP_INEXACT', `${full(table)} has no column ${name}`, {
      evidence: { table: full(table), column: name },
    });
  };
}

const integer = /^U?Int(8|16|32|64)$/;
const stateOfSum = /^AggregateFunction\((sum, (Nullable\()?U?Int(8|16|32|64)\)?|count(, .+)?)\)$/;

/** A column as UInt64: negative numbers as their two's complement, so that sums are right mod 2^64 whatever the sign. */
function wholeNumber(table: TableName, { name, type }: Column): Sql {
  const bare = /^(?:Nullable|SimpleAggregateFunction)\((?:sum, )?(.+)\)$/.exec(type)?.[1] ?? type;
  if (integer.test(bare)) return sql`toUInt64(ifNull(${id(name)}, 0))`;
  // The states of one group that aren't merged yet are several rows: their values add up to the merged one's.
  if (stateOfSum.test(type)) return sql`toUInt64(ifNull(finalizeAggregation(${id(name)}), 0))`;
  throw new GantryError('CLICKHOUSE_ROLLUP_INEXACT', `${full(table)}.${name} is ${type}, not a whole number`, {
    evidence: { table: full(table), column: name, type },
  });
}

/** As text: a key may have another type at another level. */
function hashOf(keys: readonly Column[]): Sql {
  const words = keys.map(({ name, type }) =>
    type.includes('Nullable(')
      ? sql`isNull(${id(name)}), ifNull(toString(${id(name)}), '')`
      : sql`toUInt8(0), toString(${id(name)})`,
  );
  return sql`cityHash64(${list(words)})`;
}

function full({ database, table }: TableName): string {
  return `${database}.${table}`;
}
