import { clickhouseClusterAccess } from '../../../activities/clickhouse/access/access.ts';
import { clusterHealthy } from '../../../activities/clickhouse/health/cluster-healthy.ts';
import { beforeAll, afterAll, expect, test } from 'vitest';
import type { Problem } from '../../../src/errors/index.ts';
import type { ClickHouseHealth } from '../../../src/runs/index.ts';
import { createEvents, insertBlocks } from '../../../lab/load/clickhouse-events.ts';
import { clickhouseRig } from '../../support/clickhouse-rig.ts';
import { clickhouseCluster, loadPlatform } from '../../../src/platform/index.ts';
import { createLog } from '../../../src/telemetry/log.ts';
import { playedContext } from '../../support/played-host.ts';
import { describeWith } from '../../support/lab.ts';
import type { RebalanceRig } from '../../support/rebalance-rig.ts';
import { rebalancePolicies, reportOf, restingTable, startRebalanceRig } from '../../support/rebalance-rig.ts';
import { useTemporal } from '../../support/temporal.ts';
import { clickhouseHealth } from '../../../src/client/index.ts';

const day = (number: number): string => `2026-01-${String(number).padStart(2, '0')}`;

await describeWith(['temporal', 'clickhouse'], 'the plan of a rebalance', () => {
  const server = useTemporal();
  const lab = clickhouseRig({ mergeTree: { max_bytes_to_merge_at_max_space_in_pool: 1 } });
  let rig: RebalanceRig;
  let blocks = 0;
  const fill = async (node: string, table: string, days: readonly number[], count = 20): Promise<void> => {
    for (const number of days) {
      const firstBlock = (blocks += count) - count;
      await insertBlocks(
        lab.cluster.node(node),
        { database: 'usage', table },
        { day: day(number), firstBlock, blocks: count },
      );
    }
  };
  const names = ['skewed', 'keyed', 'differs', 'detached', 'nowhere', 'young'];
  const settings: Record<string, Record<string, unknown>> = { young: { closedAfter: '1h' } };
  beforeAll(async () => {
    for (const table of names.filter((name) => name !== 'nowhere')) {
      const shardingKey = table === 'keyed' ? 'intHash64(customer)' : 'rand()';
      await createEvents(lab.cluster.nodes, { cluster: 'metrics', database: 'usage', table, shardingKey });
    }
    const tables = Object.fromEntries(
      names.map((name) => [`usage.${name}`, { ...restingTable(`usage.${name}`), ...settings[name] }]),
    );
    rig = await startRebalanceRig({
      server: server(),
      cluster: lab.cluster,
      tables,
      policies: { ...rebalancePolicies, kinds: { 'clickhouse.rebalance': { approval: { people: 1 } } } },
    });
    await fill('s1r1', 'skewed', [1, 2, 3, 4, 5, 6, 7, 8]);
    await fill('s2r1', 'skewed', [9, 10]);
  });
  afterAll(() => rig?.stop());
  const dryRun = async (table: string, more: object = {}) =>
    reportOf(await rig.start(`usage.${table}`, { dryRun: true, ...more }));
  const refused = async (table: string): Promise<readonly Problem[]> => {
    const error: unknown = await dryRun(table).catch((caught: unknown) => caught);
    const cause = (error as { cause?: { details?: [{ problems: Problem[] }] } }).cause;
    return cause?.details?.[0].problems ?? [];
  };
  const codes = (problems: readonly Problem[]): string[] => [...new Set(problems.map(({ code }) => code))].sort();

  test('names the partitions that go, draws the shards before and after, and changes nothing', async () => {
    const report = await dryRun('skewed');
    expect(report.outcome).toBe('planned');
    const { plan } = report;
    expect(plan?.title).toBe('Move 3 partitions of usage.skewed between the shards of metrics');
    expect(plan?.actions.map(({ step }) => step)).toEqual([
      'clickhouse.check-health',
      'clickhouse.move',
      'clickhouse.prove-balance',
    ]);
    expect(plan?.actions[1]?.what).toMatch(/^shard-1 → shard-2: \d{8}, \d{8}, \d{8} \(ingest not held back/);
    const drawn = plan?.picture?.plan;
    expect(drawn?.moves).toHaveLength(3);
    expect(drawn?.movedRows).toBe(60_000);
    expect(drawn?.shares.map(({ shard, within }) => [shard, within])).toEqual([
      ['shard-1', true],
      ['shard-2', true],
    ]);
    expect(drawn?.shares.every(({ freeBeforeBytes }) => freeBeforeBytes > 80e9)).toBe(true);
    expect(await lab.run('s1r2', 'SELECT count() FROM usage.skewed')).toBe('160000\n');
  });

  test('has the same hash when it is made again', async () => {
    const [one, two] = [await dryRun('skewed'), await dryRun('skewed')];
    expect(one.plan?.hash).toBe(two.plan?.hash);
  });

  test('obeys the limits of the input', async () => {
    const { plan } = await dryRun('skewed', { maxMoves: 1 });
    expect(plan?.picture?.plan.moves).toHaveLength(1);
    expect(plan?.picture?.plan.left.map(({ reason }) => reason)).toContain('over-limit');
    expect(plan?.warnings.join()).toContain('stay outside their limits');
  });

  test('refuses a table that is sharded by a key, by name and with what to do', async () => {
    await fill('s1r1', 'keyed', [1, 2]);
    const [problem, ...more] = await refused('keyed');
    expect(more).toEqual([]);
    expect(problem).toMatchObject({ code: 'CLICKHOUSE_KEY_SHARDED' });
    expect(problem?.message).toContain('intHash64(customer)');
    expect(problem?.hint).toContain('key-reshard');
  });

  test('refuses a cluster or a table that the platform file does not have, and one that no server has', async () => {
    expect(await refused('unheard-of')).toMatchObject([{ code: 'CLICKHOUSE_UNKNOWN_TABLE' }]);
    const nowhere = await refused('nowhere');
    expect(nowhere.filter(({ code }) => code === 'CLICKHOUSE_UNKNOWN_TABLE').map(({ place }) => place)).toEqual([
      's1r1',
      's1r2',
      's2r1',
      's2r2',
    ]);
    expect(codes(nowhere)).toContain('CLICKHOUSE_PLACEMENT_UNKNOWN');
  });

  test('finds replicas whose columns differ, and says which', async () => {
    // Only what one server believes: its own metadata, changed behind ZooKeeper's back.
    await lab.run('s2r2', 'DROP TABLE usage.differs');
    await lab.run(
      's2r2',
      `CREATE TABLE usage.differs (day Date, customer UInt64, id UInt64, value UInt64, note Nullable(String), more UInt8)
        ENGINE = ReplicatedMergeTree('/clickhouse/tables/apart/usage_differs', 'apart') PARTITION BY toYYYYMMDD(day) ORDER BY (customer, id)`,
    );
    const problems = await refused('differs');
    expect(problems.filter(({ code }) => code === 'CLICKHOUSE_STRUCTURE_DIFFERS')).toMatchObject([{ place: 's2r2' }]);
    // Nor is it a replica of its shard any more.
    expect(codes(problems)).toContain('CLICKHOUSE_REPLICA_MISSING');
  });

  test('leaves a partition with detached parts where it is, and says why', async () => {
    await fill('s1r1', 'detached', [1, 2, 3, 4]);
    const first = (await dryRun('detached')).plan?.picture?.plan.moves[0]?.partition ?? '';
    await lab.run('s1r2', `ALTER TABLE usage.detached DETACH PARTITION ID '${first}'`);
    await fill('s1r1', 'detached', [Number(first.slice(6))]);
    const drawn = (await dryRun('detached')).plan?.picture?.plan;
    expect(drawn?.moves.map(({ partition }) => partition)).not.toContain(first);
    expect(drawn?.left.find(({ reason }) => reason === 'flagged')).toMatchObject({ examples: [first] });
  });

  test('moves nothing that took rows a moment ago', async () => {
    await fill('s1r1', 'young', [1, 2, 3]);
    const problems = await refused('young');
    expect(codes(problems)).toEqual(['CLICKHOUSE_NOTHING_MOVABLE']);
    expect(problems[0]?.message).toContain('closed is after');
  });

  /** As a region's rollout looks at the cluster. */
  const gate = () => {
    const { platform } = loadPlatform(rig.platformFile);
    const whole = clickhouseCluster(platform, 'metrics');
    const tables = Object.fromEntries(Object.entries(whole.tables).filter(([name]) => name === 'usage.skewed'));
    const access = clickhouseClusterAccess('metrics', { ...whole, tables }, () => '');
    const deps = { clusters: () => access, log: createLog('silent') };
    return clusterHealthy.probe({ cluster: 'metrics' }, deps, playedContext());
  };

  test('the health of the cluster is a reading with a threshold for each part of each server', async () => {
    const health: ClickHouseHealth = await clickhouseHealth(server().client, rig.taskQueue, {
      cluster: 'metrics',
      table: 'usage.skewed',
    });
    expect(health.checks.filter(({ ok }) => !ok)).toEqual([]);
    expect(health.ok).toBe(true);
    expect((await gate()).verdict).toBe('done');
    const parts = health.checks.filter(({ server: name }) => name === 's1r1').map(({ part }) => part);
    expect(parts).toEqual(['server', 'replica', 'queue', 'mutations', 'parts', 'keeper', 'disk']);
    expect(health.checks.every(({ reading, threshold }) => reading !== '' && threshold !== '')).toBe(true);
  });

  test('a server that is down is a finding of the health and of the plan, both replicas of a shard being asked', async () => {
    await lab.cluster.node('s2r2').kill();
    try {
      const health = await clickhouseHealth(server().client, rig.taskQueue, {
        cluster: 'metrics',
        table: 'usage.skewed',
      });
      expect(health.ok).toBe(false);
      expect(health.checks.find(({ server: name }) => name === 's2r2')).toMatchObject({
        part: 'server',
        ok: false,
        code: 'CLICKHOUSE_UNREACHABLE',
      });
      const seen = await gate();
      expect(['todo', 'unknown']).toContain(seen.verdict);
      expect(seen.summary).toContain('s2r2: CLICKHOUSE_UNREACHABLE');
      expect(await refused('skewed')).toContainEqual(
        expect.objectContaining({ code: 'CLICKHOUSE_UNREACHABLE', place: 's2r2' }),
      );
    } finally {
      await lab.cluster.node('s2r2').start();
    }
  });
});
