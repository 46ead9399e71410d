import type { ActionOf, AddShardData, DraftOf, PlannedStep, ShardWeights } from '../../../runs/index.ts';
import { changedHow, weightsInWords } from '../cluster/membership.ts';
import type { ShardIntent } from '../cluster/types.ts';
import { counted } from '../facts/words.ts';

/** What the plan shows beside what it does. */
type Shown = { now: ShardWeights; waiting: readonly string[]; left: readonly string[] };

/** A plan to add a shard, in words. */
export function addShardDraft(
  data: AddShardData,
  intent: ShardIntent,
  shown: Shown,
): DraftOf<'clickhouse.add-shard', AddShardData> {
  const { cluster, listedAs, shard, servers, schema, open, final, tables, idle } = data;
  return {
    title: idle
      ? `Nothing to do: shard ${shard} of ${cluster} is one like the others`
      : `Add shard ${shard} (${servers.join(', ')}) to ${cluster}`,
    actions: idle ? [] : actionsOf(data, intent),
    facts: [
      { label: 'tables and views', value: `${counted(schema.length, 'object')} as on ${data.source}` },
      {
        label: `weights in ${listedAs}`,
        value: `${weightsInWords(shown.now)} → ${weightsInWords(final ?? open ?? data.join ?? shown.now)}`,
      },
    ],
    warnings: [
      ...(shown.left.length ? [`Not made on the new servers, for a person to do: ${shown.left.join(', ')}`] : []),
      ...(idle ? [] : shown.waiting).map(
        (table) =>
          `${table} is not rebalanced: placed by a key, or nothing says how. Placed by a key: \`gantry clickhouse key-reshard ${cluster} ${table}\` afterwards`,
      ),
      ...(!idle && !open && !final && tables.length === 0
        ? [`The weight of shard ${shard} is 0: it is listed and takes no rows`]
        : []),
    ],
    irreversible: open
      ? [
          `Once shard ${shard} may take rows it stays listed: without it they would be out of sight. To go back, drain it.`,
        ]
      : [],
    voidIf: idle
      ? []
      : ['a table, a view or a listed weight changes on any server', 'a changed platform file gives another plan'],
    data,
  };
}

function actionsOf(
  { cluster, shard, servers, join, open, final, tables, source, schema }: AddShardData,
  intent: ShardIntent,
) {
  const how = changedHow(intent);
  const canary = 'canary: rows of Gantry’s own come to the shards as the weights say, and are seen from every server';
  const action = (
    step: PlannedStep<'clickhouse.add-shard'>,
    what: string,
    reversible: boolean,
  ): ActionOf<'clickhouse.add-shard'> => ({ step, what, reversible });
  const before = !open;
  return [
    action(
      'clickhouse.make-schema',
      `make ${counted(schema.length, 'table or view', 'tables and views')} of ${source} on ${servers.join(', ')}`,
      true,
    ),
    ...(join
      ? [
          action(
            'clickhouse.set-membership',
            `list the shard with weight 0 on every server, ${weightsInWords(join)} (${how})`,
            true,
          ),
          action('clickhouse.canary', canary, true),
        ]
      : []),
    ...(open
      ? [
          action('clickhouse.set-membership', `let rows come to it: ${weightsInWords(open)} (${how})`, false),
          action('clickhouse.canary', canary, false),
        ]
      : []),
    ...(tables.length > 0
      ? [action('clickhouse.measure-shares', 'see which tables are outside their shares', before)]
      : []),
    ...tables.map((table) =>
      action('clickhouse.rebalance', `rebalance ${table}, a run of its own with a plan of its own`, before),
    ),
    ...(final
      ? [
          action('clickhouse.set-membership', `its weight: ${weightsInWords(final)} (${how})`, before),
          action(
            'clickhouse.canary',
            `prove that shard ${shard} of ${cluster} is one like the others: ${canary}`,
            before,
          ),
        ]
      : []),
  ];
}
