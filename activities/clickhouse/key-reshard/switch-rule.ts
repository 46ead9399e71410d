import type { ClickHouseNode, EngineExtras, PlacementRule } from '../../../src/drivers/clickhouse/index.ts';
import { distributedEngine, distributedSettings } from '../../../src/planning/clickhouse/index.ts';
import type { KeyReshardData } from '../../../src/runs/index.ts';
import { shardNumber, tableName } from '../../../src/runs/index.ts';
import { GantryError } from '../../../src/errors/index.ts';
import type { StepContext } from '../../../src/steps/index.ts';
import { defineStep, done, todo } from '../../../src/steps/index.ts';
import type { ClickHouseClusterAccess, ClickHouseDeps } from '../access/access.ts';
import { asStep, tableOf, withServers } from '../access/access.ts';
import { earlierEnded } from '../access/earlier-ended.ts';
import { keysOf, slotsOf } from '../keys/buckets.ts';
import { listedName } from '../cluster/read-shards.ts';

/** Servers that still place rows another way, or whose former table has not got its name yet. */
type Switched = { others: readonly string[] };

type Names = { current: Table; beside: Table; between: Table };
type Table = { database: string; table: string };

/** As in the cutover: sent late, by an attempt that slept, the exchange would bring the former rule back. */
const freshMs = 900;

/**
 * Every server's Distributed table places new rows by the planned rule. Rows that come by the former rule meanwhile are on
 * one shard all the same, and are moved with the others. The two tables exchange their names, and the former one is kept: on
 * 18.16 a queue on the server's disk stays, when its table is renamed, in the folder of the old name, and after a restart is
 * sent by the table that then has that name. A name without a table would leave acknowledged rows where nobody sends them.
 */
export const switchRule = defineStep<KeyReshardData, Switched, ClickHouseDeps>({
  name: 'clickhouse.switch-rule',
  probe: async (data, { clusters }, context) => {
    const access = await clusters(data.cluster);
    const rule = await ruleOf(access, data, context);
    const { current, between } = namesOf(data, context);
    const others = await onAll(access, context, async (node, name) =>
      sameRule(await node.placement(current), rule) && !(await node.table(between)) ? undefined : name,
    );
    const left = others.filter((name) => name !== undefined);
    if (left.length === 0) return done({ others: left }, `${data.distributed} places by the planned rule everywhere`);
    const begun = left.length < access.config.nodes.length;
    return todo({ others: left }, `another rule on ${left.join(', ')}`, { begun });
  },
  apply: async (data, _seen, { clusters, log }, context) => {
    const access = await clusters(data.cluster);
    const rule = await ruleOf(access, data, context);
    const names = namesOf(data, context);
    const over = { cluster: listedName(access, data.cluster), ...tableName(data.table) };
    await onAll(access, context, async (node, name) => {
      // An exchange that still waits for a long reader would undo ours.
      await earlierEnded(node, context);
      if (await finishExchange(node, names)) return;
      const { current, beside, between } = names;
      if (sameRule(await node.placement(current), rule)) return;
      const former = await node.table(current);
      if (!former) return node.createDistributed(current, over, rule);
      if (!(await node.table(beside)))
        await node.createDistributed(beside, over, rule, { ...current, ...extrasOf(former.engineFull) });
      // Never dropped: after an exchange the folder of its name has the queue of the table in use.
      if (!sameRule(await node.placement(beside), rule)) {
        const words = `${beside.database}.${beside.table} on ${name} has a rule that is not the planned one`;
        throw new GantryError('CLICKHOUSE_PLACEMENT_UNKNOWN', words);
      }
      await node.renameTables([
        [current, between],
        [beside, current],
        [between, beside],
      ]);
      log.info({ server: name, table: data.distributed }, 'sharding rule switched');
    });
  },
});

/** What the engine of the former table is given besides its rule: its successor has it too. */
function extrasOf(engineFull: string): EngineExtras {
  const policy = distributedEngine(engineFull)?.policy;
  return { ...(policy === undefined ? {} : { policy }), settings: distributedSettings(engineFull) };
}

/** A server that stopped within the statement has done a part of it. Whether there was something to finish. */
async function finishExchange(node: ClickHouseNode, { current, beside, between }: Names): Promise<boolean> {
  if (!(await node.table(between))) return false;
  const half = !(await node.table(current));
  await node.renameTables([...(half ? [[beside, current] as const] : []), [between, beside]]);
  return true;
}

/** The value of the sharding key for each bucket: the first that the weights of `remote_servers` give to its shard. */
async function ruleOf(
  access: ClickHouseClusterAccess,
  { cluster, table, placed }: KeyReshardData,
  { signal }: StepContext,
): Promise<PlacementRule> {
  const { keys } = keysOf(tableOf(access, table), table);
  const slots = await slotsOf(access, listedName(access, cluster), signal);
  const values = placed.map((shard) => {
    const value = slots.get(shardNumber(shard));
    if (value !== undefined) return value;
    throw new GantryError('CLICKHOUSE_PLACEMENT_UNKNOWN', `${shard} has the weight 0: no value leads to it`);
  });
  return { ...keys, values };
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
  return { current, beside: called('before'), between: called('between') };
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
    { ...asStep(context), freshMs },
  );
}
