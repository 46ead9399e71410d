import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { clickhouseCall } from '../../../lab/clickhouse/client.ts';
import type { ClickHouseCluster, ClickHouseServer } from '../../../lab/clickhouse/clickhouse.ts';
import { startClickHouseCluster } from '../../../lab/clickhouse/clickhouse.ts';
import { withRedis } from '../../../lab/redis/client.ts';
import type { RedisNode } from '../../../lab/redis/node.ts';
import { startRedisNode } from '../../../lab/redis/node.ts';
import { labS3Login } from '../../../lab/s3/s3.ts';
import type { RecoveryAccess } from '../../../activities/archive/recovery/access.ts';
import { connectClickHouse } from '../../../src/drivers/clickhouse/index.ts';
import { connectRedis } from '../../../src/drivers/redis/index.ts';
import { openSnapshotNode } from '../../../src/drivers/redis/load-snapshot.ts';
import type { ObjectStore } from '../../../src/drivers/s3/index.ts';
import { connectS3 } from '../../../src/drivers/s3/index.ts';
import { archiveKeys } from '../../../src/runs/index.ts';
import type { RunReport } from '../../../src/runs/index.ts';
import type { ArchiveWorld, BackupEntry } from '../../support/archive-world.ts';
import { archiveWorld, testArchive, writeBackup } from '../../support/archive-world.ts';
import { describeWith } from '../../support/lab.ts';
import { removeSoon } from '../../support/remove-soon.ts';
import { s3Rig, whole } from '../../support/s3-rig.ts';
import { useTemporal } from '../../support/temporal.ts';
import type { ArchiveHarness } from '../archive/harness.ts';
import { startArchiveHarness } from '../archive/harness.ts';
import { createWorld } from '../run/world.ts';

const rowsOfShard = 20_000;

// The real steps and drivers over an object store with Glacier's states, ClickHouse as production and as staging, Redis as both.
await describeWith(['temporal', 'clickhouse', 's3', 'redis'], 'a restore on real parts', () => {
  const server = useTemporal();
  const rig = s3Rig();
  const stateDir = mkdtempSync(join(tmpdir(), 'gantry-lab-'));
  const archive = {} as { now: ArchiveWorld };
  const world = createWorld();
  let harness: ArchiveHarness;
  let cluster: ClickHouseCluster;
  let servers: readonly ClickHouseServer[] = [];
  let redis: { production: RedisNode; staging: RedisNode };
  let store: ObjectStore;
  let bucket: string;

  const open = (name: string, options = {}) => {
    const { host, httpPort } = cluster.node(name);
    return connectClickHouse({ host, port: httpPort }, {}, options);
  };
  const on = (name: string, statement: string): Promise<string> => clickhouseCall(cluster.node(name), statement);

  beforeAll(async () => {
    // One of the two servers stands for production, the other one is staging: they share nothing but ZooKeeper.
    const [started, r1, r2] = await Promise.all([
      startClickHouseCluster({ stateDir, name: 'metrics', shards: 2, replicas: 1 }),
      startRedisNode({ stateDir, group: 'sessions', name: 'r1' }),
      startRedisNode({ stateDir, group: 'staging', name: 'r1' }),
    ]);
    cluster = started;
    servers = cluster.nodes.filter(({ shard }) => shard === 1);
    redis = { production: r1, staging: r2 };
    bucket = 'archive-restore';
    await rig.s3.bucket(bucket);
    const connect = (options = {}): ObjectStore =>
      connectS3(
        { bucket, region: rig.s3.region, endpoint: rig.s3.endpoint, forcePathStyle: true },
        labS3Login,
        options,
      );
    store = connect();
    const memory = archiveWorld(
      Date.now,
      testArchive({ sources: { clickhouse: [{ cluster: 'metrics' }], redis: ['sessions'] } }),
    );
    const nodes = servers.map(({ name, shard, host, httpPort }) => ({
      name,
      shard,
      replica: 1,
      host,
      port: httpPort,
      httpPort,
    }));
    const access: RecoveryAccess = {
      ...{ name: 'main', config: memory.config, agesTo: ['GLACIER'], now: () => Date.now() },
      // Only the nodes of a cluster are looked at.
      clusters: { metrics: { nodes } as never },
      production: nodes.map(({ name, host, port }) => ({ name, host, port })),
      store: connect,
      staging: (options) => open('s2r1', options),
      server: (_cluster, name, options) => open(name, options),
      stagingRedis: (options) => openSnapshotNode(redis.staging, {}, options),
      primary: (_group, options) => openSnapshotNode(redis.production, {}, options),
      latestEpoch: async () => 41,
      // On one machine everything reaches everything: the program stands for the firewall of a real staging.
      closedBy: {
        name: 'closed',
        run: async () => undefined,
        confirm: async () => ({ confirmed: true, evidence: 'as told' }),
      },
    };
    memory.deps = { ...memory.deps, recovery: () => access };
    archive.now = memory;
    harness = await startArchiveHarness(server(), world, archive);
    for (const { name, shard } of servers) {
      await on(name, 'CREATE DATABASE IF NOT EXISTS metrics');
      for (const table of ['samples', 'other'])
        await on(
          name,
          `CREATE TABLE metrics.${table} (d Date, n UInt64, s Nullable(String), v Float64)
            ENGINE = ReplicatedMergeTree('/tables/${shard}/${table}', 'r1') PARTITION BY toYYYYMM(d) ORDER BY n`,
        );
      await on(
        name,
        `INSERT INTO metrics.samples SELECT toDate('2026-01-05') + (number % 3) * 31, number + ${shard} * 1000000,
          if(number % 7 = 0, NULL, toString(number)), number / 3 FROM numbers(${rowsOfShard})`,
      );
      await on(name, `INSERT INTO metrics.other SELECT toDate('2026-01-05'), number, 'x', 1 FROM numbers(100)`);
    }
    await withRedis(redis.production, undefined, async (client) => {
      const pipeline = client.pipeline();
      for (let at = 0; at < 2_000; at += 1) pipeline.set(`k${at}`, `value ${at}`);
      await pipeline.exec();
    });
  });
  afterAll(async () => {
    await harness?.stop();
    store?.close();
    await Promise.all([cluster?.stop(), redis?.production.kill(), redis?.staging.kill()]);
    removeSoon(stateDir);
  });

  /** As `archive.backup` reads them: exports and digests by the driver. */
  const backUp = async (): Promise<string> => {
    const entries: BackupEntry[] = [];
    for (const { name, shard } of servers) {
      const node = await open(name);
      try {
        if (shard === 1)
          entries.push({
            ...{
              name: 'schema',
              role: 'schema',
              source: { kind: 'clickhouse-schema', cluster: 'metrics' },
              encoding: 'gzip',
            },
            content: Buffer.from((await node.objects()).map((one) => `${JSON.stringify(one)}\n`).join('')),
          });
        for (const table of ['samples', 'other']) {
          for (const { partitionId } of await node.partitions({ database: 'metrics', table })) {
            const of = { database: 'metrics', table, partitionId };
            const rowDigest = { ...(await node.digest(of)), final: false };
            entries.push({
              ...{
                name: `${table}/${shard}/${partitionId}`,
                role: 'data',
                encoding: 'gzip',
                rows: rowDigest.rows,
                rowDigest,
                totals: [{ ...billed, ...(await node.total(of, billed)) }],
              },
              source: {
                kind: 'clickhouse',
                cluster: 'metrics',
                table: `metrics.${table}`,
                partition: partitionId,
                shard,
              },
              content: await whole(await node.exportPartition(of)),
            });
          }
        }
      } finally {
        await node.close();
      }
    }
    const node = await connectRedis(redis.production);
    const { body, offset, replid } = await node.snapshot({ waitMs: 30_000, idleMs: 30_000 });
    entries.push({
      ...{
        name: 'sessions.rdb',
        role: 'redis',
        source: { kind: 'redis', group: 'sessions' },
        encoding: 'identity',
        rows: 2_000,
      },
      ...{ content: await whole(body), offset: { replid, offset } },
    });
    return writeBackup({ store, config: archive.now.config }, entries, { atMs: Date.now() });
  };
  const billed = { name: 'billed', sum: 'v', by: ['s'] };
  const digests = async (table: string): Promise<string> => {
    const figures = [];
    for (const { name } of servers)
      figures.push(
        await on(name, `SELECT count(), sum(n), sum(cityHash64(n, ifNull(s, ''), v)) FROM metrics.${table}`),
      );
    return figures.join('');
  };
  const ends = async (handle: WorkflowHandle): Promise<RunReport> => (await handle.result()) as RunReport;

  test('backed up, frozen, drilled, destroyed, restored and promoted: every digest is what it was', async () => {
    const { config } = archive.now;
    const glacier = connectS3(
      { bucket, region: rig.s3.region, endpoint: rig.s3.endpoint, forcePathStyle: true },
      labS3Login,
    );
    // What is written goes to Glacier at once: moto ages nothing by itself.
    const plain = store.put;
    const { data } = archiveKeys(config.prefix);
    store = {
      ...glacier,
      put: (request) => plain({ ...request, ...(request.key.startsWith(data) ? { storageClass: 'GLACIER' } : {}) }),
    };
    await rig.s3.thawAfter(2);
    const before = { samples: await digests('samples'), other: await digests('other') };
    const backupId = await backUp();

    const drill = await ends(await harness.start('all', {}, 'archiveDrill'));
    expect(drill.problem).toBeUndefined();
    expect(drill.outcome).toBe('done');
    expect(drill.plan?.title).toContain(backupId);
    expect(await digests('samples')).toBe(before.samples);

    const verified = (report: RunReport): unknown[] =>
      report.steps.filter(({ step }) => step === 'archive.verify-staging').map(({ after }) => after);
    for (const { name } of servers) await on(name, 'DROP TABLE metrics.samples');
    await withRedis(redis.production, undefined, (client) => client.flushall());

    // The drill has shown the wait; two looks are at least a minute apart.
    await rig.s3.thawAfter(0);
    const one = await harness.start('metrics.samples');
    await harness.until(one, 'awaiting-approval');
    await harness.approve(one);
    const restored = await ends(one);
    expect(restored.problem).toBeUndefined();
    expect(restored.outcome).toBe('done');
    expect(await digests('samples')).toBe(before.samples);
    // The other table is as it was, and what a drill verified is what the restore verified.
    expect(await digests('other')).toBe(before.other);
    expect(verified(drill)).toContainEqual(verified(restored)[0]);
    const value = (rowsOfShard * (rowsOfShard - 1)) / 6;
    expect(verified(restored)).toMatchObject([{ totals: [{ name: 'billed', partitions: 3 }], withoutTotals: 0 }]);
    const [{ totals: [total] = [] } = {}] = verified(restored) as { totals?: { value: string }[] }[];
    // Thirds, each rounded to millionths.
    expect(Math.abs(Number(total?.value) - value)).toBeLessThan(rowsOfShard * 1e-6);

    const group = await harness.start('sessions');
    await harness.until(group, 'awaiting-approval');
    await harness.approve(group);
    const loaded = await ends(group);
    expect(loaded.problem).toBeUndefined();
    await withRedis(redis.production, undefined, async (client) => {
      // And the epoch with its mark.
      expect(await client.dbsize()).toBe(2_002);
      expect(await client.get('k1999')).toBe('value 1999');
      expect(await client.get('gantry:epoch')).toBe('42');
    });
    for (const { ledger, measurements } of [restored])
      process.stdout.write(
        `${JSON.stringify(ledger?.map(({ name, ms }) => [name, ms]))} ${JSON.stringify(measurements)}\n`,
      );
    expect(await clickhouseCall(cluster.node('s2r1'), 'SHOW DATABASES')).not.toMatch(/gantry_restore/);
  });

  test('a restore over live data is refused before anything is thawed', async () => {
    rig.s3.forget();
    const error: unknown = await (await harness.start('metrics.other')).result().catch((caught: unknown) => caught);
    expect(JSON.stringify((error as { cause?: unknown }).cause)).toContain('ARCHIVE_TARGET_NOT_EMPTY');
    expect(rig.s3.requests.some(({ verb }) => String(verb).toLowerCase().includes('restore'))).toBe(false);
  });

  test('staging that reaches production by itself is found open', async () => {
    const node = await open('s2r1');
    try {
      const { host, tcpPort } = cluster.node('s1r1');
      expect((await node.reaches(host, tcpPort)).reach).toBe('open');
      // It waits for an answer that Redis never gives: that is unproven, and never closed.
      expect((await node.reaches(redis.production.host, redis.production.port)).reach).not.toBe('closed');
      expect((await node.reaches('127.0.0.1', 1)).reach).toBe('closed');
    } finally {
      await node.close();
    }
  });
});
