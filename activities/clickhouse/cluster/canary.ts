import type { ShardWeights } from '../../../src/runs/index.ts';
import { createHash } from 'node:crypto';
import type { Canary, ClickHouseNode, TableName } from '../../../src/drivers/clickhouse/index.ts';
import { GantryError } from '../../../src/errors/index.ts';
import { sumOfWeights } from '../../../src/planning/clickhouse/index.ts';
import type { StepContext } from '../../../src/steps/index.ts';
import { defineStep, done, todo, wait } from '../../../src/steps/index.ts';
import type { ClickHouseClusterAccess, ClickHouseDeps } from '../access/access.ts';
import { asStep, withServers } from '../access/access.ts';

export type CanaryInput = { cluster: string; listedAs: string; weights: ShardWeights };

/** Rows that came to each shard, and how many each server sees of all. */
export type CanarySeen = { shards: Readonly<Record<string, number>>; seenBy: Readonly<Record<string, number>> };

/** For replicas to follow and for every server to see all. */
const withinMs = 30_000;
const prefix = 'gantry_canary_';
/** What this attempt has proven: the canary is gone by the time that anybody asks. */
const proven = new WeakMap<StepContext, CanarySeen>();

/**
 * Rows of Gantry's own prove what `system.clusters` only says. Each server sends a row for each unit of weight through a
 * Distributed table: every shard must get as many as its weight says, on all its replicas, and every server must see all,
 * those too that were written to a shard itself. The tables are this run's alone and are dropped at the end.
 */
export const canary = defineStep<CanaryInput, CanarySeen, ClickHouseDeps>({
  name: 'clickhouse.canary',
  settleMs: 0,
  probe: async (_input, _deps, context) => {
    const seen = proven.get(context);
    if (!seen) return todo({ shards: {}, seenBy: {} }, 'no row has been sent yet');
    const shards = Object.entries(seen.shards).map(([shard, rows]) => `${rows} on shard ${shard}`);
    const servers = Object.keys(seen.seenBy).length;
    return done(seen, `rows where the weights say (${shards.join(', ')}), all of them seen from ${servers} servers`);
  },
  apply: async (input, _seen, { clusters, log }, context) => {
    const access = await clusters(input.cluster);
    await onAll(access, context, async (servers) => {
      await dropAll(servers, context);
      try {
        proven.set(context, await fly(servers, input, context));
      } finally {
        await dropAll(servers, context);
      }
    });
    log.info({ cluster: input.cluster, weights: input.weights }, 'canary seen from every server');
  },
  undo: async ({ cluster }, _before, { clusters }, context) =>
    onAll(await clusters(cluster), context, (servers) => dropAll(servers, context)),
});

type Server = { name: string; shard: number; node: ClickHouseNode };

function onAll<T>(
  access: ClickHouseClusterAccess,
  context: StepContext,
  use: (servers: readonly Server[]) => Promise<T>,
): Promise<T> {
  const { nodes } = access.config;
  return withServers(
    access,
    nodes.map(({ name }) => name),
    (opened) => use(nodes.flatMap(({ name, shard }, at) => (opened[at] ? [{ name, shard, node: opened[at] }] : []))),
    asStep(context),
  );
}

/** The same for every attempt of a step: a later one finds what an earlier one left. */
function commonName({ unit }: StepContext): string {
  return `${prefix}${createHash('sha256').update(unit).digest('hex').slice(0, 12)}`;
}

async function dropAll(servers: readonly Server[], context: StepContext): Promise<void> {
  const mine: TableName = { database: 'default', table: commonName(context) };
  for (const { node } of servers) for (const name of await node.canaries(mine)) await node.dropTable(name);
}

async function fly(
  servers: readonly Server[],
  { listedAs, weights }: CanaryInput,
  context: StepContext,
): Promise<CanarySeen> {
  // Another path for each attempt: ZooKeeper may still have what an earlier one is dropping.
  const name = `${commonName(context)}_${context.attempt}`;
  const table = { database: 'default', table: name };
  const these: Canary = { table, everywhere: { database: 'default', table: `${name}_all` }, cluster: listedAs };
  for (const { node, shard, name: server } of servers)
    await node.createCanary(these, `/clickhouse/gantry/${name}-${shard}`, server);
  const sum = sumOfWeights(weights);
  for (const { node, name: server } of servers) await node.insertCanary(these.everywhere, server, sum);
  const shards = Object.keys(weights);
  for (const shard of shards) {
    const [first] = servers.filter((one) => String(one.shard) === shard);
    await first?.node.insertCanary(table, `shard ${shard}`, 1);
  }
  const total = servers.length * sum + shards.length;
  const startedAt = performance.now();
  for (;;) {
    const rows = await rowsOf(servers, these);
    const problem = problemOf(servers, rows, weights, total);
    if (problem === undefined) {
      const onShard = (shard: string): number => servers.length * (weights[shard] ?? 0) + 1;
      return {
        shards: Object.fromEntries(shards.map((shard) => [shard, onShard(shard)])),
        seenBy: Object.fromEntries(rows.map(({ server, all }) => [server, all])),
      };
    }
    if (performance.now() - startedAt > withinMs) throw new GantryError('CLICKHOUSE_CANARY_FAILED', problem);
    await wait(200, context.signal);
  }
}

type Rows = { server: string; here: number; all: number };

/** On each server: the rows of its own shard, and all that it sees. */
function rowsOf(servers: readonly Server[], { table, everywhere }: Canary): Promise<Rows[]> {
  const count = async (node: ClickHouseNode, name: TableName): Promise<number> =>
    (await node.canaryRows(name)).reduce((sum, { rows }) => sum + rows, 0);
  return Promise.all(
    servers.map(async ({ name, node }) => ({
      server: name,
      here: await count(node, table),
      all: await count(node, everywhere),
    })),
  );
}

function problemOf(
  servers: readonly Server[],
  rows: readonly Rows[],
  weights: ShardWeights,
  total: number,
): string | undefined {
  const wrong = rows.flatMap(({ server, here, all }, at) => {
    const shard = servers[at]?.shard ?? 0;
    const weight = weights[String(shard)] ?? 0;
    const due = servers.length * weight + (String(shard) in weights ? 1 : 0);
    return [
      ...(here === due ? [] : [`${server} of shard ${shard} (weight ${weight}) has ${here} rows of ${due}`]),
      ...(all === total ? [] : [`${server} sees ${all} rows of ${total}`]),
    ];
  });
  return wrong.length > 0 ? wrong.join('; ') : undefined;
}
