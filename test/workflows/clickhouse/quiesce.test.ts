import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { until } from '../../../lab/clock.ts';
import { GantryError } from '../../../src/errors/index.ts';
import { clickhouseRig } from '../../support/clickhouse-rig.ts';
import { describeWith, labFolder } from '../../support/lab.ts';
import { reportOfRun } from '../../support/move-rig.ts';
import type { MoveScene } from '../../support/move-scene.ts';
import { day, moveScene, once, partition } from '../../support/move-scene.ts';
import { useTemporal } from '../../support/temporal.ts';

const gone = 'id % 7 = 3';
const longMs = 600_000;

await describeWith(['temporal', 'clickhouse'], 'what comes to a table while a partition of it is moved', () => {
  const server = useTemporal();
  const lab = clickhouseRig();
  const nodes = ['s1r1', 's1r2', 's2r1', 's2r2'];

  const mutate = async ({ full }: MoveScene, ...on: string[]): Promise<void> => {
    for (const node of on) await lab.run(node, `ALTER TABLE ${full} DELETE WHERE ${gone}`);
  };
  /** On each server: rows that should have gone, and the others. */
  const counts = ({ full }: MoveScene): Promise<string[]> =>
    Promise.all(
      nodes.map(async (node) =>
        (
          await lab.run(node, `SELECT countIf(${gone}), countIf(NOT (${gone})) FROM ${full} WHERE day = '${day}'`)
        ).trim(),
      ),
    );
  const reach = async (set: MoveScene, wanted: string[]): Promise<void> => {
    await until(async () => (await counts(set)).join() === wanted.join(), 60_000, 100);
    expect(await counts(set)).toEqual(wanted);
  };
  const stays = async ({ full }: MoveScene): Promise<number> =>
    Number(await lab.run('s1r1', `SELECT countIf(NOT (${gone})) FROM ${full} WHERE day = '${day}'`));
  /** Waits without end for what a test is about: its own limit ends it. */
  const retry = (set: MoveScene, run: Parameters<MoveScene['rig']['tell']>[0]): Promise<void> =>
    set.rig.tell(run, 'resolve', { action: 'retry', reason: 'it was run again' });

  test(
    'a mutation during the copy: the move begins again once it is done, and moves what it leaves',
    async () => {
      let mutated = false;
      const source = ['s1r1', 's1r2'];
      const set = await moveScene(lab, server(), {
        before: async (call) => {
          if (call === 'clickhouse.fetchPartition' && !mutated) {
            mutated = true;
            // A long one: no server has begun with it when the source is looked at again.
            for (const node of source) await lab.run(node, `SYSTEM STOP MERGES ${set.full}`);
            await mutate(set, 's1r1', 's2r1');
          }
          if (call !== 'clickhouse.dropTable') return;
          for (const node of source) await lab.run(node, `SYSTEM START MERGES ${set.full}`);
        },
      });
      const rest = await stays(set);
      const report = await reportOfRun(await set.rig.move(partition, 1, 2));
      expect(report.outcome).toBe('done');
      expect(report.steps.filter(({ title }) => title === 'take the manifest')).toHaveLength(2);
      await reach(set, ['0\t0', '0\t0', `0\t${rest}`, `0\t${rest}`]);
    },
    longMs,
  );

  test(
    'a mutation between the last look and the attach voids the cutover, and is carried out',
    async () => {
      const happens = once();
      const set = await moveScene(lab, server(), happens);
      const rest = await stays(set);
      happens.on('clickhouse.attachPartitionFrom', () => mutate(set, 's2r1', 's1r1'));
      const run = await set.rig.move(partition, 1, 2);
      const { parked, pastNoReturn } = await set.rig.reaches(run, 'parked');
      expect(parked?.trouble.code).toBe('CLICKHOUSE_TABLE_CHANGED');
      expect(parked?.trouble.message).toContain('id % 7');
      expect(pastNoReturn).toBe(false);
      await set.rig.tell(run, 'abort', { reason: 'a mutation came' });
      expect(await reportOfRun(run)).toMatchObject({ outcome: 'aborted', leftBehind: [] });
      await reach(set, [`0\t${rest}`, `0\t${rest}`, '0\t0', '0\t0']);
    },
    longMs,
  );

  test(
    'another ALTER between the last look and the attach voids the cutover',
    async () => {
      const happens = once();
      const set = await moveScene(lab, server(), happens);
      happens.on('clickhouse.attachPartitionFrom', () =>
        lab.run('s1r1', `ALTER TABLE ${set.full} ADD COLUMN more UInt8`),
      );
      const run = await set.rig.move(partition, 1, 2);
      expect((await set.rig.reaches(run, 'parked')).parked?.trouble).toMatchObject({
        code: 'CLICKHOUSE_TABLE_CHANGED',
        message: expect.stringContaining('columns') as string,
      });
      await set.rig.tell(run, 'abort', { reason: 'the table was altered' });
      expect((await reportOfRun(run)).outcome).toBe('aborted');
      const [source, , target] = await set.rows();
      expect([source, target]).toEqual([60_000, 0]);
    },
    longMs,
  );

  test(
    'a mutation in the last instant before the detach is named as missed, until it is run again where the rows are',
    async () => {
      const happens = once();
      const set = await moveScene(lab, server(), happens);
      const rest = await stays(set);
      // As if the process had looked, and the mutation had come before its statement reached the server.
      happens.on('clickhouse.detachPartition', async () => {
        await mutate(set, 's1r1');
        await lab.run('s1r1', `ALTER TABLE ${set.full} DETACH PARTITION ID '${partition}'`);
        throw new GantryError('CLICKHOUSE_UNREACHABLE', 'the connection is gone');
      });
      const run = await set.rig.move(partition, 1, 2);
      const { parked } = await set.rig.reaches(run, 'parked');
      expect(parked).toMatchObject({ title: 'prove the move', trouble: { code: 'CLICKHOUSE_MUTATION_MISSED' } });
      expect(parked?.trouble.message).toContain('id % 7');
      await mutate(set, 's2r1');
      await retry(set, run);
      expect((await reportOfRun(run)).outcome).toBe('done');
      await reach(set, ['0\t0', '0\t0', `0\t${rest}`, `0\t${rest}`]);
    },
    longMs,
  );

  test(
    'a mutation of both shards after the attach is no reason to stop: it rewrites what was attached',
    async () => {
      const happens = once();
      const set = await moveScene(lab, server(), happens);
      const rest = await stays(set);
      happens.on('clickhouse.dropRanges', () => mutate(set, 's1r1', 's2r1'));
      expect((await reportOfRun(await set.rig.move(partition, 1, 2))).outcome).toBe('done');
      await reach(set, ['0\t0', '0\t0', `0\t${rest}`, `0\t${rest}`]);
    },
    longMs,
  );

  /** A split with writers that a file holds. */
  const splitScene = async (before: (call: string) => Promise<void>): Promise<MoveScene> => {
    const held = join(labFolder(), 'held');
    const fence = { kind: 'command', close: ['touch', held], confirm: ['test', '-e', held], open: ['rm', '-f', held] };
    writeFileSync(held, '');
    rmSync(held);
    expect(existsSync(held)).toBe(false);
    return moveScene(lab, server(), {
      before,
      settingsOf: (full) => ({ keys: { column: 'customer', buckets: 12 }, fence, distributed: `${full}_all` }),
    });
  };
  const buckets = [1, 4, 7, 10];

  test(
    'a mutation between the last look and the attach of a split voids it, and is carried out',
    async () => {
      const happens = once();
      const set = await splitScene(happens.before);
      const rest = await stays(set);
      happens.on('clickhouse.attachPartitionFrom', () => mutate(set, 's2r1', 's1r1'));
      const run = await set.rig.move(partition, 1, 2, { buckets });
      expect((await set.rig.reaches(run, 'parked')).parked?.trouble.code).toBe('CLICKHOUSE_TABLE_CHANGED');
      await set.rig.tell(run, 'abort', { reason: 'a mutation came' });
      expect(await reportOfRun(run)).toMatchObject({ outcome: 'aborted', leftBehind: [] });
      await reach(set, [`0\t${rest}`, `0\t${rest}`, '0\t0', '0\t0']);
    },
    longMs,
  );

  test(
    'a mutation between the detach of a split and the return of what stays is named as missed',
    async () => {
      let attaches = 0;
      const set = await splitScene(async (call) => {
        if (call === 'clickhouse.attachPartitionFrom' && (attaches += 1) === 2) await mutate(set, 's1r1', 's2r1');
      });
      const rest = await stays(set);
      const run = await set.rig.move(partition, 1, 2, { buckets });
      const { parked } = await set.rig.reaches(run, 'parked');
      expect(parked).toMatchObject({ title: 'prove the move', trouble: { code: 'CLICKHOUSE_MUTATION_MISSED' } });
      await mutate(set, 's1r1');
      await retry(set, run);
      expect((await reportOfRun(run)).outcome).toBe('done');
      await until(async () => (await counts(set)).every((one) => one.startsWith('0\t')), 60_000, 100);
      const seen = (await counts(set)).map((one) => one.split('\t').map(Number));
      expect(seen.map(([left]) => left)).toEqual([0, 0, 0, 0]);
      expect((seen[0]?.[1] ?? 0) + (seen[2]?.[1] ?? 0)).toBe(rest);
    },
    longMs,
  );

  const late = ({ full }: MoveScene): Promise<string> =>
    lab.run('s1r1', `INSERT INTO ${full} SELECT '${day}', 1, 900000000 + number, 1, NULL FROM numbers(3000)`);
  const lateOn = async (node: string, { full }: MoveScene): Promise<number> =>
    Number(await lab.run(node, `SELECT count() FROM ${full} WHERE day = '${day}' AND id >= 900000000`));

  test(
    'late rows that a restarted source has merged with the copy void the cutover: none is lost',
    async () => {
      const happens = once();
      const set = await moveScene(lab, server(), happens);
      happens.on('clickhouse.attachPartitionFrom', async () => {
        // It forgets that its merges are stopped.
        for (const node of ['s1r1', 's1r2']) {
          await lab.cluster.node(node).restart();
          const table = await lab.open(node);
          await until(async () => (await table.replica(set.name))?.readOnly === false, 60_000, 50);
        }
        await late(set);
        await set.merge(1);
      });
      const run = await set.rig.move(partition, 1, 2);
      const { parked, pastNoReturn } = await set.rig.reaches(run, 'parked');
      expect(parked?.trouble.code).toBe('CLICKHOUSE_PARTITION_CHANGES');
      expect(pastNoReturn).toBe(false);
      await set.rig.tell(run, 'abort', { reason: 'rows came late' });
      expect((await reportOfRun(run)).outcome).toBe('aborted');
      expect(await set.rows()).toEqual([63_000, 63_000, 0, 0]);
      expect(await lateOn('s1r2', set)).toBe(3_000);
    },
    longMs,
  );

  test(
    'late rows that were merged in the last instant before the detach are never taken for an insert that failed',
    async () => {
      const happens = once();
      // For as long as a server keeps a part that was merged away, the detach takes it along under its own name.
      const tableSettings = 'old_parts_lifetime = 1, cleanup_delay_period = 1';
      const set = await moveScene(lab, server(), { ...happens, tableSettings });
      const partsOn = async (node: string): Promise<number> =>
        Number(
          await lab.run(
            node,
            `SELECT count() FROM system.parts WHERE table = '${set.name.table}' AND partition_id = '${partition}'`,
          ),
        );
      happens.on('clickhouse.detachPartition', async () => {
        for (const node of ['s1r1', 's1r2']) await lab.run(node, `SYSTEM START MERGES ${set.full}`);
        await late(set);
        await set.merge(1);
        for (const node of ['s1r1', 's1r2']) await until(async () => (await partsOn(node)) === 1, 90_000, 200);
        await lab.run('s1r1', `ALTER TABLE ${set.full} DETACH PARTITION ID '${partition}'`);
        throw new GantryError('CLICKHOUSE_UNREACHABLE', 'the connection is gone');
      });
      const run = await set.rig.move(partition, 1, 2);
      const { parked } = await set.rig.reaches(run, 'parked');
      expect(parked?.trouble.code).toBe('CLICKHOUSE_LATE_ROWS_MERGED');
      expect(parked?.trouble.message).toMatch(new RegExp(`${partition}_\\d+_\\d+_[1-9]`));
      // As its page says, but for the copying of the part on the host: the rows are put back by their producer.
      await late(set);
      await set.rig.tell(run, 'resolve', { action: 'skip', acceptedRisk: 'the 3,000 rows were inserted again' });
      expect((await reportOfRun(run)).outcome).toBe('done');
      expect((await lateOn('s1r1', set)) + (await lateOn('s2r1', set))).toBe(3_000);
    },
    longMs,
  );
});
