import { z } from 'zod';
import { GantryError } from '../../errors/index.ts';
import type { TotalFigures, TotalSpec } from '../../runs/index.ts';
import { whole } from './replicas.ts';
import type { ClickHouseSession } from './session.ts';
import type { Sql } from './sql.ts';
import { id, list, sql } from './sql.ts';
import type { ColumnFacts, TableReads } from './tables.ts';
import type { PartitionName } from './types.ts';

/** Sums over what a table's owner cares about, made by the server. */
export type TotalReads = {
  /**
   * One total over the rows of a partition; one read of its columns. `final`: as if it were merged, as for `digest`.
   * @throws ARCHIVE_TOTAL_UNUSABLE where a column is missing, or is one that cannot be added up
   */
  total: (name: PartitionName & { final?: boolean }, spec: TotalSpec) => Promise<TotalFigures>;
};

const figures = z.strictObject({ value: z.string(), groups: whole, sum: z.string(), xor: z.string() });
const group = z.strictObject({ key: z.array(z.string()), value: z.string() });

/** So many groups are kept one by one, if they take no more than so many bytes: a manifest has a line for each partition. */
const mostGroups = 100;
const mostBytes = 4_096;
/** Above it the groups are put on disk while they are made. Bytes. */
const groupsInMemory = 2 ** 30;
/** Floats are rounded to it row by row: their sum would depend on the order of the rows. */
const millionths = 6;

/** Names of no column. */
const [amount, hash] = [id('gantry:amount'), id('gantry:hash')];

/** What adds up a partition. */
export function totalVerbs(session: ClickHouseSession, columnsOf: TableReads['columns']): TotalReads {
  const options = {
    timeoutMs: session.longTimeoutMs,
    settings: { max_bytes_before_external_group_by: String(groupsInMemory) },
  };
  return {
    total: async ({ database, table, partitionId, final = false }, spec) => {
      const columns = await columnsOf({ database, table });
      if (columns.length === 0)
        throw new GantryError('CLICKHOUSE_UNKNOWN_TABLE', `there is no table ${database}.${table}`);
      const { value, form } = amountOf(columns, spec, `${database}.${table}`);
      const keys = spec.by.map((called) => columnOf(columns, called, spec, `${database}.${table}`));
      const names = list(keys.map(({ name }) => id(name)));
      const from = sql`FROM ${id(database, table)} ${final ? sql`FINAL` : sql``} WHERE _partition_id = ${partitionId}
        ${keys.length > 0 ? sql`GROUP BY ${names}` : sql``}`;
      const [all] = await session.rows(
        figures,
        sql`SELECT ${asText(sql`sum(${amount})`)} AS value, count() AS groups, toString(sum(${hash})) AS sum,
          toString(groupBitXor(${hash})) AS xor
          FROM (SELECT ${value} AS ${amount}, cityHash64(${list([...keys.flatMap(hashed), asText(amount)])}) AS ${hash} ${from})`,
        options,
      );
      const { value: total = '0', groups = 0, sum = '0', xor = '0' } = all ?? {};
      const made = { value: form(total), groups, digest: { sum, xor } };
      if (keys.length === 0 || groups > mostGroups) return made;
      const rows = await session.rows(
        group,
        sql`SELECT [${list(keys.map(shown))}] AS key, ${asText(amount)} AS value
          FROM (SELECT ${names}, ${value} AS ${amount} ${from}) LIMIT ${mostGroups}`,
        options,
      );
      const each = rows
        .map((one) => ({ key: one.key, value: form(one.value) }))
        .sort((a, b) => (JSON.stringify(a.key) < JSON.stringify(b.key) ? -1 : 1));
      return JSON.stringify(each).length <= mostBytes ? { ...made, each } : made;
    },
  };
}

/**
 * What is wrong with a declared total, in words; nothing where it can be made of these columns.
 */
export function totalFault(columns: readonly ColumnFacts[], spec: TotalSpec, table: string): string | undefined {
  try {
    amountOf(columns, spec, table);
    for (const called of spec.by) columnOf(columns, called, spec, table);
    return undefined;
  } catch (error) {
    if (error instanceof GantryError && error.code === 'ARCHIVE_TOTAL_UNUSABLE') return error.message;
    throw error;
  }
}

const integer = /^U?Int(8|16|32|64)$/;
const decimal = /^Decimal/;
const float = /^Float(32|64)$/;
const stateOfSum = /^AggregateFunction\((sum, (Nullable\()?U?Int(8|16|32|64)\)?|count(, .+)?)\)$/;

/** The aggregate of one group, and how its text is read. */
function amountOf(
  columns: readonly ColumnFacts[],
  spec: TotalSpec,
  table: string,
): { value: Sql; form: (text: string) => string } {
  const asItIs = (text: string): string => text;
  if (spec.sum === undefined) return { value: sql`count()`, form: asItIs };
  const { name, type } = columnOf(columns, spec.sum, spec, table);
  const bare = /^(?:Nullable|SimpleAggregateFunction)\((?:sum, )?(.+)\)$/.exec(type)?.[1] ?? type;
  if (integer.test(bare) || decimal.test(bare)) return { value: sql`sum(${id(name)})`, form: asItIs };
  if (stateOfSum.test(type)) return { value: sql`sum(finalizeAggregation(${id(name)}))`, form: asItIs };
  if (float.test(bare))
    return { value: sql`sum(toInt64(round(${id(name)} * ${10 ** millionths})))`, form: (text) => scaled(text) };
  throw unusable(spec, `${table}.${name} is ${type}, which cannot be added up`);
}

/** Columns that are stored; what a server computes when it is read is none of the rows. */
function columnOf(columns: readonly ColumnFacts[], called: string, spec: TotalSpec, table: string): ColumnFacts {
  const found = columns.find(({ name, defaultKind }) => name === called && !/^(ALIAS|EPHEMERAL)$/.test(defaultKind));
  if (found) return found;
  throw unusable(spec, `${table} has no stored column ${called}`);
}

/** 18.16 writes the zeros at the end of a decimal, later versions do not; of a group of NULLs alone there is no sum. */
function asText(value: Sql): Sql {
  const text = sql`ifNull(toString(${value}), '0')`;
  return sql`if(position(${text}, '.') > 0, replaceRegexpOne(${text}, ${'\\.?0+$'}, ''), ${text})`;
}

function hashed({ name, type }: ColumnFacts): Sql[] {
  return type.includes('Nullable(')
    ? [sql`isNull(${id(name)})`, sql`ifNull(toString(${id(name)}), '')`]
    : [sql`toString(${id(name)})`];
}

function shown({ name, type }: ColumnFacts): Sql {
  return type.includes('Nullable(') ? sql`ifNull(toString(${id(name)}), 'NULL')` : sql`toString(${id(name)})`;
}

/** A whole number of millionths as a decimal. */
function scaled(text: string): string {
  const negative = text.startsWith('-');
  const digits = text.replace('-', '').padStart(millionths + 1, '0');
  const fraction = digits.slice(-millionths).replace(/0+$/, '');
  return `${negative ? '-' : ''}${digits.slice(0, -millionths)}${fraction === '' ? '' : `.${fraction}`}`;
}

function unusable({ name }: TotalSpec, why: string): GantryError {
  return new GantryError('ARCHIVE_TOTAL_UNUSABLE', `the total ${name}: ${why}`, { evidence: { total: name } });
}
