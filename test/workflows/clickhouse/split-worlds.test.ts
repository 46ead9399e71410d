import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { until } from '../../../lab/clock.ts';
import { rowsPerBlock } from '../../../lab/load/clickhouse-events.ts';
import type { RunReport } from '../../../src/runs/index.ts';
import { clickhouseRig } from '../../support/clickhouse-rig.ts';
import { describeWith, labFolder } from '../../support/lab.ts';
import type { MoveRigOptions } from '../../support/move-rig.ts';
import { reportOfRun } from '../../support/move-rig.ts';
import type { MoveScene } from '../../support/move-scene.ts';
import { moveScene, once, partition, seededBlocks } from '../../support/move-scene.ts';
import { useTemporal } from '../../support/temporal.ts';

const seeded = seededBlocks * rowsPerBlock;
const keys = { column: 'customer', buckets: 12 };
const buckets = [1, 4, 7, 10];

await describeWith(['temporal', 'clickhouse'], 'the split of a partition', () => {
  const server = useTemporal();
  const lab = clickhouseRig();

  /** Writers that a file holds back, where another one allows it; `allowed` unless taken away. */
  async function scene(options: Partial<MoveRigOptions> = {}) {
    const folder = labFolder();
    const [held, allowed] = [join(folder, 'held'), join(folder, 'allowed')];
    writeFileSync(allowed, '');
    const fence = {
      kind: 'command',
      close: ['sh', '-c', 'test -e "$1" && touch "$0"', held, allowed],
      confirm: ['test', '-e', held],
      open: ['rm', '-f', held],
    };
    const set: MoveScene = await moveScene(lab, server(), {
      settingsOf: (full) => ({ keys, fence, distributed: `${full}_all` }),
      ...options,
    });
    return { ...set, held, allowed };
  }
  /** Rows of the buckets that go, and of the others, on a server. */
  const rowsBy = async (node: string, { full }: MoveScene): Promise<string> =>
    lab.run(
      node,
      `SELECT countIf(has([${buckets.join()}], toUInt8(cityHash64(customer) % ${keys.buckets}))), count() FROM ${full} WHERE day = '2026-01-01'`,
    );
  const staging = (node: string, { name }: MoveScene): Promise<string> =>
    lab.run(node, `SELECT name FROM system.tables WHERE name LIKE '${name.table}\\\\_\\\\_%'`);
  const titles = ({ steps }: RunReport, state: string): string[] =>
    steps.filter((step) => step.state === state).map(({ title }) => title);

  test('aborted before its cutover lets the writers go on and leaves nothing: no copy, the same rows', async () => {
    const happens = once();
    const set = await scene({ before: happens.before });
    const before = await rowsBy('s1r1', set);
    const started = set.rig.move(partition, 1, 2, { buckets });
    // The first look of the step that stops the merges: what is asked for then takes effect before it acts.
    happens.on('clickhouse.merges', async () => {
      expect(existsSync(set.held)).toBe(true);
      await set.rig.tell(await started, 'abort', { reason: 'enough of it' });
    });
    const report = await reportOfRun(await started);
    expect(report).toMatchObject({ outcome: 'aborted', pastNoReturn: false, leftBehind: [] });
    expect(titles(report, 'undone')).toEqual([
      'hold the ingest',
      'make the staging table of what goes',
      'make the staging table of what stays',
    ]);
    expect(existsSync(set.held)).toBe(false);
    expect(await set.rows()).toEqual([seeded, seeded, 0, 0]);
    expect(await rowsBy('s1r1', set)).toBe(before);
    for (const { name } of lab.cluster.nodes) expect(await staging(name, set)).toBe('');
  });

  test('gives the rows that stay back where their copy has been merged since it was verified', async () => {
    const seen: string[] = [];
    let stay = '';
    const run = (statement: string): Promise<string> => lab.run('s1r1', statement);
    const parts = async (): Promise<number> =>
      Number(await run(`SELECT count() FROM system.parts WHERE active AND concat(database, '.', table) = '${stay}'`));
    const set = await scene({
      before: async (call) => {
        if (
          call === 'clickhouse.stopMerges' &&
          seen.includes('clickhouse.copyBuckets') &&
          !seen.includes('in two parts')
        ) {
          seen.push('in two parts');
          stay = `load.${(await run(`SELECT name FROM system.tables WHERE name LIKE '${set.name.table}\\_\\_stay%'`)).trim()}`;
          await run(
            `CREATE TABLE load.kept AS ${stay} ENGINE = MergeTree PARTITION BY toYYYYMMDD(day) ORDER BY (customer, id)`,
          );
          await run(`INSERT INTO load.kept SELECT * FROM ${stay}`);
          await run(`ALTER TABLE ${stay} DROP PARTITION ID '${partition}'`);
          for (const half of [0, 1]) await run(`INSERT INTO ${stay} SELECT * FROM load.kept WHERE id % 2 = ${half}`);
          await run('DROP TABLE load.kept');
        }
        if (call === 'clickhouse.attachPartitionFrom' && !seen.includes(call)) {
          // As servers that were restarted do, which have forgotten that merges are stopped.
          expect(await parts()).toBe(2);
          for (const { name } of lab.cluster.shard(1)) await lab.run(name, `SYSTEM START MERGES ${stay}`);
          await until(
            async () => {
              await run(`OPTIMIZE TABLE ${stay} PARTITION ID '${partition}' FINAL`);
              return (await parts()) === 1;
            },
            15_000,
            100,
          );
          expect(await parts()).toBe(1);
        }
        seen.push(call);
      },
    });
    const report = await reportOfRun(await set.rig.move(partition, 1, 2, { buckets }));
    expect(report).toMatchObject({ outcome: 'done', pastNoReturn: true });
    expect(seen).toContain('in two parts');
    for (const node of ['s1r2', 's2r1'])
      expect(await set.inserter.verify(lab.cluster.node(node))).toMatchObject({ lostRows: 0, doubledRows: 0 });
  });

  test('parks while its writers cannot be held, with nothing changed; retried, it brings each row to its shard', async () => {
    const happens = once();
    const set = await scene({ before: happens.before });
    rmSync(set.allowed);
    const run = await set.rig.move(partition, 1, 2, { buckets });
    const status = await set.rig.reaches(run, 'parked');
    expect(status.parked).toMatchObject({ title: 'hold the ingest', trouble: { code: 'CLICKHOUSE_INGEST_NOT_HELD' } });
    expect(await set.rows()).toEqual([seeded, seeded, 0, 0]);
    for (const { name } of lab.cluster.nodes) expect(await staging(name, set)).toBe('');

    writeFileSync(set.allowed, '');
    await set.rig.tell(run, 'resolve', { action: 'retry', reason: 'the proxies answer again' });
    const report = await reportOfRun(run);
    expect(report).toMatchObject({ outcome: 'done', pastNoReturn: true });
    const [gone, all] = (await rowsBy('s2r2', set)).trim().split('\t').map(Number);
    expect(gone).toBe(all);
    expect(gone).toBeGreaterThan(0);
    expect(await rowsBy('s1r2', set)).toBe(`0\t${seeded - (gone ?? 0)}\n`);
    for (const node of ['s1r1', 's2r2'])
      expect(await set.inserter.verify(lab.cluster.node(node))).toMatchObject({ lostRows: 0, doubledRows: 0 });
  });
});
