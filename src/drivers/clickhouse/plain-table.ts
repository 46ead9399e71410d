import { GantryError } from '../../errors/index.ts';
import { id, Sql } from './sql.ts';
import type { TableName } from './types.ts';

const literal = /'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`|"(?:[^"\\]|\\.)*"/g;

/**
 * The server's own CREATE of a replicated or plain MergeTree table → one of the same columns and keys under another name, for one
 * server alone: no replication, no TTL (it would delete old rows at once), the default storage policy.
 * @throws CLICKHOUSE_ENGINE_UNSUPPORTED for a statement of another form
 */
export function plainTable({ database, table }: TableName, createQuery: string): Sql {
  const text = createQuery.trim();
  // What is quoted may hold any word: the clauses are looked for where it is blanked out.
  const blank = text.replace(literal, (quoted) => '_'.repeat(quoted.length));
  const columnsAt = blank.indexOf('(');
  const engineAt = blank.search(/\)\s*ENGINE\s*=\s*/i);
  if (!/^(CREATE|ATTACH) TABLE /i.test(text) || columnsAt < 0 || engineAt < columnsAt) throw unsupported(text);
  const columns = withoutTtl(text.slice(columnsAt, engineAt + 1), blank.slice(columnsAt, engineAt + 1));
  const clause = /^\)\s*ENGINE\s*=\s*/i.exec(blank.slice(engineAt))?.[0] ?? '';
  const engine = text.slice(engineAt + clause.length);
  const form = /^(Replicated)?(\w*MergeTree)(?:\(|\b)/.exec(engine);
  if (!form) throw unsupported(text);
  const rest = form[1] === undefined ? engine : unreplicated(engine, form[2] ?? '');
  return new Sql(`CREATE TABLE IF NOT EXISTS ${id(database, table).text} ${columns} ENGINE = ${cleaned(rest)}`);
}

/** `ReplicatedXMergeTree('path', 'replica', rest)` → `XMergeTree(rest)`. Without arguments the defaults of the server apply. */
function unreplicated(engine: string, kind: string): string {
  const withPath = /^Replicated\w*MergeTree\(\s*'(?:[^'\\]|\\.)*'\s*,\s*'(?:[^'\\]|\\.)*'\s*(,\s*)?/.exec(engine);
  if (!withPath) return engine.replace(/^Replicated/, '');
  const rest = engine.slice(withPath[0].length);
  // Of the old syntax everything is an argument; of the new one nothing may be left between the brackets.
  return withPath[1] === undefined && rest.startsWith(')') ? `${kind}${rest.slice(1)}` : `${kind}(${rest}`;
}

/** Takes the TTL clause and the storage policy out of what follows the engine. */
function cleaned(engine: string): string {
  const blank = engine.replace(literal, (quoted) => '_'.repeat(quoted.length));
  const ttl = / TTL /.exec(blank);
  let kept = engine;
  if (ttl) {
    const after = blank.slice(ttl.index).search(/ SETTINGS /);
    kept = engine.slice(0, ttl.index) + (after < 0 ? '' : engine.slice(ttl.index + after));
  }
  const at = kept.replace(literal, (quoted) => '_'.repeat(quoted.length)).lastIndexOf(' SETTINGS ');
  if (at < 0) return kept;
  const settings = kept
    .slice(at + ' SETTINGS '.length)
    .replace(/(^|, )(storage_policy|disk) = ('(?:[^'\\]|\\.)*'|\S+?)(?=, |$)/g, '')
    .replace(/^, /, '');
  return settings === '' ? kept.slice(0, at) : `${kept.slice(0, at)} SETTINGS ${settings}`;
}

/** A column has its own TTL at its end: up to the comma on the level of the columns, or the last bracket. */
function withoutTtl(columns: string, blank: string): string {
  let kept = '';
  let depth = 0;
  let skipping = false;
  for (let at = 0; at < columns.length; at += 1) {
    const char = blank[at] ?? '';
    if (char === '(') depth += 1;
    if (char === ')') depth -= 1;
    if (!skipping && depth === 1 && blank.startsWith(' TTL ', at)) skipping = true;
    if (skipping && ((depth === 1 && char === ',') || depth === 0)) skipping = false;
    if (!skipping) kept += columns[at] ?? '';
  }
  return kept;
}

function unsupported(createQuery: string): GantryError {
  return new GantryError(
    'CLICKHOUSE_ENGINE_UNSUPPORTED',
    `rows are restored into tables of the MergeTree family alone, not into ${createQuery.slice(0, 120)}`,
  );
}
