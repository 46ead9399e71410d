import { createHash } from 'node:crypto';
import type { ClickHouseNode, SchemaObject } from '../../../src/drivers/clickhouse/index.ts';
import { GantryError } from '../../../src/errors/index.ts';
import type { ObjectFacts, ShardIntent, ShardServerFacts } from '../../../src/planning/clickhouse/index.ts';
import { distributedEngine, fullName, placeOn } from '../../../src/planning/clickhouse/index.ts';
import type { ClickHouseShardInput } from '../../../src/runs/index.ts';
import type { ClickHouseClusterAccess } from '../access/access.ts';
import { withServer } from '../access/access.ts';
import { filledTables } from './filled-tables.ts';

/** The cluster as `remote_servers` and the Distributed tables call it. */
export function listedName({ config }: ClickHouseClusterAccess, cluster: string): string {
  return config.membership.name ?? cluster;
}

/** What the platform file says of the shard of a run. */
export function shardIntent(access: ClickHouseClusterAccess, { cluster, shard }: ClickHouseShardInput): ShardIntent {
  const { membership, shards, tables } = access.config;
  const { hook, weights } = membership;
  return {
    ...{ cluster, shard, shards, weights, listedAs: listedName(access, cluster) },
    ...(hook ? { hook: `by the platform file’s command${hook.kind === 'ssh' ? ` on ${hook.host}` : ''}` } : {}),
    tables: Object.entries(tables)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, { distributed, weights: shares }]) => ({
        name,
        ...(distributed === undefined ? {} : { distributed }),
        ...(shares[String(shard)] === undefined ? {} : { share: shares[String(shard)] }),
      })),
    retainMs: Math.max(0, ...Object.values(tables).map(({ retainMs }) => retainMs)),
  };
}

/** Reads every server of the platform file, all at once. A server's failure is a fact, not an error. */
export function readShards(
  access: ClickHouseClusterAccess,
  { listedAs, shard }: Pick<ShardIntent, 'listedAs' | 'shard'>,
  signal: AbortSignal,
): Promise<ShardServerFacts[]> {
  return Promise.all(
    access.config.nodes.map(async ({ name: server, host, port, shard: of, replica }): Promise<ShardServerFacts> => {
      const who = { server, shard: of, replica, host, port };
      try {
        const read = (node: ClickHouseNode) => readServer(node, listedAs, of === shard);
        return { ...who, ...(await withServer(access, server, read, { signal })) };
      } catch (error) {
        if (!(error instanceof GantryError)) throw error;
        return { ...who, problem: { code: error.code, message: error.message } };
      }
    }),
  );
}

async function readServer(node: ClickHouseNode, listedAs: string, isOfShard: boolean) {
  const macros = await node.macros();
  const objects = objectFacts(await node.objects());
  const replicas: Record<string, readonly string[]> = {};
  if (isOfShard) {
    // Also where there is no table yet: it tells whether ZooKeeper answers this server.
    const paths = objects.flatMap((one) => placeOn(one, macros)?.zookeeper ?? []);
    for (const path of ['/gantry/absent', ...paths]) replicas[path] = await node.replicasAt(path);
  }
  return {
    ...{ version: await node.version(), macros, objects, replicas, listed: await node.cluster(listedAs) },
    filled: await filledTables(node),
  };
}

/** The replicas in ZooKeeper where the new servers are to have tables that so far only others have. */
export async function readPlaces(
  access: ClickHouseClusterAccess,
  servers: readonly ShardServerFacts[],
  shard: number,
  signal: AbortSignal,
): Promise<ShardServerFacts[]> {
  const known = servers.flatMap((one) => (one.problem || one.shard === shard ? [] : [...one.objects]));
  return Promise.all(
    servers.map(async (one): Promise<ShardServerFacts> => {
      if (one.problem || one.shard !== shard) return one;
      const paths = new Set(known.flatMap((table) => placeOn(table, one.macros)?.zookeeper ?? []));
      const ask = async (node: ClickHouseNode) => {
        const replicas: Record<string, readonly string[]> = { ...one.replicas };
        for (const path of paths) replicas[path] ??= await node.replicasAt(path);
        return replicas;
      };
      try {
        return { ...one, replicas: await withServer(access, one.server, ask, { signal }) };
      } catch (error) {
        if (!(error instanceof GantryError)) throw error;
        const { server, shard: of, replica, host, port } = one;
        return { server, shard: of, replica, host, port, problem: { code: error.code, message: error.message } };
      }
    }),
  );
}

/** What the statements of a server's tables and views say. */
export function objectFacts(objects: readonly SchemaObject[]): ObjectFacts[] {
  const all = objects.map(fullName);
  return objects.map((one) => {
    const distributed = distributedEngine(one.engineFull);
    // Of a materialized view with rows of its own the statement has the engine that it keeps them in.
    const engine = /\bReplicated\w*MergeTree\b(?:\('((?:[^'\\]|\\.)*)', '((?:[^'\\]|\\.)*)')?/.exec(
      one.engineFull || (one.engine === 'MaterializedView' ? beforeSelect(one.createQuery) : ''),
    );
    return {
      ...{ database: one.database, name: one.name, engine: one.engine, digest: digestOf(one.createQuery) },
      names: all.filter((name) => name !== fullName(one) && mentions(one.createQuery, name)),
      ...(distributed ? { distributed } : {}),
      ...(engine ? { path: { zookeeper: engine[1] ?? '', replica: engine[2] ?? '' } } : {}),
    };
  });
}

function beforeSelect(createQuery: string): string {
  return createQuery.split(/\bAS SELECT\b/)[0] ?? '';
}

export function digestOf(createQuery: string): string {
  const same = createQuery.replaceAll(/\s+/g, ' ').trim();
  return createHash('sha256').update(same).digest('hex').slice(0, 16);
}

/** `db.name` with or without backticks, as a whole word; a Distributed engine's own way of naming it too. */
function mentions(statement: string, name: string): boolean {
  const [database = '', table = ''] = [name.slice(0, name.indexOf('.')), name.slice(name.indexOf('.') + 1)];
  const word = (text: string): string => `[\`']?${text.replaceAll(/[^A-Za-z0-9_]/g, '\\$&')}[\`']?`;
  return new RegExp(`(?<![\\w.])${word(database)}(?:\\.|, )${word(table)}(?!\\w)`).test(statement);
}
