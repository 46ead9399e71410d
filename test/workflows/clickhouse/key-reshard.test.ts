import type { WorkflowHandle } from '@temporalio/client';
import { expect, test } from 'vitest';
import { pause, until } from '../../../lab/clock.ts';
import { clickhouseRows } from '../../../lab/clickhouse-client.ts';
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

const buckets = 12;
const today = '2026-02-01';

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
      createInserter({ shards: [one, two], events, today, perSecond: 8, repeatEvery: 3, distributed: true }),
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
          policies: { ...movePolicies, default: { ...movePolicies.default, approval: { people: 1 } } },
          tiers: { nvme: { medium: 'nvme', temperature: 'hot', size: '100GB' } },
          ...options,
        }),
      );
    const reshard = async (rig: MoveRig, input: object = {}): Promise<WorkflowHandle> =>
      rig.start('clickhouseKeyReshard', `clickhouse/metrics/${full}${'dryRun' in input ? '/dry' : ''}`, input);
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
    return { cluster, inserter, full, start, reshard, grow, held };
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

  test(
    'brings every row of five million to the shard of its key under inserts: none lost, none doubled',
    { timeout: 600_000 },
    async () => {
      const days = Array.from({ length: 3 }, (_, at) => `2026-01-0${at + 1}`);
      const set = await scene(days, 1_680);
      const pinned = await done(set.reshard(await set.start()));
      expect(pinned).toMatchObject({ outcome: 'done', measurements: { partitionsSplit: 0 } });
      await set.grow();

      set.inserter.start();
      const reader = startTotalsReader({
        ...{ server: set.cluster.node('s1r1'), table: `${set.full}_all`, days: [...days, today], everyMs: 50 },
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
      expect(verdict.acknowledgedRows).toBeGreaterThan(5_000_000);
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
  }, 180_000);

  test('is refused for a table without `keys`, and where a server lists other shards', async () => {
    const set = await scene(['2026-01-01'], 2);
    await set.grow();
    await set.cluster.declare({ 1: 1, 2: 1 });
    const run = await set.reshard(await set.start());
    expect(await run.result().catch(codeOf)).toBe('CLICKHOUSE_UNKNOWN_CLUSTER');
    const plain = stopping(await startMoveRig({ server: server(), cluster: lab.cluster, table: set.full }));
    const refused = await plain.start('clickhouseKeyReshard', `clickhouse/metrics/${set.full}`, {});
    expect(await refused.result().catch(codeOf)).toBe('CLICKHOUSE_NOT_KEY_SHARDED');
  }, 120_000);
});
