import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { until } from '../../../lab/clock.ts';
import type { RunReport, RunStatus } from '../../../src/runs/index.ts';
import { describeWith } from '../../support/lab.ts';
import { daysAgo, deletingTtl, rollupTables, samplesOf, tampered } from '../../support/rollups.ts';
import { tierCluster } from '../../support/tier-platform.ts';
import type { TierRig } from '../../support/tier-rig.ts';
import { startTierRig } from '../../support/tier-rig.ts';
import { useTemporal } from '../../support/temporal.ts';
import { codeOf } from '../run/harness.ts';
import { resolveNow } from '../../support/parked.ts';

await describeWith(['temporal', 'clickhouse-modern'], 'a tiering run', () => {
  const server = useTemporal();
  let rig: TierRig;
  /** Called before each call of the driver. */
  let before: (verb: string) => Promise<void> = async () => undefined;
  beforeAll(async () => {
    rig = await startTierRig(server().address, {
      taskQueue: `tier-${process.pid}`,
      wrapDriver: (_name, driver) => calling(driver, (verb) => before(verb)),
    });
  });
  afterAll(() => rig?.stop());
  beforeEach(async () => {
    before = async () => undefined;
    for (const table of rollupTables) await rig.sql(`TRUNCATE TABLE metrics.${table}`);
  });

  let runs = 0;
  const start = (table: string, input: object = {}, workflowId?: string): Promise<WorkflowHandle> =>
    server().client.workflow.start('clickhouseTier', {
      workflowId: workflowId ?? `typed-in-the-ui-${(runs += 1)}`,
      taskQueue: rig.taskQueue,
      args: [{ cluster: tierCluster, table: `metrics.${table}`, ...input }],
    });
  const done = async (run: Promise<WorkflowHandle>): Promise<RunReport> => (await (await run).result()) as RunReport;
  const lock = (table: string): WorkflowHandle =>
    server().client.workflow.getHandle(`clickhouse/${tierCluster}/metrics.${table}`);
  const inState = async (table: string, state: RunStatus['state']): Promise<RunStatus> => {
    let now: RunStatus | undefined;
    const reached = await until(async () => {
      now = await lock(table)
        .query<RunStatus, []>('status')
        .catch(() => undefined);
      return now?.state === state;
    }, 30_000);
    if (!reached || !now) throw new Error(`it is ${now?.state}, not ${state}: ${JSON.stringify(now?.problem)}`);
    return now;
  };

  test('moves each level to its tier and expires the raw days that are proven; the same again changes nothing', async () => {
    const [due, kept, old] = [daysAgo(9), daysAgo(2), daysAgo(80)];
    for (const { date } of [due, kept]) await rig.sql(samplesOf(date));
    await rig.sql(samplesOf(old.date));
    await rig.sql(`ALTER TABLE metrics.samples DROP PARTITION ID '${old.day}'`);
    const sums = () => rig.sql('SELECT sum(samples), sum(amount) FROM metrics.samples_h1');
    const before = await sums();

    const dry = await done(start('samples', { dryRun: true }));
    expect(dry).toMatchObject({ outcome: 'planned', steps: [] });
    expect(Object.keys(await rig.disksOf('samples'))).toEqual([due.day, kept.day].sort());

    const raw = await done(start('samples'));
    expect(raw).toMatchObject({ outcome: 'done', pastNoReturn: true, measurements: { moved: 0, expired: 1 } });
    expect(raw.steps.map(({ title, state }) => `${title}: ${state}`)).toEqual([
      ...[`prove ${due.day}: unchanged`, `expire ${due.day}: done`],
    ]);
    expect(raw.steps[0]?.after).toMatchObject({ rows: '300' });
    expect(await rig.disksOf('samples')).toEqual({ [kept.day]: 'hot' });

    const hourly = await done(start('samples_h1'));
    expect(hourly).toMatchObject({ outcome: 'done', pastNoReturn: false, measurements: { expired: 0 } });
    expect((await rig.disksOf('samples_h1'))[old.month]).toBe('warm');
    expect(await sums()).toBe(before);
    expect((await done(start('samples_d1'))).outcome).toBe('done');
    expect((await rig.disksOf('samples_d1'))[old.month]).toBe('cold');

    for (const table of rollupTables.filter((one) => one !== 'samples_m5'))
      expect(await done(start(table))).toMatchObject({ outcome: 'done', steps: [] });
  });

  test('tells people of what is overdue and refused, and is done; repaired, the next run expires it', async () => {
    const due = daysAgo(9);
    await rig.sql(samplesOf(due.date));
    await rig.sql(tampered(due.date, -1, -4));
    const report = await done(start('samples'));
    expect(report).toMatchObject({ outcome: 'done', steps: [], measurements: { overdueRefused: 1 } });
    expect(rig.notices().at(-1)).toMatchObject({
      ...{ kind: 'clickhouse.tier', event: 'drift', target: `${tierCluster}/metrics.samples` },
      trouble: {
        code: 'CLICKHOUSE_ROLLUP_DIFFERS',
        message: `${due.day}: ${due.date}: count 300 here, 299 in metrics.samples_m5; ${due.date}: amount 1491 here, 1487 in metrics.samples_m5`,
      },
    });
    expect(Object.keys(await rig.disksOf('samples'))).toEqual([due.day]);

    await rig.sql(tampered(due.date, 1, 4));
    expect(await done(start('samples'))).toMatchObject({ outcome: 'done', measurements: { expired: 1 } });
    expect(await rig.disksOf('samples')).toEqual({});
  });

  test('takes a TTL that deletes off the table, and expires past it in the next run alone', async () => {
    const due = daysAgo(9);
    await rig.sql('SYSTEM STOP TTL MERGES metrics.samples');
    await rig.sql(samplesOf(due.date));
    await rig.sql(deletingTtl);
    const aligned = await done(start('samples'));
    expect(aligned).toMatchObject({ outcome: 'done', measurements: { aligned: 1, expired: 0, overdueRefused: 1 } });
    expect(aligned.steps.map(({ title, state }) => `${title}: ${state}`)).toEqual(['align the table on ch-1: done']);
    expect(await rig.sql('SHOW CREATE TABLE metrics.samples')).not.toContain('toIntervalDay(60)');
    expect(Object.keys(await rig.disksOf('samples'))).toEqual([due.day]);
    expect(await done(start('samples'))).toMatchObject({ outcome: 'done', measurements: { aligned: 0, expired: 1 } });
    await rig.sql('ALTER TABLE metrics.samples REMOVE TTL SETTINGS materialize_ttl_after_modify = 0');
    await rig.sql('SYSTEM START TTL MERGES metrics.samples');
  });

  test('parks with the partition untouched when the roll-up changes under way; repaired and retried it goes on', async () => {
    const due = daysAgo(9);
    await rig.sql(samplesOf(due.date));
    // Between the proof in the history and the one before the drop.
    let proofs = 0;
    before = async (verb) => {
      if (verb === 'figures' && (proofs += 1) === 5) await rig.sql(tampered(due.date, 1, 0));
    };
    const run = await start('samples');
    const parked = await inState('samples', 'parked');
    expect(parked).toMatchObject({
      pastNoReturn: false,
      parked: { title: `expire ${due.day}`, trouble: { code: 'CLICKHOUSE_ROLLUP_DIFFERS' } },
    });
    expect(Object.keys(await rig.disksOf('samples'))).toEqual([due.day]);
    await rig.sql(tampered(due.date, -1, 0));
    await resolveNow(lock('samples'), { action: 'retry', by: 'ada', reason: 'repaired' });
    expect(await run.result()).toMatchObject({ outcome: 'done' });
    expect(await rig.disksOf('samples')).toEqual({});
  });

  test('takes its moves back when it is aborted before the first expiry', async () => {
    const [old, older] = [daysAgo(70), daysAgo(140)];
    for (const { date } of [old, older]) await rig.sql(samplesOf(date));
    let moves = 0;
    before = async (verb) => {
      if (verb !== 'movePartitionToVolume' || (moves += 1) !== 2) return;
      await lock('samples_h1').executeUpdate('abort', { args: [{ by: 'ada', reason: 'the wrong night' }] });
    };
    expect(await done(start('samples_h1'))).toMatchObject({ outcome: 'aborted', leftBehind: [] });
    expect(moves).toBeGreaterThanOrEqual(3);
    expect(await rig.disksOf('samples_h1')).toEqual({ [older.month]: 'hot', [old.month]: 'hot' });
  });

  test('holds the table: a second run is told who has it', async () => {
    await rig.sql(samplesOf(daysAgo(9).date));
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    before = async (verb) => {
      if (verb === 'dropPartition') await held;
    };
    const first = await start('samples');
    await until(
      async () =>
        (
          await lock('samples')
            .query<RunStatus, []>('status')
            .catch(() => undefined)
        )?.steps.length === 2,
      30_000,
    );
    const refused: unknown = await (await start('samples')).result().catch((error: unknown) => error);
    expect(codeOf(refused)).toBe('RESOURCE_BUSY');
    release();
    expect(await first.result()).toMatchObject({ outcome: 'done' });
  });

  test.each([
    ['a table in no family', { table: 'metrics.samples_to_m5' }, 'CLICKHOUSE_NO_FAMILY'],
    ['a cluster that is not there', { cluster: 'none' }, 'CLICKHOUSE_UNKNOWN_CLUSTER'],
    ['a table without its database', { table: '' }, 'INVALID_INPUT'],
    ['no input that is one', { table: 7, cluster: [], colour: 'red' }, 'INVALID_INPUT'],
  ])('is refused for %s', async (_what, input, code) => {
    const error: unknown = await (await start('samples', input)).result().catch((thrown: unknown) => thrown);
    expect(codeOf(error)).toBe(code);
  });
});

function calling<T extends object>(driver: T, before: (verb: string) => Promise<void>): T {
  return new Proxy(driver, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key);
      if (typeof value !== 'function' || typeof key !== 'string' || key === 'close') return value;
      return async (...given: unknown[]): Promise<unknown> => {
        await before(key);
        return value.apply(target, given) as unknown;
      };
    },
  });
}
