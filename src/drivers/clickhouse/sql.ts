import { GantryError } from '../../errors/index.ts';

/** A piece of SQL that may be put into another one as it is. Only `sql`, `id` and `list` make it. */
export class Sql {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** What may stand for a value: text and numbers become literals, a list an array literal. */
export type SqlValue = string | number | bigint | boolean | readonly SqlValue[];

/**
 * SQL in which nothing is raw: text and numbers become literals, names come from `id`, pieces from `sql`.
 * ClickHouse 18.16 has no parameters of its own, and no version has them for names.
 *
 *     sql`ALTER TABLE ${id('db', 'events')} DETACH PARTITION ID ${partitionId}`
 */
export function sql(parts: TemplateStringsArray, ...values: readonly (Sql | SqlValue)[]): Sql {
  const text = parts.map((part, at) => (at === 0 ? part : `${quoted(values[at - 1] as Sql | SqlValue)}${part}`));
  return new Sql(text.join(''));
}

/** A name, or a path of names (`database.table`), in backticks. @throws UNEXPECTED for an empty name: no object has one. */
export function id(...path: readonly string[]): Sql {
  return new Sql(path.map(identifier).join('.'));
}

/** Pieces with a separator between them; `, ` unless given. */
export function list(pieces: readonly Sql[], separator = ', '): Sql {
  return new Sql(pieces.map(({ text }) => text).join(separator));
}

function quoted(value: Sql | SqlValue): string {
  if (value instanceof Sql) return value.text;
  if (typeof value === 'string') return `'${escaped(value, "'")}'`;
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'boolean') return value ? '1' : '0';
  if (typeof value !== 'number') return `[${value.map(quoted).join(', ')}]`;
  if (!Number.isFinite(value)) throw new GantryError('UNEXPECTED', `${value} cannot be written in SQL`);
  return String(value);
}

function identifier(name: string): string {
  if (name === '') throw new GantryError('UNEXPECTED', 'an empty name cannot be written in SQL');
  return `\`${escaped(name, '`')}\``;
}

/** Backslash escapes, as both the lexer of 18.16 and today's read them in literals and in names alike. */
function escaped(text: string, quote: string): string {
  return text.replace(/[\\'`\0]/g, (char) =>
    char === '\0' ? '\\0' : char === '\\' || char === quote ? `\\${char}` : char,
  );
}
