import { GantryError } from '../../errors/index.ts';
import type { Sql } from './sql.ts';
import { id, list, sql } from './sql.ts';

/**
 * The hash of one row, made column by column: `cityHash64(*)` skips every row that contains a NULL and refuses states of
 * aggregate functions (tried on 18.16 and 26.9).
 * @throws CLICKHOUSE_UNEXPECTED_ANSWER for a table without stored columns
 */
export function digestOf(columns: readonly { name: string; type: string; defaultKind: string }[]): Sql {
  const stored = columns.filter(({ defaultKind }) => defaultKind !== 'ALIAS' && defaultKind !== 'EPHEMERAL');
  if (stored.length === 0) throw new GantryError('CLICKHOUSE_UNEXPECTED_ANSWER', 'the table has no stored column');
  // By name, so that the order in which two servers list them doesn't matter.
  const sorted = [...stored].sort((a, b) => (a.name < b.name ? -1 : 1));
  return sql`cityHash64(${list(sorted.flatMap(({ name, type }) => hashed(name, type)))})`;
}

/** Types that every version hashes as they are; each value has one form. */
const plain = /^(U?Int(8|16|32|64)|Float(32|64)|String|FixedString\(\d+\)|Date|DateTime(\('.*'\))?)$/;

/** What a column contributes: arguments without NULL. */
function hashed(name: string, type: string): Sql[] {
  const column = id(name);
  if (plain.test(type)) return [column];
  if (type.startsWith('AggregateFunction(')) {
    const value = sql`toString(finalizeAggregation(${column}))`;
    return [sql`isNull(${value})`, sql`ifNull(${value}, '')`];
  }
  // As text: decimals, UUIDs, enums, arrays and tuples, whose hashing differs between versions; a NULL inside is written out.
  if (!type.includes('Nullable(')) return [sql`toString(${column})`];
  return [sql`isNull(${column})`, sql`ifNull(toString(${column}), '')`];
}
