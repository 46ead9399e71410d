import type { ClickHouseNode } from '../../src/drivers/clickhouse/index.ts';
import { GantryError } from '../../src/errors/index.ts';
import type { Finding, RebalanceFacts } from '../../src/planning/clickhouse/index.ts';
import type { ClickHouseClusterAccess } from './access.ts';
import { withServer } from './access.ts';
import { tableName } from './read-server.ts';

/** The rule by which rows come to their shards, and why it isn't known where it isn't. */
export type Placement = { sharding: RebalanceFacts['table']['sharding']; findings: Finding[] };

/** Which rule places rows on the shards, as the Distributed table has it on a server of the cluster. */
export async function placementOf(
  access: ClickHouseClusterAccess,
  distributed: string | undefined,
  table: string,
  signal: AbortSignal,
): Promise<Placement> {
  // Never taken by a plan: a finding beside it refuses one.
  const unknown = (message: string): Placement => ({
    sharding: { kind: 'random' },
    findings: [{ code: 'CLICKHOUSE_PLACEMENT_UNKNOWN', message, place: distributed ?? table }],
  });
  if (distributed === undefined) return unknown(`the platform file names no Distributed table over ${table}`);
  const keys = new Map<string, string[]>();
  await Promise.all(
    access.config.nodes.map(async ({ name }) => {
      const key = await withServer(access, name, (node) => shardingKey(node, distributed, table), { signal }).catch(
        // A server that can't be read is a finding of its own.
        (error: unknown) => {
          if (error instanceof GantryError) return undefined;
          throw error;
        },
      );
      if (key !== undefined) keys.set(key, [...(keys.get(key) ?? []), name]);
    }),
  );
  const [key] = keys.keys();
  if (key === undefined) return unknown(`no server has a Distributed table ${distributed} over ${table}`);
  if (keys.size > 1) {
    const words = [...keys].map(([expression, names]) => `${expression || 'no key'} on ${names.join(', ')}`);
    return unknown(`${distributed} does not place rows the same way everywhere: ${words.join('; ')}`);
  }
  if (key === '') return unknown(`${distributed} has no sharding key: whoever inserts chooses the shard`);
  return {
    sharding: /^rand(32|64)?\(\)$/.test(key) ? { kind: 'random' } : { kind: 'key', expression: key },
    findings: [],
  };
}

/** The sharding key, empty where there is none; undefined where this is no Distributed table over `table`. */
async function shardingKey(node: ClickHouseNode, distributed: string, table: string): Promise<string | undefined> {
  const facts = await node.table(tableName(distributed));
  const inside = /^Distributed\((.*?)\)(?: SETTINGS .*)?$/s.exec(facts?.engineFull ?? '')?.[1];
  if (inside === undefined) return undefined;
  const [, database, over, key = ''] = argumentsOf(inside).map(unquoted);
  const name = tableName(table);
  return database === name.database && over === name.table ? key : undefined;
}

/** Split at the commas that are in no brackets and no quotes. */
function argumentsOf(text: string): string[] {
  const list: string[] = [''];
  let [depth, quote] = [0, ''];
  for (const char of text) {
    if (quote) quote = char === quote ? '' : quote;
    else if (char === "'" || char === '`') quote = char;
    else if (char === '(') depth += 1;
    else if (char === ')') depth -= 1;
    else if (char === ',' && depth === 0) {
      list.push('');
      continue;
    }
    list.push(`${list.pop() ?? ''}${char}`);
  }
  return list.map((one) => one.trim());
}

function unquoted(text: string): string {
  return /^(['`])(.*)\1$/s.exec(text)?.[2] ?? text;
}
