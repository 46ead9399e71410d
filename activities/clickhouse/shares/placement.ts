import type { ClickHouseNode } from '../../../src/drivers/clickhouse/index.ts';
import { GantryError } from '../../../src/errors/index.ts';
import type { Finding, RebalanceFacts } from '../../../src/planning/clickhouse/index.ts';
import { distributedEngine, placementBy } from '../../../src/planning/clickhouse/index.ts';
import { tableName } from '../../../src/runs/index.ts';
import type { ClickHouseClusterAccess } from '../access/access.ts';
import { withServer } from '../access/access.ts';

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
  const short: Finding[] = [];
  await Promise.all(
    access.config.nodes.map(async ({ name }) => {
      const seen = await withServer(access, name, (node) => distributedOn(node, distributed, table), { signal }).catch(
        // A server that can't be read is a finding of its own.
        (error: unknown) => {
          if (error instanceof GantryError) return undefined;
          throw error;
        },
      );
      if (seen === undefined) return;
      keys.set(seen.key, [...(keys.get(seen.key) ?? []), name]);
      if (seen.shards >= access.config.shards) return;
      // What a move brings to a shard that is not listed there is out of sight of that server's readers.
      const message = `${name} lists ${seen.shards} of ${access.config.shards} shards: rows on the others are not visible through ${distributed} there`;
      short.push({ code: 'CLICKHOUSE_MEMBERSHIP_DIFFERS', message, place: name });
    }),
  );
  const [key] = keys.keys();
  if (key === undefined) return unknown(`no server has a Distributed table ${distributed} over ${table}`);
  if (keys.size > 1) {
    const words = [...keys].map(([expression, names]) => `${expression || 'no key'} on ${names.join(', ')}`);
    return unknown(`${distributed} does not place rows the same way everywhere: ${words.join('; ')}`);
  }
  if (key === '') return unknown(`${distributed} has no sharding key: the client that inserts chooses the shard`);
  return {
    sharding: placementBy(key).kind === 'random' ? { kind: 'random' } : { kind: 'key', expression: key },
    findings: short.sort((a, b) => ((a.place ?? '') < (b.place ?? '') ? -1 : 1)),
  };
}

/** What a server's Distributed table does; undefined where this is none over `table`. */
async function distributedOn(
  node: ClickHouseNode,
  distributed: string,
  table: string,
): Promise<{ key: string; shards: number } | undefined> {
  const facts = await node.table(tableName(distributed));
  const engine = distributedEngine(facts?.engineFull ?? '');
  const name = tableName(table);
  if (engine?.database !== name.database || engine.table !== name.table) return undefined;
  const members = await node.cluster(engine.cluster);
  return { key: engine.key, shards: new Set(members.map(({ shard }) => shard)).size };
}
