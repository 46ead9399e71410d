import { describe, expect, test } from 'vitest';
import type { ObjectFacts, ShardIntent, ShardServerFacts } from '../../../../src/planning/clickhouse/index.ts';
import {
  distributedEngine,
  distributedSettings,
  fullName,
  listingProblems,
  placementBy,
  planAddShard,
  planDrainShard,
} from '../../../../src/planning/clickhouse/index.ts';
import { inOrder, isPassing } from '../../../../src/planning/clickhouse/cluster/schema-order.ts';
import type { ShardWeights } from '../../../../src/runs/index.ts';

const object = (name: string, engine: string, more: Partial<ObjectFacts> = {}): ObjectFacts => ({
  ...{ database: 'usage', name, engine, digest: `${name} as it is`, names: [] },
  ...more,
});
const events = object('events', 'ReplicatedMergeTree', {
  path: { zookeeper: '/tables/{shard}/events', replica: '{replica}' },
});
const over = (key: string): ObjectFacts =>
  object('events_all', 'Distributed', {
    names: ['usage.events'],
    distributed: { cluster: 'metrics', database: 'usage', table: 'events', key },
  });
const schema = [events, over('rand()')];

type Server = Extract<ShardServerFacts, { problem?: never }>;
const host = (shard: number, replica: number): string => `10.0.${shard}.${replica}`;

/** Two replicas for each shard; `listed`: the weights that every server lists. */
function world(
  shards: number,
  listed: ShardWeights,
  change: (server: Server) => Partial<Server> = () => ({}),
): Server[] {
  const members = Object.entries(listed).flatMap(([shard, weight]) =>
    [1, 2].map((replica) => {
      const at = host(Number(shard), replica);
      return { shard: Number(shard), weight, replica, host: at, address: at, port: 9000 };
    }),
  );
  return Array.from({ length: shards * 2 }, (_, at) => [1 + (at >> 1), 1 + (at % 2)] as const).map(
    ([shard, replica]) => {
      const server: Server = {
        ...{
          server: `s${shard}r${replica}`,
          shard,
          replica,
          host: host(shard, replica),
          port: 9000,
          version: '18.16.1',
        },
        macros: { shard: `0${shard}`, replica: `s${shard}r${replica}` },
        ...{ listed: members, objects: String(shard) in listed ? schema : [], filled: [], replicas: {} },
      };
      return { ...server, ...change(server) };
    },
  );
}

const intent = (more: Partial<ShardIntent> = {}): ShardIntent => ({
  ...{ cluster: 'metrics', listedAs: 'metrics', shard: 3, shards: 3, weights: {}, hook: 'by a program' },
  tables: [{ name: 'usage.events', distributed: 'usage.events_all' }],
  ...{ retainMs: 72 * 3_600_000, ...more },
});
const two = { 1: 1, 2: 1 };
const added = (servers: readonly ShardServerFacts[], more: Partial<ShardIntent> = {}) => {
  const planning = planAddShard(servers, intent(more));
  if (!planning.ok) throw new Error(JSON.stringify(planning.findings));
  return planning.draft;
};
const refused = (servers: readonly ShardServerFacts[], more: Partial<ShardIntent> = {}): string[] => {
  const planning = planAddShard(servers, intent(more));
  return planning.ok ? [] : [...new Set(planning.findings.map(({ code }) => code))];
};
const onNew = (more: Partial<Server>) => (server: Server) => (server.shard === 3 ? more : {});

describe('the plan to add a shard', () => {
  test('lists it without rows, then with few, then with its weight', () => {
    const { data, irreversible } = added(world(3, two));
    expect(data).toMatchObject({
      ...{ servers: ['s3r1', 's3r2'], source: 's1r1', databases: ['usage'], idle: false, tables: ['usage.events'] },
      ...{ join: { 1: 1, 2: 1, 3: 0 }, open: { 1: 10, 2: 10, 3: 1 }, final: { 1: 1, 2: 1, 3: 1 } },
    });
    expect(data.schema.map(fullName)).toEqual(['usage.events', 'usage.events_all']);
    expect(irreversible).toHaveLength(1);
  });

  test('goes on from where an earlier run ended', () => {
    const opened = added(world(3, { 1: 10, 2: 10, 3: 1 })).data;
    expect(opened).not.toHaveProperty('join');
    expect(opened).not.toHaveProperty('open');
    expect(opened.final).toEqual({ 1: 10, 2: 10, 3: 10 });
    const joined = added(world(3, { 1: 1, 2: 1, 3: 0 })).data;
    expect(joined).not.toHaveProperty('join');
    expect(joined.open).toEqual({ 1: 10, 2: 10, 3: 1 });
    expect(added(world(3, { 1: 1, 2: 1, 3: 1 })).data.idle).toBe(true);
  });

  test('lets the new shard be where the platform file gives it no rows', () => {
    const { data, warnings } = added(world(3, two), { weights: { 3: 0 } });
    expect(data).toMatchObject({ join: { 1: 1, 2: 1, 3: 0 }, tables: [] });
    expect(data).not.toHaveProperty('open');
    expect(warnings.join()).toContain('takes no rows');
  });

  test('refuses a table whose keys another weight would send elsewhere, unless nothing changes for them', () => {
    const keyed = (key: string) => world(3, two, ({ shard }) => (shard === 3 ? {} : { objects: [events, over(key)] }));
    expect(refused(keyed('cityHash64(customer)'))).toEqual(['CLICKHOUSE_KEY_PLACEMENT_SHIFTS']);
    expect(refused(keyed('cityHash64(customer) % 3'))).toEqual(['CLICKHOUSE_KEY_PLACEMENT_SHIFTS']);
    expect(refused(keyed('customer % 2'))).toEqual(['CLICKHOUSE_KEY_PLACEMENT_SHIFTS']);
    expect(refused(keyed('cityHash64(customer)'), { weights: { 3: 0 } })).toEqual([]);
    const { data, warnings } = added(keyed('arrayElement([0, 1, 1, 0], (cityHash64(customer) % 4) + 1)'));
    // Its values are places among the weights: they are not multiplied.
    expect(data).toMatchObject({ open: { 1: 1, 2: 1, 3: 1 }, tables: [] });
    expect(warnings.join()).toContain('gantry clickhouse key-reshard metrics usage.events');
    expect(refused(keyed('cityHash64(customer) % 2'), { weights: { 1: 2, 2: 1, 3: 1 } })).toEqual([
      'CLICKHOUSE_KEY_PLACEMENT_SHIFTS',
    ]);
  });

  test.each([
    ['another version', onNew({ version: '19.1.6' }), ['CLICKHOUSE_VERSION_DIFFERS']],
    [
      'another shard in its macros',
      onNew({ macros: { shard: '04', replica: 'x' } }),
      ['CLICKHOUSE_MACROS_DIFFER', 'CLICKHOUSE_PATH_SHARED'],
    ],
    [
      'one name for two replicas',
      onNew({ macros: { shard: '03', replica: 'x' } }),
      ['CLICKHOUSE_MACROS_DIFFER', 'CLICKHOUSE_PATH_SHARED'],
    ],
    [
      'a foreign table of that name',
      onNew({ objects: [{ ...events, digest: 'other' }] }),
      ['CLICKHOUSE_STRUCTURE_DIFFERS'],
    ],
    [
      'rows in a table of that name',
      onNew({ objects: schema, filled: ['usage.events'] }),
      ['CLICKHOUSE_SHARD_NOT_EMPTY'],
    ],
    [
      'replicas of an earlier shard',
      onNew({ replicas: { '/tables/03/events': ['old'] } }),
      ['CLICKHOUSE_STALE_REPLICA'],
    ],
  ] as const)('refuses new servers with %s', (_, change, codes) => {
    expect(refused(world(3, two, change))).toEqual(codes);
  });

  test('refuses a path that another shard has, and a macro that nobody knows', () => {
    const at = (zookeeper: string) =>
      world(3, two, ({ shard }) =>
        shard === 3 ? {} : { objects: [{ ...events, path: { zookeeper, replica: '{replica}' } }, over('rand()')] },
      );
    expect(refused(at('/tables/01/events'))).toEqual(['CLICKHOUSE_PATH_SHARED']);
    expect(refused(at('/tables/{layer}-{shard}/events'))).toEqual(['CLICKHOUSE_PATH_SHARED']);
    expect(refused(at('/tables/{shard}/{database}/{table}'))).toEqual([]);
  });

  test('refuses servers that do not agree: a statement, a weight, a listed server', () => {
    const of = (name: string, more: Partial<Server>) => world(3, two, ({ server }) => (server === name ? more : {}));
    expect(refused(of('s2r2', { objects: [{ ...events, digest: 'other' }, over('rand()')] }))).toEqual([
      'CLICKHOUSE_STRUCTURE_DIFFERS',
    ]);
    const [first] = world(3, { 1: 1, 2: 5 });
    expect(refused(of('s2r2', { listed: first?.listed ?? [] }))).toEqual(['CLICKHOUSE_MEMBERSHIP_DIFFERS']);
    const moved = (first?.listed ?? []).map((one) => ({ ...one, port: 9001, weight: 1 }));
    expect(refused(of('s1r2', { listed: moved }))).toEqual(['CLICKHOUSE_MEMBERSHIP_DIFFERS']);
  });

  test('refuses two new shards at once, a shard in between, and half the weights', () => {
    expect(refused(world(4, two), { shard: 4, shards: 4 })).toContain('CLICKHOUSE_MEMBERSHIP_DIFFERS');
    expect(refused(world(3, two), { shard: 2 })).toEqual(['INVALID_INPUT']);
    expect(refused(world(3, two), { weights: { 3: 1 } })).toEqual(['CLICKHOUSE_BAD_WEIGHTS']);
  });

  test('refuses a Distributed table over one that is not made on a new server', () => {
    const log = world(3, two, ({ shard }) =>
      shard === 3 ? {} : { objects: [{ ...events, name: 'other' }, object('events', 'Log'), over('rand()')] },
    );
    expect(refused(log)).toEqual(['CLICKHOUSE_UNKNOWN_TABLE', 'CLICKHOUSE_ENGINE_UNSUPPORTED']);
  });
});

describe('the plan to drain a shard', () => {
  const three = { 1: 1, 2: 1, 3: 1 };
  const planned = (servers: readonly ShardServerFacts[], more: Partial<ShardIntent> = {}) =>
    planDrainShard(servers, intent({ weights: { 3: 0 }, ...more }));
  const codes = (planning: ReturnType<typeof planned>): string[] =>
    planning.ok ? [] : planning.findings.map(({ code }) => code);

  test('sends it no rows and moves what the declared tables have there', () => {
    const planning = planned(world(3, three, onNew({ filled: ['usage.events'] })));
    expect(planning.ok && planning.draft.data).toMatchObject({
      weights: { 1: 1, 2: 1, 3: 0 },
      tables: ['usage.events'],
    });
  });

  test('is refused where the platform file gives it rows, in general or for a table', () => {
    expect(codes(planned(world(3, three), { weights: {} }))).toEqual(['CLICKHOUSE_SHARD_NOT_MARKED']);
    const tables = [{ name: 'usage.events', distributed: 'usage.events_all', share: 1 }];
    expect(codes(planned(world(3, three), { tables }))).toEqual(['CLICKHOUSE_SHARD_NOT_MARKED']);
  });

  test('is refused with rows of a table of which nobody knows how they are placed; without rows it is left out', () => {
    const withRows = (key: string) =>
      world(3, { 1: 1, 2: 1, 3: 1 }, ({ shard }) => ({
        objects: [events, over(key)],
        filled: shard === 3 ? ['usage.events'] : [],
      }));
    const drain = (servers: readonly ShardServerFacts[], tables: ShardIntent['tables']) =>
      planDrainShard(servers, intent({ weights: { 3: 0 }, tables }));
    const named = [{ name: 'usage.events', distributed: 'usage.events_all' }];
    for (const planning of [drain(withRows(''), named), drain(withRows('rand()'), [{ name: 'usage.events' }])])
      expect(planning).toMatchObject({ ok: false, findings: [{ code: 'CLICKHOUSE_PLACEMENT_UNKNOWN' }] });
    expect(drain(world(3, { 1: 1, 2: 1, 3: 1 }), [{ name: 'usage.events' }])).toMatchObject({
      ok: true,
      draft: { data: { tables: [] } },
    });
  });

  test('is refused with rows that nobody said may be moved, and with none who takes them', () => {
    expect(codes(planned(world(3, three, onNew({ filled: ['usage.other'] })))).slice(0, 1)).toEqual([
      'CLICKHOUSE_TABLE_UNDECLARED',
    ]);
    expect(codes(planned(world(3, { 1: 0, 2: 0, 3: 1 })))).toEqual(['CLICKHOUSE_BAD_WEIGHTS']);
  });

  test('is refused where keys say the shard, and not where they are known to say others', () => {
    const keyed = (key: string, more: Partial<Server> = {}) =>
      world(3, three, ({ shard }) => ({ objects: [events, over(key)], ...(shard === 3 ? more : {}) }));
    expect(codes(planned(keyed('cityHash64(customer)')))).toEqual(['CLICKHOUSE_KEY_SHARDED']);
    expect(codes(planned(keyed('cityHash64(customer) % 3')))).toEqual(['CLICKHOUSE_KEY_SHARDED']);
    expect(codes(planned(keyed('cityHash64(customer) % 2')))).toEqual([]);
    expect(codes(planned(keyed('cityHash64(customer) % 2', { filled: ['usage.events'] })))).toEqual([
      'CLICKHOUSE_KEY_SHARDED',
    ]);
  });
});

test('only tables of Gantry’s own count as passing ones, whatever else has a number in its name', () => {
  const passing = (name: string): boolean => isPassing({ name });
  expect(['events__mv_01a21c51cf43_2', 'events_all__before_01a21c51cf43', 'gantry_canary_ab12'].every(passing)).toBe(
    true,
  );
  expect(['usage__old_20240101', 'events_all__v_202601', 'events__mv_202601'].some(passing)).toBe(false);
});

test('a Distributed engine is read with whatever is in its key', () => {
  expect(distributedEngine('Distributed(metrics, usage, events, [0, 1][(cityHash64(a, b) % 2) + 1])')).toEqual({
    ...{ cluster: 'metrics', database: 'usage', table: 'events', key: '[0, 1][(cityHash64(a, b) % 2) + 1]' },
  });
  expect(distributedEngine("Distributed('metrics', 'usage', 'events')")).toMatchObject({ table: 'events', key: '' });
  expect(distributedEngine('ReplicatedMergeTree')).toBeUndefined();
});

test('a Distributed engine is read with its policy and its settings', () => {
  const engine = `Distributed('metrics', 'usage', 'events', rand(), 'fast') SETTINGS fsync_after_insert = 1, monitor_split_batch_on_failure = 0, format = 'a, b'`;
  expect(distributedEngine(engine)).toMatchObject({ key: 'rand()', policy: 'fast' });
  expect(distributedSettings(engine)).toEqual([
    ['fsync_after_insert', 1],
    ['monitor_split_batch_on_failure', 0],
    ['format', 'a, b'],
  ]);
  expect(distributedSettings("Distributed('metrics', 'usage', 'events')")).toEqual([]);
});

test('a key is bounded only where every value is known to be below', () => {
  expect(placementBy('rand()')).toEqual({ kind: 'random' });
  expect(placementBy('(cityHash64(a) % 8)')).toEqual({ kind: 'key', bound: 8 });
  expect(placementBy('[0, 2, 1][cityHash64(a) % 3 + 1]')).toEqual({ kind: 'key', bound: 3 });
  for (const key of ['cityHash64(a) % 8 + 1', 'a % 8', 'f(a) % 2 + g(b) % 2', 'toInt8(cityHash64(a)) % 2'])
    expect(placementBy(key)).toEqual({ kind: 'key' });
});

test('tables come before what is over them, and views after what they read', () => {
  const list = [
    object('z_view', 'View', { names: ['usage.a_view'] }),
    object('a_view', 'View', { names: ['usage.events_all'] }),
    object('feed', 'MaterializedView', { names: ['usage.events', 'usage.totals'] }),
    over('rand()'),
    object('totals', 'ReplicatedSummingMergeTree'),
    events,
  ];
  expect(inOrder(list).map(({ name }) => name)).toEqual(['events', 'totals', 'events_all', 'a_view', 'z_view', 'feed']);
  const circle = [object('one', 'View', { names: ['usage.two'] }), object('two', 'View', { names: ['usage.one'] })];
  expect(inOrder(circle)).toHaveLength(2);
});

test('a list is as wanted only with the same shards, weights and servers', () => {
  const servers = world(2, two);
  const listed = servers[0]?.listed ?? [];
  expect(listingProblems(listed, servers, two)).toEqual([]);
  expect(listingProblems(listed, servers, { 1: 1, 2: 0 })).toEqual(['lists 1=1,2=1, not 1=1,2=0']);
  expect(listingProblems(listed.slice(1), servers, two)).toEqual(['shard 1 lacks s1r1 (10.0.1.1:9000)']);
});
