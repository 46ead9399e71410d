import { expect, test } from 'vitest';
import { until } from '../../../../lab/clock.ts';
import type { ClickHouseNode } from '../../../../src/drivers/clickhouse/index.ts';
import { clickhouseRig } from '../../../support/clickhouse-rig.ts';
import { describeWith } from '../../../support/lab.ts';
import { daysAgo, makeRollups, rollupTables, samplesOf, tampered } from '../../../support/rollups.ts';
import type { Wrap } from './scene.ts';
import { run, tierScene } from './scene.ts';

await describeWith(['clickhouse'], 'tiering on 18.16, two shards of two replicas', () => {
  const rig = clickhouseRig();
  const servers = ['s1r1', 's1r2', 's2r1', 's2r2'];
  const all = () => rig.cluster.nodes.map((node) => node);
  const synced = async (): Promise<void> => {
    for (const table of rollupTables)
      for (const name of servers) await rig.run(name, `SYSTEM SYNC REPLICA metrics.${table}`);
  };
  const fill = async (date: string): Promise<void> => {
    await makeRollups(all(), 'replicated');
    await rig.run('s1r1', samplesOf(date));
    await rig.run('s2r2', samplesOf(date, 120));
    await synced();
  };
  const partitionsOf = async (table: string): Promise<Record<string, string>> => {
    const each = servers.map(async (name) => {
      const ids = await rig.run(
        name,
        `SELECT DISTINCT partition_id FROM system.parts WHERE active AND table = '${table}' ORDER BY partition_id`,
      );
      return [name, ids.trim().split('\n').join(' ')] as const;
    });
    return Object.fromEntries(await Promise.all(each));
  };
  const everywhere = (ids: string): Record<string, string> => Object.fromEntries(servers.map((name) => [name, ids]));
  test('proves over all shards and replicas, says that it can move nothing, and expires on all of them', async () => {
    const [due, kept] = [daysAgo(9), daysAgo(2)];
    await fill(due.date);
    for (const name of ['s1r1', 's2r2']) await rig.run(name, samplesOf(kept.date));
    await synced();
    const { plan, activities } = tierScene(all());
    // What one shard lost the other one has: a partition of the roll-up that was moved there.
    await rig.run('s1r1', tampered(due.date, -1, -4));
    await synced();
    expect((await plan('samples')).data.overdue).toMatchObject([
      {
        code: 'CLICKHOUSE_ROLLUP_DIFFERS',
        why: expect.stringContaining('count 420 here, 419 in metrics.samples_m5') as string,
      },
    ]);
    await rig.run('s2r1', tampered(due.date, 1, 4));
    await synced();
    const planned = await plan('samples');
    expect(planned.data).toMatchObject({ moves: [], overdue: [], expiries: [{ partition: due.day }] });
    expect(planned.warnings.join()).toContain('s1r1, s1r2, s2r1, s2r2: no storage policies');
    expect((await plan('samples_h1')).data).toMatchObject({ idle: true });

    const [expiry] = planned.data.expiries;
    if (!expiry) throw new Error('it plans one expiry');
    const proof = await run(activities.clickhouseProveRollup, 'inspect', expiry);
    expect(proof).toMatchObject({ verdict: 'done', after: { rows: '420' } });
    const proven = { ...expiry, proof: proof.after.reading };
    const expired = await run(activities.clickhouseExpirePartition, 'ensure', proven);
    expect(expired).toMatchObject({ verdict: 'done', changed: true, before: { on: servers }, after: { on: [] } });
    expect(await partitionsOf('samples')).toEqual(everywhere(kept.day));
    expect((await plan('samples')).data.idle).toBe(true);
  });

  test('goes on after a kill between two shards: what the first one had is known from the proof', async () => {
    const due = daysAgo(12);
    await fill(due.date);
    const cut: Wrap = (server, node) => (server.startsWith('s2') ? failing(node, 'dropPartition') : node);
    const killed = tierScene(all(), {}, cut);
    const { plan, activities } = tierScene(all());
    const expiry = { cluster: 'metrics', table: 'metrics.samples', partition: due.day };
    const proof = await run(activities.clickhouseProveRollup, 'inspect', expiry);
    const proven = { ...expiry, proof: proof.after.reading };
    await expect(run(killed.activities.clickhouseExpirePartition, 'ensure', proven)).rejects.toThrow('killed here');
    await until(async () => !(await partitionsOf('samples'))['s1r2']?.includes(due.day), 10_000);
    expect(await run(activities.clickhouseExpirePartition, 'inspect', proven)).toMatchObject({
      ...{ verdict: 'todo', begun: true, after: { on: ['s2r1', 's2r2'] } },
    });

    // Neither the next plan nor a roll-up that was changed since gets past the gate.
    expect((await plan('samples')).data.overdue).toMatchObject([
      { partition: due.day, code: 'CLICKHOUSE_ROLLUP_DIFFERS' },
    ]);
    await rig.run('s1r1', tampered(due.date, -1, 0));
    await synced();
    await expect(run(activities.clickhouseExpirePartition, 'ensure', proven, { attempt: 2 })).rejects.toMatchObject({
      type: 'CLICKHOUSE_ROLLUP_DIFFERS',
    });
    await rig.run('s1r1', tampered(due.date, 1, 0));
    await synced();
    const done = await run(activities.clickhouseExpirePartition, 'ensure', proven, { attempt: 2 });
    expect(done).toMatchObject({ verdict: 'done', after: { on: [] } });
    expect(Object.values(await partitionsOf('samples')).join()).not.toContain(due.day);
  });

  const proofOf = async (day: string) => {
    const expiry = { cluster: 'metrics', table: 'metrics.samples', partition: day };
    const { activities } = tierScene(all());
    return { expiry, proof: await run(activities.clickhouseProveRollup, 'inspect', expiry) };
  };

  test('proves nothing while a mutation of the table is under way, and names it', async () => {
    const due = daysAgo(18);
    await fill(due.date);
    for (const name of servers) await rig.run(name, 'SYSTEM STOP MERGES metrics.samples');
    try {
      await rig.run('s2r1', 'ALTER TABLE metrics.samples DELETE WHERE value = 987654321');
      const { proof } = await proofOf(due.day);
      expect(proof).toMatchObject({ verdict: 'blocked', blockedBy: 'CLICKHOUSE_MUTATION_RUNNING' });
      expect(proof.summary).toContain('987654321');
    } finally {
      for (const name of servers) await rig.run(name, 'SYSTEM START MERGES metrics.samples');
    }
  });

  test.each([
    ['rows', (date: string) => samplesOf(date, 7)],
    ['a mutation', () => 'ALTER TABLE metrics.samples DELETE WHERE value = 123454321'],
  ])(
    'drops nothing of a shard to which %s came since it was proven',
    async (what, statement) => {
      const due = daysAgo(what === 'rows' ? 21 : 24);
      await fill(due.date);
      const { expiry, proof } = await proofOf(due.day);
      const came: Wrap = (server, node) =>
        server.startsWith('s1') ? calling(node, 'killEarlier', () => rig.run('s1r1', statement(due.date))) : node;
      const { activities } = tierScene(all(), {}, came);
      const proven = { ...expiry, proof: proof.after.reading };
      await expect(run(activities.clickhouseExpirePartition, 'ensure', proven)).rejects.toMatchObject({
        type: 'CLICKHOUSE_TABLE_CHANGED',
      });
      expect((await partitionsOf('samples'))['s1r1']).toContain(due.day);
    },
    90_000,
  );

  test('says which rows came in the last instant before the drop, and went with it', async () => {
    const due = daysAgo(27);
    await fill(due.date);
    const { expiry, proof } = await proofOf(due.day);
    const came: Wrap = (server, node) =>
      server === 's1r1' ? calling(node, 'dropPartition', () => rig.run('s1r1', samplesOf(due.date, 7))) : node;
    const { activities } = tierScene(all(), {}, came);
    const proven = { ...expiry, proof: proof.after.reading };
    await expect(run(activities.clickhouseExpirePartition, 'ensure', proven)).rejects.toMatchObject({
      ...{ type: 'CLICKHOUSE_DROPPED_LATE', message: expect.stringContaining(`${due.day}_`) as string },
    });
  });

  test('lets no replica speak for another one that disagrees', async () => {
    const due = daysAgo(15);
    await fill(due.date);
    await rig.run('s1r2', 'SYSTEM STOP FETCHES metrics.samples_m5');
    try {
      await rig.run('s1r1', tampered(due.date, 1, 1));
      const { plan } = tierScene(all());
      await expect(plan('samples')).rejects.toMatchObject({
        ...{ type: 'CLICKHOUSE_REPLICAS_DISAGREE', message: 's1r1 and s1r2 differ about metrics.samples_m5' },
      });
    } finally {
      await rig.run('s1r2', 'SYSTEM START FETCHES metrics.samples_m5');
    }
  });
});

/** A connection on which one verb stands for SIGKILL. */
function failing(node: ClickHouseNode, verb: keyof ClickHouseNode): ClickHouseNode {
  return { ...node, [verb]: () => Promise.reject(new Error('killed here')) };
}

/** A connection on which something happens before one verb. */
function calling(
  node: ClickHouseNode,
  verb: 'killEarlier' | 'dropPartition',
  before: () => Promise<unknown>,
): ClickHouseNode {
  const call = node[verb] as (...given: unknown[]) => Promise<unknown>;
  return {
    ...node,
    [verb]: async (...given: unknown[]) => {
      await before();
      return call(...given);
    },
  };
}
