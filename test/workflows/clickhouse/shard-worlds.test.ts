import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { until } from '../../../lab/clock.ts';
import { writeClickHousePlatform } from '../../../lab/clickhouse/platform.ts';
import { createEvents, insertBlocks } from '../../../lab/load/clickhouse-events.ts';
import { startWorkerProcess } from '../../../demo/worker-process.ts';
import type { RunReport, RunStatus } from '../../../src/runs/index.ts';
import { clickhouseRig } from '../../support/clickhouse-rig.ts';
import { describeWith } from '../../support/lab.ts';
import { reportOf, restingTable } from '../../support/rebalance-rig.ts';
import type { HostFiles, ShardRig } from '../../support/shard-rig.ts';
import { hostFiles, queueProgram, shardPolicies, startShardRig } from '../../support/shard-rig.ts';
import { useTemporal } from '../../support/temporal.ts';
import { resolveNow } from '../../support/parked.ts';

const longMs = 400_000;
const table = 'load.events';

await describeWith(['temporal', 'clickhouse'], 'a shard that is added in a bad world', () => {
  const server = useTemporal();
  const lab = clickhouseRig();
  const events = { cluster: 'metrics', database: 'load', table: 'events' };
  const tables = { [table]: restingTable(table) };
  const happens: { on?: string; act?: () => Promise<void> } = {};
  let hosts: HostFiles;
  let rig: ShardRig;

  beforeAll(async () => {
    await createEvents(lab.cluster.nodes, events);
    // Enough of them that somebody can be killed between two.
    for (const { name } of lab.cluster.nodes)
      for (let one = 1; one <= 20; one += 1)
        await lab.run(
          name,
          `CREATE VIEW load.v${one} AS SELECT count() AS n FROM load.events_all WHERE customer = ${one}`,
        );
    await insertBlocks(lab.cluster.node('s1r1'), events, { day: '2026-01-01', firstBlock: 1, blocks: 5 });
    await insertBlocks(lab.cluster.node('s2r1'), events, { day: '2026-01-02', firstBlock: 6, blocks: 5 });
    await lab.cluster.addShard();
    hosts = hostFiles(lab.cluster);
    rig = await startShardRig({
      ...{
        server: server(),
        cluster: lab.cluster,
        tables,
        membership: { hook: hosts.hook, queues: queueProgram(lab.cluster) },
      },
      before: async (call) => {
        const { act } = happens;
        if (!act || call !== happens.on) return;
        delete happens.act;
        await act();
      },
    });
  });
  afterAll(async () => {
    await rig?.stop();
    await hosts?.stop();
  });

  const refused = async (): Promise<{ type: string; message: string }> => {
    const run = await rig.run('clickhouseAddShard', 3, { dryRun: true });
    return reportOf(run).then(
      () => ({ type: 'it was planned', message: '' }),
      (error: { cause?: { type: string; message: string } }) =>
        error.cause ?? { type: 'it failed without a cause', message: '' },
    );
  };
  const onEach = async (names: readonly string[], statement: string): Promise<void> => {
    for (const name of names) await lab.run(name, statement);
  };
  const old = ['s1r1', 's1r2', 's2r1', 's2r2'];
  const tablesOn = (name: string): Promise<string> =>
    lab.run(name, `SELECT count() FROM system.tables WHERE database = 'load'`);

  test('is refused over a table that is placed by a key, before anybody lists it', async () => {
    await onEach(
      old,
      `CREATE TABLE load.keyed_all AS ${table} ENGINE = Distributed(metrics, load, events, cityHash64(customer))`,
    );
    expect(await refused()).toMatchObject({
      type: 'CLICKHOUSE_KEY_PLACEMENT_SHIFTS',
      message: expect.stringContaining('load.keyed_all is sharded by cityHash64(customer)') as string,
    });
    await onEach(old, 'DROP TABLE load.keyed_all');
    expect(hosts.asked).toEqual([]);
  });

  test('is refused over servers whose tables differ', async () => {
    await lab.run('s2r1', `ALTER TABLE ${table} ADD COLUMN more UInt8`);
    expect(await refused()).toMatchObject({ type: 'CLICKHOUSE_STRUCTURE_DIFFERS' });
    await lab.run('s2r1', `ALTER TABLE ${table} DROP COLUMN more`);
    expect(await refused()).toMatchObject({ type: 'it was planned' });
  });

  test('is refused with rows under the name of one of its tables, and with what an earlier one left in ZooKeeper', async () => {
    const statement = (await lab.run('s1r1', `SHOW CREATE TABLE ${table} FORMAT TSVRaw`)).trim();
    await lab.run('s3r1', 'CREATE DATABASE load');
    await lab.run('s3r1', statement);
    await insertBlocks(lab.cluster.node('s3r1'), events, { day: '2026-01-03', firstBlock: 90 });
    expect(await refused()).toMatchObject({ type: 'CLICKHOUSE_SHARD_NOT_EMPTY' });
    await lab.run('s3r1', `DETACH TABLE ${table}`);
    expect(await refused()).toMatchObject({
      type: 'CLICKHOUSE_STALE_REPLICA',
      message: expect.stringContaining('s3r1') as string,
    });
    await lab.run('s3r1', `ATTACH TABLE ${table}`);
    await lab.run('s3r1', `DROP TABLE ${table}`);
    await lab.run('s3r1', 'DROP DATABASE load');
    expect(await refused()).toMatchObject({ type: 'it was planned' });
  });

  test(
    'aborted before it takes rows it is listed nowhere, and its tables are gone',
    async () => {
      const run = await rig.run('clickhouseAddShard', 3);
      Object.assign(happens, {
        on: 'clickhouse.insertCanary',
        act: () => rig.tell(run, 'abort', { reason: 'not today' }),
      });
      // No reader ever asks a shard that has no table.
      const reads = { ended: false, count: 0, failed: [] as unknown[] };
      const reading = (async () => {
        for (; !reads.ended; reads.count += 1)
          await onEach(['s1r1', 's2r2'], `SELECT count() FROM ${table}_all`).catch((error: unknown) =>
            reads.failed.push(error),
          );
      })();
      const report = await rig.through(run);
      reads.ended = true;
      await reading;
      expect(reads.failed).toEqual([]);
      expect(reads.count).toBeGreaterThan(10);
      expect(report).toMatchObject({ outcome: 'aborted', pastNoReturn: false, leftBehind: [] });
      expect(report.steps.map(({ state }) => state)).toEqual(['undone', 'undone', 'undone', 'undone']);
      expect(hosts.asked).toEqual(['1=1,2=1,3=0', '1=1,2=1']);
      for (const name of ['s3r1', 's3r2']) expect(await tablesOn(name)).toBe('0\n');
      const listed = (name: string): Promise<string> =>
        lab.run(name, `SELECT max(shard_num) FROM system.clusters WHERE cluster = 'metrics'`);
      // The undo waits for those that stay. A server that leaves reads its changed file when it looks at it next.
      for (const name of old) expect(await listed(name)).toBe('2\n');
      for (const name of ['s3r1', 's3r2'])
        expect(await until(async () => (await listed(name)) === '2\n', 60_000, 200)).toBe(true);
      for (const { name } of lab.cluster.nodes)
        expect(await lab.run(name, `SELECT count() FROM system.tables WHERE name LIKE 'gantry_canary%'`)).toBe('0\n');
    },
    longMs,
  );

  test(
    'goes on after a killed worker, and without a hook only when every server lists it',
    async () => {
      const stateDir = mkdtempSync(join(tmpdir(), 'gantry-shards-'));
      onTestFinished(() => rmSync(stateDir, { recursive: true, force: true }));
      const quick = { ...shardPolicies.default.profiles.quick, heartbeat: '3s' };
      const policies = { default: { ...shardPolicies.default, profiles: { quick, slow: quick, watched: quick } } };
      const tiers = { nvme: { medium: 'nvme', temperature: 'hot', size: '100GB' } };
      const { path } = writeClickHousePlatform({ stateDir, cluster: lab.cluster, tables, tiers, policies });
      const { address, client } = server();
      const taskQueue = `shards-${process.pid}`;
      const workers = () =>
        startWorkerProcess({
          ...{ stateDir, platformFile: path, env: {}, taskQueue, domain: 'clickhouse' },
          connection: { address, namespace: 'default', options: { address } },
        });
      let now = await workers();
      onTestFinished(() => now.stop());
      const run = await client.workflow.start('clickhouseAddShard', {
        ...{ workflowId: 'clickhouse/metrics', taskQueue, workflowIdReusePolicy: 'ALLOW_DUPLICATE' },
        args: [{ cluster: 'metrics', shard: 3 }],
      });
      // Between its first table and its last.
      await until(async () => (await tablesOn('s3r1')) !== '0\n', 60_000, 5);
      await now.kill();
      now = await workers();
      let last = '';
      /** What it parks over, once more than it did. */
      const parks = async (): Promise<NonNullable<RunStatus['parked']>> => {
        let parked: RunStatus['parked'];
        await until(async () => {
          parked = (await run.query<RunStatus, []>('status').catch(() => undefined))?.parked;
          return parked !== undefined && parked.since !== last;
        }, 120_000);
        if (!parked || parked.since === last) throw new Error('it does not park');
        last = parked.since;
        return parked;
      };
      const retry = async (): Promise<void> =>
        void (await resolveNow(run, { action: 'retry', by: 'ada', reason: 'listed' }));

      const first = await parks();
      expect(first).toMatchObject({
        title: 'list it on every server',
        trouble: { code: 'CLICKHOUSE_MEMBERSHIP_DIFFERS' },
      });
      expect(first.trouble.message).toContain('<shard><weight>0</weight>');
      for (const name of ['s3r1', 's3r2']) expect(await tablesOn(name)).toBe(await tablesOn('s1r1'));

      // All but one server list it.
      await lab.cluster.declare({ 1: 1, 2: 1, 3: 0 });
      const [s1, s2] = [1, 2].map((shard) => ({ weight: 1, replicas: lab.cluster.shard(shard) }));
      lab.cluster.node('s2r2').declare({ metrics: [s1, s2].filter((one) => one !== undefined) });
      await until(
        async () =>
          (await lab.run('s2r2', `SELECT max(shard_num) FROM system.clusters WHERE cluster = 'metrics'`)) === '2\n',
        30_000,
      );
      await retry();
      const { message } = (await parks()).trouble;
      expect(message).toContain('s2r2 lists 1=1,2=1, not 1=1,2=1,3=0');
      expect(message).not.toContain('s2r1 ');

      await lab.cluster.declare({ 1: 1, 2: 1, 3: 0 });
      await retry();
      expect((await parks()).title).toBe('let rows come to it');
      await lab.cluster.declare({ 1: 10, 2: 10, 3: 1 });
      await retry();
      expect((await parks()).title).toBe('give it its weight');
      await lab.cluster.declare({ 1: 1, 2: 1, 3: 1 });
      await retry();
      const report = (await run.result()) as RunReport;
      expect(report).toMatchObject({ outcome: 'done', leftBehind: [] });
      expect(Number(await lab.run('s3r2', `SELECT count() FROM ${table}_all`))).toBe(10_000);
    },
    longMs,
  );
});
