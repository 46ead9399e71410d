import { afterAll, beforeAll, expect, test } from 'vitest';
import { pause, until } from '../../../lab/clock.ts';
import { createEvents, rowsPerBlock } from '../../../lab/load/clickhouse-events.ts';
import type { Inserter } from '../../../lab/load/clickhouse-inserter.ts';
import { createInserter } from '../../../lab/load/clickhouse-inserter.ts';
import type { RunStatus } from '../../../src/runs/index.ts';
import { clickhouseRig } from '../../support/clickhouse-rig.ts';
import { describeWith, stopping } from '../../support/lab.ts';
import type { RebalanceRig } from '../../support/rebalance-rig.ts';
import { rebalancePolicies, reportOf, restingTable, startRebalanceRig } from '../../support/rebalance-rig.ts';
import { useTemporal } from '../../support/temporal.ts';

const today = '2026-02-01';
const days = Array.from({ length: 6 }, (_, at) => `2026-01-0${at + 1}`);
const clean = { lostRows: 0, doubledRows: 0, foreignRows: 0, examples: [] };
/** Longer than it takes to fill the table: only today's partition is open then. */
const closedAfterMs = 4_000;
/** A loaded machine needs 20 s and more for each move. */
const longMs = 300_000;

await describeWith(['temporal', 'clickhouse'], 'a rebalance', () => {
  const server = useTemporal();
  const lab = clickhouseRig();
  const names = ['approved', 'aborted'];
  let rig: RebalanceRig;
  beforeAll(async () => {
    const table = (name: string) => ({ ...restingTable(`load.${name}`), closedAfter: `${closedAfterMs}ms`, window: 2 });
    rig = await startRebalanceRig({
      server: server(),
      cluster: lab.cluster,
      tables: Object.fromEntries(names.map((name) => [`load.${name}`, table(name)])),
      policies: { ...rebalancePolicies, kinds: { 'clickhouse.rebalance': { approval: { people: 1 } } } },
    });
  });
  afterAll(() => rig?.stop());

  /** Six closed days on shard 1, and producers that write today's to both. */
  async function skewed(table: string): Promise<Inserter> {
    const events = { cluster: 'metrics', database: 'load', table };
    await createEvents(lab.cluster.nodes, events);
    const shards = [1, 2].map((shard) => lab.cluster.shard(shard));
    const inserter = stopping(createInserter({ shards, events, today, perSecond: 5 }));
    for (const day of days) await inserter.seed(1, day, 40);
    await pause(closedAfterMs + 1_000);
    inserter.start();
    await until(async () => inserter.ledger.acknowledged() > 245, 10_000);
    return inserter;
  }
  const rowsOn = async (table: string): Promise<Record<string, number[]>> =>
    Object.fromEntries(
      await Promise.all(
        ['s1r1', 's1r2', 's2r1', 's2r2'].map(async (node) => {
          const text = await lab.run(node, `SELECT count() FROM load.${table} WHERE day != '${today}' GROUP BY day`);
          return [node, text.trim().split('\n').filter(Boolean).map(Number)] as const;
        }),
      ),
    );

  test(
    'is planned, approved while rows come in, made, and proven: no row lost or doubled',
    async () => {
      const inserter = await skewed('approved');
      const run = await rig.start('load.approved');
      const waiting = await rig.reaches(run, 'awaiting-approval');
      const drawn = waiting.plan?.picture?.plan;
      const most = drawn?.moves.length ?? 0;
      expect(most).toBeGreaterThanOrEqual(2);
      // Two shards: whatever the window says, one after the other.
      expect(drawn?.moves.every(({ startsAfterMs }, at) => startsAfterMs > 0 || at === 0)).toBe(true);
      // Today's partition grows: the facts of the second look are others, and the plan is the same.
      await until(async () => inserter.ledger.acknowledged() > 265, 10_000);
      await run.executeUpdate('approve', { args: [{ planHash: waiting.plan?.hash, by: 'ada' }] });
      const report = await reportOf(run);
      await inserter.stop();
      expect(report.outcome).toBe('done');
      const moves = report.steps.filter((step) => step.run !== undefined);
      expect(moves.map(({ state }) => state)).toEqual(moves.map(() => 'done'));
      const spans = moves.map(
        ({ startedAt = '', ms = 0 }) => [Date.parse(startedAt), Date.parse(startedAt) + ms] as const,
      );
      expect(spans.every(([from], at) => at === 0 || from >= (spans[at - 1]?.[1] ?? Infinity))).toBe(true);
      expect(moves.map((step) => step.run?.workflowId)).toEqual(
        drawn?.moves.map(({ partition }) => `clickhouse/metrics/load.approved/${partition}`),
      );
      expect(report.measurements).toMatchObject({ partitionsMoved: most, rowsMoved: most * 40 * rowsPerBlock });
      const proof = report.steps.at(-1);
      expect(proof?.state).toBe('unchanged');
      expect(proof?.summary).toContain('nothing is left to move');
      expect(proof?.after).toMatchObject({ rows: most * 40_000, rowsBefore: most * 40_000, movesLeft: 0 });
      const held = await rowsOn('approved');
      expect(held['s1r1']?.length).toBe(6 - most);
      expect(held['s2r1']?.length).toBe(most);
      expect(held['s1r2']).toEqual(held['s1r1']);
      expect(held['s2r2']).toEqual(held['s2r1']);
      expect(await inserter.verify(lab.cluster.node('s1r1'))).toMatchObject(clean);
      // A second one finds nothing to do, and asks nobody.
      const again = await reportOf(await rig.start('load.approved', { dryRun: true }));
      expect(again.plan?.title).toMatch(/^Nothing to do/);
    },
    longMs,
  );

  test(
    'an abort in the middle leaves whole partitions on one side or the other, and a next run goes on from there',
    async () => {
      const inserter = await skewed('aborted');
      const run = await rig.start('load.aborted', { window: 1 });
      const { plan } = await rig.reaches(run, 'awaiting-approval');
      await run.executeUpdate('approve', { args: [{ planHash: plan?.hash, by: 'ada' }] });
      const count = plan?.picture?.plan.moves.length ?? 0;
      await until(async () => {
        const { steps } = await run.query<RunStatus, []>('status');
        return steps.some((step) => step.run?.state === 'running');
      }, 20_000);
      await run.executeUpdate('abort', { args: [{ by: 'ada', reason: 'enough for today' }] });
      const report = await reportOf(run);
      expect(report.outcome).toBe('aborted');
      const done = report.steps.filter((step) => step.run && step.state === 'done').length;
      expect(done).toBeLessThan(count);
      expect(report.leftBehind).toHaveLength(done);
      const held = await rowsOn('aborted');
      expect(held['s1r1']).toEqual(Array.from({ length: 6 - done }, () => 40_000));
      const next = await rig.start('load.aborted');
      const planned = await rig.reaches(next, 'awaiting-approval');
      expect(planned.plan?.picture?.plan.moves).toHaveLength(count - done);
      await next.executeUpdate('approve', { args: [{ planHash: planned.plan?.hash, by: 'ada' }] });
      expect((await reportOf(next)).outcome).toBe('done');
      await inserter.stop();
      expect(await inserter.verify(lab.cluster.node('s1r1'))).toMatchObject(clean);
    },
    longMs,
  );
});
