import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { WorkflowHandle } from '@temporalio/client';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { pause } from '../../lab/clock.ts';
import { archiveKeys, isClosed, nextFire } from '../../src/runs/index.ts';
import type { RunReport, RunStatus } from '../../src/runs/index.ts';
import { registerSearchAttributes } from '../../workers/search-attributes.ts';
import type { ArchiveWorld } from '../support/archive-world.ts';
import { archiveWorld, makeBackup, testArchive } from '../support/archive-world.ts';
import { describeWith } from '../support/lab.ts';
import { timeSkippingEnvironment } from '../support/time-skipping.ts';
import type { ArchiveHarness } from '../workflows/archive/harness.ts';
import { startArchiveHarness } from '../workflows/archive/harness.ts';
import type { World } from '../workflows/run/world.ts';
import { createWorld, testPolicy } from '../workflows/run/world.ts';

// Thaws of days, people who take days, and half a year of drills: real workflows and steps over an archive in memory whose clock
// is the server's.
Runtime.install({ logger: new DefaultLogger('ERROR') });

const hour = 3_600_000;
const day = 24 * hour;
/** A year of them in `make test-all`. */
const drills = Number(process.env['GANTRY_WEEKLY_DRILLS'] ?? 6);
/** An approval that outlasts the steps in which the tests skip time. */
const patientPolicy = (people: 0 | 1 = 0) =>
  testPolicy({ approval: { people, expiresAfterMs: 4 * day }, remindEveryMs: day });
const tables = [{ table: 'metrics.samples', shard: 1, partitions: { a: ['a:1', 'a:2'], b: ['b:1'] } }];

await describeWith(['time-skipping'], 'archives over days', () => {
  let env: TestWorkflowEnvironment;
  let world: World;
  let harness: ArchiveHarness;
  const archive = {} as { now: ArchiveWorld };

  beforeAll(async () => {
    env = await timeSkippingEnvironment();
    await registerSearchAttributes(env.connection, 'default');
    archive.now = archiveWorld(() => env.currentTimeMs());
    world = createWorld();
    harness = await startArchiveHarness({ client: env.client, native: env.nativeConnection }, world, archive);
  });
  afterAll(async () => {
    await harness?.stop();
    await env?.teardown();
  });

  const fresh = async (storageClass: string, change: Record<string, unknown> = {}): Promise<string> => {
    archive.now = archiveWorld(() => env.currentTimeMs(), testArchive(change));
    Object.assign(world, createWorld({ policy: patientPolicy() }));
    const id = await makeBackup(archive.now, tables);
    archive.now.store.age(storageClass, archiveKeys(archive.now.config.prefix).data);
    return id;
  };
  const asked = (): string[] => archive.now.store.log.filter((line) => line.startsWith('restore '));
  const eventsOf = async (handle: WorkflowHandle): Promise<number> => (await handle.fetchHistory()).events?.length ?? 0;
  /**
   * Skips on until `there`: in steps while the run waits for its thaw, else no faster than it works. The server skips past what
   * no worker has taken yet, so that a run at work would meet deadlines of days.
   */
  const skipUntil = async (
    handle: WorkflowHandle,
    there: (now: RunStatus) => boolean,
    stepMs = 12 * hour,
  ): Promise<void> => {
    for (let slept = 0; slept < 2_000; slept += 1) {
      const now = await harness.status(handle);
      if (there(now)) return;
      if (isClosed(now.state)) throw new Error(`it ended: ${JSON.stringify(now)}`);
      const last = now.steps.at(-1);
      const waits = last?.title === 'wait until they can be read' && last.attempts !== undefined;
      await env.sleep(waits ? stepMs : 1_000);
      if (!waits) await pause(20);
    }
    throw new Error(`it never comes there: ${JSON.stringify(await harness.status(handle))}`);
  };
  const untilAsked = (handle: WorkflowHandle): Promise<void> =>
    skipUntil(handle, ({ state }) => state === 'awaiting-approval');
  const reportOf = async (handle: WorkflowHandle): Promise<RunReport> => {
    await skipUntil(handle, ({ state }) => isClosed(state));
    return (await handle.result()) as RunReport;
  };

  test('a Bulk thaw of 48 hours from Deep Archive is asked for once, waited for, and promoted', async () => {
    await fresh('DEEP_ARCHIVE', { restore: { deadline: '72h' } });
    const handle = await harness.start('all');
    await untilAsked(handle);
    await harness.approve(handle);
    const report = await reportOf(handle);
    expect(report.outcome).toBe('done');
    expect(asked().map((line) => line.split(' ')[2])).toEqual(['Bulk', 'Bulk']);
    const thaw = report.ledger?.find(({ name }) => name === 'thaw');
    expect(thaw?.ms).toBeGreaterThanOrEqual(48 * hour);
    expect(thaw?.ms).toBeLessThan(49 * hour);
    const events = await eventsOf(handle);
    process.stdout.write(`48 h Bulk: ${events} events\n`);
    expect(events).toBeLessThan(5_000);
  });

  test('copies that would expire before the last object is there are extended, and none is asked for twice', async () => {
    await fresh('GLACIER', { restore: { deadline: '15h', expiryMargin: '12h' } });
    const { store } = archive.now;
    // One object takes five days, where all are to be there within 12 hours: the copy of the other one lasts for four.
    const plain = store.thawMs;
    store.thawMs = (of, tier, key) => (key.endsWith('/b') ? 5 * day : plain(of, tier, key));
    world.policy = patientPolicy();
    const handle = await harness.start('all');
    // The wait is over twice the time of the slowest tier and a day: a person lets it go on, soon enough for the copies.
    for (
      let now = await harness.status(handle);
      now.state !== 'awaiting-approval';
      now = await harness.status(handle)
    ) {
      if (now.parked) await harness.update(handle, 'resolve', { action: 'retry' });
      await skipUntil(handle, ({ state }) => state === 'parked' || state === 'awaiting-approval', 2 * hour);
    }
    await harness.approve(handle);
    const report = await reportOf(handle);
    expect(report.outcome).toBe('done');
    const ofA = asked().filter((line) => line.includes('/a '));
    expect(ofA.length).toBeGreaterThanOrEqual(2);
    expect(report.steps.map(({ title }) => title)).toContain('extend the copies that expire soon');
    expect(await eventsOf(handle)).toBeLessThan(5_000);
  });

  test('a person who takes two days to approve gets the backup that was shown, though a newer one was made', async () => {
    const shown = await fresh('GLACIER', { restore: { deadline: '24h' } });
    world.policy = patientPolicy(1);
    const handle = await harness.start('all');
    await untilAsked(handle);
    await env.sleep(2 * day);
    await makeBackup(archive.now, tables, { run: 'newer' });
    await harness.approve(handle);
    await untilAsked(handle);
    const { plan } = await harness.status(handle);
    expect(plan?.title).toBe(`promote metrics.samples of metrics from backup ${shown}`);
    await harness.approve(handle);
    const report = await reportOf(handle);
    expect(report.outcome).toBe('done');
    expect(report.ledger?.find(({ name }) => name === 'decide')?.stoodMs).toBeGreaterThanOrEqual(2 * day);
  });

  test('a deadline at risk asks for a faster tier, and for money above the limit asks a person first', async () => {
    await fresh('GLACIER', { restore: { deadline: '30h', askAbove: 0 } });
    const { store } = archive.now;
    const known = store.thawMs;
    // Bulk takes much longer than it should.
    store.thawMs = (of, tier, key) => (tier === 'Bulk' ? 10 * day : known(of, tier, key));
    const handle = await harness.start('all');
    await untilAsked(handle);
    const { plan } = await harness.status(handle);
    expect(plan?.title).toMatch(/^ask for what is late again, with /);
    await harness.approve(handle);
    await untilAsked(handle);
    await harness.approve(handle);
    const report = await reportOf(handle);
    expect(report.outcome).toBe('done');
    expect(asked().map((line) => line.split(' ')[2])).toEqual(['Bulk', 'Bulk', 'Standard', 'Standard']);
    expect(report.ledger?.find(({ name }) => name === 'thaw')?.ms).toBeLessThan(3 * day);
  });

  test(`${drills} weekly drills by the next-fire function: each proves the newest backup and leaves nothing`, async () => {
    await fresh('GLACIER');
    const schedule = { cron: '30 3 * * 0', timezone: 'Europe/Dublin' };
    let at = new Date(await env.currentTimeMs());
    const lengths: number[] = [];
    let passed = 0;
    for (let week = 0; week < drills; week += 1) {
      const fire = nextFire(schedule, at);
      if (!fire) throw new Error('the schedule never fires');
      await env.sleep(Math.max(1, fire.getTime() - (await env.currentTimeMs())));
      const id = await makeBackup(archive.now, tables, { run: `w${week}test` });
      archive.now.store.age('GLACIER', archiveKeys(archive.now.config.prefix).data);
      const handle = await harness.start('all', {}, 'archiveDrill');
      const report = await reportOf(handle);
      expect(report.outcome).toBe('done');
      expect(report.plan?.title).toContain(id);
      passed += report.measurements['drill.passed'] ?? 0;
      lengths.push(await eventsOf(handle));
      at = fire;
    }
    expect(passed).toBe(drills);
    expect(Math.max(...lengths)).toBeLessThan(5_000);
    expect(archive.now.staging.tables.size).toBe(0);
    process.stdout.write(`${drills} drills, at most ${Math.max(...lengths)} events\n`);
  });
});
