import type { WorkflowHandle } from '@temporalio/client';
import { expect, test } from 'vitest';
import { pause, until } from '../../../lab/clock.ts';
import { clickhouseCall, clickhouseRows } from '../../../lab/clickhouse/client.ts';
import { createEvents, rowsPerBlock } from '../../../lab/load/clickhouse-events.ts';
import { createInserter } from '../../../lab/load/clickhouse-inserter.ts';
import { fenceByFiles } from '../../../lab/load/ingest-fence.ts';
import { startTotalsReader } from '../../../lab/load/clickhouse-reader.ts';
import { GantryError } from '../../../src/errors/index.ts';
import type { RunReport, RunStatus } from '../../../src/runs/index.ts';
import { clickhouseRig } from '../../support/clickhouse-rig.ts';
import { describeWith, labFolder, stopping } from '../../support/lab.ts';
import type { MoveRig, MoveRigOptions } from '../../support/move-rig.ts';
import { movePolicies, startMoveRig } from '../../support/move-rig.ts';
import { useTemporal } from '../../support/temporal.ts';
import { codeOf } from '../run/harness.ts';

/** A sample; `make test-all` makes the whole of it (test/long). */
const seededRows = Number(process.env['GANTRY_RESHARD_ROWS'] ?? 60_000);
const buckets = 12;
const today = '2026-02-01';
/** A replica is behind by a moment when the writers are held: it is asked again, for longer where the machine is loaded. */
const profile = { ...movePolicies.default.profiles.quick, attempts: 8, maxRetry: '2s' };
const profiles = { quick: profile, slow: profile, watched: profile };
const tiers = { nvme: { medium: 'nvme', temperature: 'hot', size: '100GB' } };

await describeWith(['temporal', 'clickhouse'], 'the reshard of a table by its key', () => {
  const server = useTemporal();
  const lab = clickhouseRig();
  let tables = 0;

  /** Days on two shards by `cityHash64(customer)`, a third shard that has the tables and no row, and producers. */
  async function scene(days: readonly string[], blocksPerDay: number, options: Partial<MoveRigOptions> = {}) {
    tables += 1;
    const { cluster } = lab;
    const events = { cluster: 'metrics', database: 'usage', table: `e${tables}`, shardingKey: 'cityHash64(customer)' };
    const [one, two] = [cluster.shard(1), cluster.shard(2)];
    await cluster.declare({ 1: 1, 2: 1 });
    await createEvents([...one, ...two], events);
    const inserter = stopping(
      createInserter({ shards: [one, two], events, today, perSecond: 4, repeatEvery: 3, distributed: true }),
    );
    for (const day of days) await inserter.seed(1, day, blocksPerDay);
    // The rule is pinned while there are two shards: from here on a third one changes nothing by being there.
    const full = `usage.${events.table}`;
    const fence = stopping(fenceByFiles(labFolder(), inserter));
    const settings = {
      ...{ distributed: `${full}_all`, closedAfter: '2s', fence: fence.programs, tier: 'nvme' },
      keys: { column: 'customer', buckets },
    };
    const start = async (): Promise<MoveRig> =>
      stopping(
        await startMoveRig({
          ...{ server: server(), cluster, table: full, settings },
          policies: { default: { approval: { people: 1 }, profiles } },
          tiers,
          ...options,
        }),
      );
    const reshard = async (rig: MoveRig, input: object = {}): Promise<WorkflowHandle> =>
      rig.start(
        'clickhouseKeyReshard',
        `clickhouse/${options.called ?? 'metrics'}/${full}${'dryRun' in input ? '/dry' : ''}`,
        input,
      );
    const grow = async (): Promise<void> => {
      const three = cluster.nodes.some(({ shard }) => shard === 3) ? cluster.shard(3) : await cluster.addShard();
      await createEvents(three, { ...events, shardingKey: 'rand()' });
      await cluster.declare({ 1: 1, 2: 1, 3: 1 });
    };
    /** Rows of each bucket on each shard. */
    const held = async (): Promise<Record<string, Record<string, number>>> => {
      const shards: Record<string, Record<string, number>> = {};
      for (const name of ['s1r1', 's2r1', 's3r1']) {
        const rows = await clickhouseRows<{ bucket: string; rows: string }>(
          cluster.node(name),
          `SELECT cityHash64(customer) % ${buckets} AS bucket, count() AS rows FROM ${full} GROUP BY bucket`,
        );
        shards[name] = Object.fromEntries(rows.map(({ bucket, rows: count }) => [bucket, Number(count)]));
      }
      return shards;
    };
    /** In how many parts the first shard has a day. */
    const parts = async (day: string): Promise<number> => {
      const of = `database = 'usage' AND table = '${events.table}' AND partition_id = '${day.replaceAll('-', '')}'`;
      const count = `SELECT count() FROM system.parts WHERE active AND ${of}`;
      return Number(await clickhouseCall(cluster.node('s1r1'), count));
    };
    return { cluster, inserter, full, start, reshard, grow, held, parts };
  }
  /** Somebody reads the plan for a while, and approves it. One that has nothing to do, or is a dry run, asks nobody. */
  const done = async (started: Promise<WorkflowHandle>): Promise<RunReport> => {
    const run = await started;
    const status = await until(async () => {
      const now = await run.query<RunStatus, []>('status');
      return ['awaiting-approval', 'done', 'planned', 'refused', 'failed'].includes(now.state) ? now : undefined;
    }, 60_000);
    if (status?.state === 'awaiting-approval') {
      await pause(2_000);
      await run.executeUpdate('approve', { args: [{ planHash: status.plan?.hash, by: 'bob' }] });
    }
    return (await run.result()) as RunReport;
  };

  // The first, while there are two shards: no row moves, the rule is all that changes.
  test('sends what waits in the queues of both Distributed tables when a server restarts after its rule was switched', async () => {
    const happens = { creates: 0 };
    const set = await scene(['2026-01-01'], 20, {
      before: async (call) => {
        if (call !== 'clickhouse.createDistributed') return;
        happens.creates += 1;
        const insert = (firstId: number): Promise<string> =>
          clickhouseCall(
            set.cluster.node('s1r1'),
            `INSERT INTO ${set.full}_all SELECT toDate('2026-01-01'), number, number, 1, NULL FROM numbers(${firstId}, 1000)`,
            { settings: { insert_distributed_sync: 0 } },
          );
        // Of the first server: nothing gets through to the other shard from here on.
        if (happens.creates === 1) {
          for (const server of set.cluster.shard(2)) await clickhouseCall(server, `DETACH TABLE ${set.full}`);
          await insert(1_000_000);
        }
        // Of the second one: the first has switched.
        if (happens.creates === 2) {
          await insert(2_000_000);
          await set.cluster.node('s1r1').restart();
          for (const server of set.cluster.shard(2)) await clickhouseCall(server, `ATTACH TABLE ${set.full}`);
        }
      },
    });
    expect((await done(set.reshard(await set.start()))).outcome).toBe('done');
    const wanted = 20 * rowsPerBlock + 2_000;
    const all = async (): Promise<number> =>
      Number(await clickhouseCall(set.cluster.node('s1r2'), `SELECT count() FROM ${set.full}_all`));
    expect(await until(async () => (await all()) === wanted, 30_000, 200)).toBe(true);
  });

  test('keeps the columns of the Distributed table, on a cluster that its servers list by another name', async () => {
    const set = await scene(['2026-01-01'], 2, { called: 'usage' });
    for (const { name } of set.cluster.nodes)
      await clickhouseCall(
        set.cluster.node(name),
        `ALTER TABLE ${set.full}_all ADD COLUMN doubled UInt64 ALIAS value * 2`,
      );
    const columns = (node: string): Promise<string> =>
      clickhouseCall(set.cluster.node(node), `DESCRIBE TABLE ${set.full}_all`);
    const before = await columns('s1r1');
    expect(before).toContain('doubled');
    expect(await done(set.reshard(await set.start()))).toMatchObject({ outcome: 'done' });
    for (const { name } of set.cluster.nodes) {
      expect(await columns(name)).toBe(before);
      const engine = `SELECT engine_full FROM system.tables WHERE concat(database, '.', name) = '${set.full}_all'`;
      expect(await clickhouseCall(set.cluster.node(name), engine)).toMatch(/\[(0, 1|1, 0)/);
    }
  });

  test(
    `brings every row of ${seededRows} and more to the shard of its key under inserts: none lost, none doubled`,
    { timeout: 3_600_000 },
    async () => {
      const days = Array.from({ length: 3 }, (_, at) => `2026-01-0${at + 1}`);
      const set = await scene(days, Math.ceil(seededRows / rowsPerBlock / days.length));
      const pinned = await done(set.reshard(await set.start()));
      expect(pinned).toMatchObject({ outcome: 'done', measurements: { partitionsSplit: 0 } });
      await set.grow();

      set.inserter.start();
      const reader = startTotalsReader({
        ...{ server: set.cluster.node('s1r1'), table: `${set.full}_all`, days: [...days, today], everyMs: 250 },
        bounds: (day) => set.inserter.ledger.bounds(day),
      });
      await until(async () => set.inserter.ledger.bounds(today).low > 3 * rowsPerBlock, 20_000);
      const report = await done(set.reshard(await set.start()));
      await set.inserter.stop();
      const wrong = await reader.stop();

      expect(report.outcome).toBe('done');
      // Three days and today, from two shards each.
      expect(report.measurements['partitionsSplit']).toBe(8);
      const verdict = await set.inserter.verify(set.cluster.node('s1r1'));
      expect(verdict).toMatchObject({ lostRows: 0, doubledRows: 0, foreignRows: 0 });
      expect(verdict.acknowledgedRows).toBeGreaterThan(seededRows);
      const held = await set.held();
      const homes = Array.from({ length: buckets }, (_, bucket) =>
        Object.keys(held).filter((name) => (held[name]?.[String(bucket)] ?? 0) > 0),
      );
      expect(homes.every((names) => names.length === 1)).toBe(true);
      expect(Object.keys(held).map((name) => homes.flat().filter((home) => home === name).length)).toEqual([4, 4, 4]);
      const longest = Math.round(Math.max(0, ...wrong.map(({ ms }) => ms)));
      process.stdout.write(
        `key-reshard: ${verdict.acknowledgedRows} rows, ${report.measurements['rowsMoved']} moved in ${(report.ms / 1000).toFixed(1)} s; wrong totals ${wrong.length}, the longest ${longest} ms\n`,
      );

      // Planned again there is nothing to do, and new rows come where they belong.
      expect(await done(set.reshard(await set.start()))).toMatchObject({ outcome: 'done', steps: [] });
    },
  );

  test('shows its plan and changes nothing in a dry run; then goes on after each statement of a split was cut off once', async () => {
    const failed = new Set<string>();
    const set = await scene(['2026-01-01'], 20, {
      before: async (call) => {
        if (!/attachPartitionFrom|detachPartition|insertStream|copyBuckets/.test(call) || failed.has(call)) return;
        failed.add(call);
        throw new GantryError('CLICKHOUSE_UNREACHABLE', 'the connection is gone');
      },
    });
    await set.grow();
    const rig = await set.start();
    const dry = await done(set.reshard(rig, { dryRun: true }));
    expect(dry).toMatchObject({ outcome: 'planned', steps: [] });
    expect(dry.plan?.actions.map(({ step }) => step)).toContain('clickhouse.split');
    const before = await set.held();
    expect(before['s3r1']).toEqual({});

    expect((await done(set.reshard(rig))).outcome).toBe('done');
    expect(failed.size).toBe(4);
    expect(await set.inserter.verify(set.cluster.node('s1r1'))).toMatchObject({ lostRows: 0, doubledRows: 0 });
    const after = await set.held();
    expect(Object.keys(after['s3r1'] ?? {})).toHaveLength(4);
  });

  test('goes on when the server restarts, and merges, before it has answered that its own rows are back', async () => {
    const happens = { attaches: 0, restarted: false };
    const day = '2026-01-01';
    const set = await scene([day], 4_000, {
      before: async (call) => {
        if (call === 'clickhouse.attachPartitionFrom') return void (happens.attaches += 1);
        // The target's, then the source's own.
        if (happens.attaches < 2 || happens.restarted) return;
        happens.restarted = true;
        const server = set.cluster.node('s1r1');
        await until(async () => (await set.parts(day)) > 1, 10_000);
        await server.restart();
        const merge = `OPTIMIZE TABLE ${set.full} PARTITION ID '20260101' FINAL`;
        const merged = await until(
          async () => {
            await clickhouseCall(server, merge).catch(() => undefined);
            return (await set.parts(day)) === 1;
          },
          40_000,
          200,
        );
        expect(merged).toBe(true);
        throw new GantryError('CLICKHOUSE_UNREACHABLE', 'the connection is gone');
      },
    });
    await set.grow();
    expect((await done(set.reshard(await set.start()))).outcome).toBe('done');
    expect(happens.restarted).toBe(true);
    expect(await set.inserter.verify(set.cluster.node('s3r1'))).toMatchObject({ lostRows: 0, doubledRows: 0 });
  });

  test('is refused for a table without `keys`, with a shard of weight 0, and where a server lists other shards', async () => {
    const set = await scene(['2026-01-01'], 2);
    await set.grow();
    await set.cluster.declare({ 1: 1, 2: 1, 3: 0 });
    const weightless = await set.reshard(await set.start(), { dryRun: true });
    expect(await weightless.result().catch(codeOf)).toBe('CLICKHOUSE_PLACEMENT_UNKNOWN');
    await set.cluster.declare({ 1: 1, 2: 1 });
    const run = await set.reshard(await set.start());
    expect(await run.result().catch(codeOf)).toBe('CLICKHOUSE_UNKNOWN_CLUSTER');
    const plain = stopping(await startMoveRig({ server: server(), cluster: lab.cluster, table: set.full }));
    const refused = await plain.start('clickhouseKeyReshard', `clickhouse/metrics/${set.full}`, {});
    expect(await refused.result().catch(codeOf)).toBe('CLICKHOUSE_NOT_KEY_SHARDED');
  });

  test('is refused while a mutation is not done, and for an engine whose merges take rows together', async () => {
    const set = await scene(['2026-01-01'], 2);
    await set.grow();
    for (const server of set.cluster.shard(1)) await clickhouseCall(server, `SYSTEM STOP MERGES ${set.full}`);
    await clickhouseCall(set.cluster.node('s1r1'), `ALTER TABLE ${set.full} DELETE WHERE id = 1`);
    const run = await set.reshard(await set.start(), { dryRun: true });
    expect(await run.result().catch(codeOf)).toBe('CLICKHOUSE_MUTATION_RUNNING');

    const latest = 'usage.latest';
    for (const server of set.cluster.nodes) {
      await clickhouseCall(
        server,
        `CREATE TABLE ${latest} AS ${set.full}
          ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/latest', '{replica}')
          PARTITION BY toYYYYMMDD(day) ORDER BY (customer, id)`,
      );
      const engine = `Distributed(metrics, usage, latest, cityHash64(customer))`;
      await clickhouseCall(server, `CREATE TABLE ${latest}_all AS ${latest} ENGINE = ${engine}`);
    }
    const settings = { distributed: `${latest}_all`, keys: { column: 'customer', buckets }, tier: 'nvme' };
    const rig = stopping(
      await startMoveRig({ server: server(), cluster: set.cluster, table: latest, settings, tiers }),
    );
    const refused = await rig.start('clickhouseKeyReshard', `clickhouse/metrics/${latest}`, {});
    expect(await refused.result().catch(codeOf)).toBe('CLICKHOUSE_ENGINE_UNSUPPORTED');
  });
});
