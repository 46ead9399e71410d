import type { ClickHouseNode, PlacementRule } from '../../src/drivers/clickhouse/index.ts';
import type { KeyReshardData } from '../../src/runs/index.ts';
import { shardNumber } from '../../src/runs/index.ts';
import type { StepContext } from '../../src/steps/index.ts';
import { defineStep, done, todo } from '../../src/steps/index.ts';
import type { ClickHouseClusterAccess, ClickHouseDeps } from './access.ts';
import { asStep, tableOf, withServers } from './access.ts';
import { keysOf, slotsOf } from './read-buckets.ts';
import { tableName } from './read-server.ts';

/** Servers that still place rows another way. */
type Switched = { others: readonly string[] };

type Names = { current: Table; next: Table; away: Table };
type Table = { database: string; table: string };

/**
 * Every server's Distributed table places new rows by the planned rule. Rows that come by the former rule meanwhile are on
 * one shard all the same, and are moved with the others. The former table is kept under another name: rows that wait in its
 * queue on the server's disk are sent from there.
 */
export const switchRule = defineStep<KeyReshardData, Switched, ClickHouseDeps>({
  name: 'clickhouse.switch-rule',
  probe: async (data, { clusters }, context) => {
    const access = await clusters(data.cluster);
    const rule = await ruleOf(access, data, context);
    const { current } = namesOf(data, context);
    const others = await onAll(access, context, async (node, name) =>
      sameRule(await node.placement(current), rule) ? undefined : name,
    );
    const left = others.filter((name) => name !== undefined);
    if (left.length === 0) return done({ others: left }, `${data.distributed} places by the planned rule everywhere`);
    const begun = left.length < access.config.nodes.length;
    return todo({ others: left }, `another rule on ${left.join(', ')}`, { begun });
  },
  apply: async (data, _seen, { clusters, log }, context) => {
    const access = await clusters(data.cluster);
    const rule = await ruleOf(access, data, context);
    const { current, next, away } = namesOf(data, context);
    const over = { cluster: data.cluster, ...tableName(data.table) };
    await onAll(access, context, async (node, name) => {
      if (sameRule(await node.placement(current), rule)) return;
      if (!(await node.table(current))) return node.createDistributed(current, over, rule);
      // Of an attempt that was cut off: it holds nothing.
      if (await node.table(next)) await node.dropTable(next);
      await node.createDistributed(next, over, rule);
      await node.replaceTable(current, next, away);
      log.info({ server: name, table: data.distributed }, 'sharding rule switched');
    });
  },
});

/** The value of the sharding key for each bucket: the first that the weights of `remote_servers` give to its shard. */
async function ruleOf(
  access: ClickHouseClusterAccess,
  { cluster, table, placed }: KeyReshardData,
  { signal }: StepContext,
): Promise<PlacementRule> {
  const { keys } = keysOf(tableOf(access, table), table);
  const slots = await slotsOf(access, cluster, signal);
  return { ...keys, values: placed.map((shard) => slots.get(shardNumber(shard)) ?? 0) };
}

function sameRule(now: PlacementRule | undefined, wanted: PlacementRule): boolean {
  return (
    now?.hash === wanted.hash &&
    now.column === wanted.column &&
    now.buckets === wanted.buckets &&
    now.values.every((value, at) => value === wanted.values[at])
  );
}

/** Names that every retry of the run has, and no other run. */
function namesOf({ distributed }: KeyReshardData, { unit }: StepContext): Names {
  const current = tableName(distributed);
  const run = (unit.split('/').at(-2) ?? '').slice(0, 13).replaceAll('-', '');
  const called = (what: string): Table => ({ ...current, table: `${current.table}__${what}_${run}` });
  return { current, next: called('next'), away: called('before') };
}

async function onAll<T>(
  access: ClickHouseClusterAccess,
  context: StepContext,
  use: (node: ClickHouseNode, name: string) => Promise<T>,
): Promise<T[]> {
  const names = access.config.nodes.map(({ name }) => name);
  return withServers(
    access,
    names,
    async (nodes) => {
      const answers: T[] = [];
      // One after the other: between two of them every row still goes to one shard.
      for (const [at, node] of nodes.entries()) answers.push(await use(node, names[at] ?? ''));
      return answers;
    },
    asStep(context),
  );
}
