import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { pause, until } from '../../../lab/clock.ts';
import { GantryError } from '../../../src/errors/index.ts';
import type { ListItem, ListProgress, RunReport, RunStatus } from '../../../src/runs/index.ts';
import { storeList } from '../../../src/steps/index.ts';
import { describeWith } from '../../support/lab.ts';
import { useTemporal } from '../../support/temporal.ts';
import type { Harness } from './harness.ts';
import { startHarness } from './harness.ts';
import type { FleetInput, World } from './world.ts';
import { createWorld, holdAt } from './world.ts';

type Listing = Partial<FleetInput['listing']>;

await describeWith(['temporal'], 'a run of a list', () => {
  const server = useTemporal();
  let world: World;
  let harness: Harness;
  let fleets = 0;
  beforeAll(async () => {
    world = createWorld();
    harness = await startHarness(server(), world);
  });
  afterAll(() => harness.stop());
  const fresh = (change: Partial<World> = {}): void => void Object.assign(world, createWorld(change));

  /** Each item turns on the switch of its name. `shares` by the item's name. */
  async function start(
    names: readonly string[],
    listing: Listing = {},
    { shares = () => [], steps = (name) => [name] }: Partial<Shape> = {},
  ): Promise<WorkflowHandle> {
    const group = `fleet${(fleets += 1)}`;
    const items = names.map((name): ListItem => ({
      name,
      input: { group: `${group}-${name}`, steps: steps(name) },
      shares: shares(name),
    }));
    const stored = await storeList(world.payloads, items);
    const full = { window: 3, maxFailures: 0, lookEveryMs: 500, ...listing };
    return harness.start({ group, items: stored, listing: full } as never, { type: 'fleet' });
  }
  type Shape = { shares: (name: string) => string[]; steps: (name: string) => string[] };

  const item = (handle: WorkflowHandle, name: string): WorkflowHandle =>
    harness.client.workflow.getHandle(`${handle.workflowId}-${name}`);
  const runner = (handle: WorkflowHandle): WorkflowHandle =>
    harness.client.workflow.getHandle(`${handle.workflowId}/list/1`);
  const done = async (handle: WorkflowHandle): Promise<RunReport> => (await handle.result()) as RunReport;
  const progress = ({ steps }: RunStatus): ListProgress | undefined => steps[0]?.list;
  const tally = ({ steps }: Pick<RunReport, 'steps'>) => steps[0]?.after as Record<string, number>;
  const untilProgress = async (handle: WorkflowHandle, wanted: (now: ListProgress) => boolean): Promise<RunStatus> => {
    for (;;) {
      const now = await harness.status(handle);
      const far = progress(now);
      if (far && wanted(far)) return now;
      await pause(15);
    }
  };
  const untilState = async (handle: WorkflowHandle, state: string): Promise<void> => {
    for (;;) {
      const now = await harness.status(handle).catch(() => undefined);
      if (now?.state === state) return;
      await pause(15);
    }
  };
  const names = (count: number, prefix = 'i'): string[] => Array.from({ length: count }, (_, at) => `${prefix}${at}`);
  /** Runs of an item so far, by what they published. */
  const runsOf = (handle: WorkflowHandle, name: string): string[] =>
    world.reports.filter(({ workflowId }) => workflowId === item(handle, name).workflowId).map((one) => one.outcome);
  /** Counts how many are at work at once, by sort. The first of a sort wait until as many as are wanted have come. */
  function counted(
    wanted: Record<string, number>,
    sortOf: (name: string) => string = () => 'all',
  ): Map<string, number> {
    const [now, most] = [new Map<string, number>(), new Map<string, number>()];
    world.hook = async (event) => {
      if (!event.startsWith('apply ')) return;
      const sort = sortOf(event.slice('apply '.length));
      now.set(sort, (now.get(sort) ?? 0) + 1);
      most.set(sort, Math.max(most.get(sort) ?? 0, now.get(sort) ?? 0));
      await until(() => Promise.resolve((most.get(sort) ?? 0) >= (wanted[sort] ?? 1)), 30_000);
      // One too many would come now.
      await pause(120);
      now.set(sort, (now.get(sort) ?? 0) - 1);
    };
    return most;
  }

  test('keeps its window, runs every item once, and sums up what they did', async () => {
    fresh({ switches: new Map([['i4', true]]) });
    const most = counted({ all: 3 });
    const handle = await start(names(9));
    const report = await done(handle);
    expect(report.outcome).toBe('done');
    expect(most.get('all')).toBe(3);
    expect(world.journal.toSorted()).toEqual(
      names(9)
        .filter((name) => name !== 'i4')
        .map((name) => `on ${name}`),
    );
    expect(report.measurements['itemsDone']).toBe(9);
    expect(tally(report)).toMatchObject({ total: 9, done: 9, changed: 8, failures: 0, left: 0 });
    expect(report.steps[0]).toMatchObject({ title: 'the list', state: 'done', changed: true });
  });

  test('over what is done already changes nothing, and says so', async () => {
    fresh({ switches: new Map(names(4).map((name) => [name, true])) });
    const report = await done(await start(names(4)));
    expect(report.steps[0]).toMatchObject({ state: 'unchanged', changed: false });
    expect(tally(report)).toMatchObject({ done: 4, changed: 0 });
    expect(world.journal).toEqual([]);
  });

  test('keeps the limits of what items share, and starts those that share it with nobody meanwhile', async () => {
    fresh();
    const rackOf = (name: string): string => `rack/${name[0]}`;
    const most = counted({ 'rack/a': 2 }, rackOf);
    const all = [...names(5, 'a'), ...names(3, 'b'), 'c0'];
    const handle = await start(
      all,
      { window: 6, limits: { rack: 2, 'rack/b': 1 } },
      { shares: (one) => [rackOf(one)] },
    );
    expect((await done(handle)).outcome).toBe('done');
    expect(Object.fromEntries(most)).toEqual({ 'rack/a': 2, 'rack/b': 1, 'rack/c': 1 });
    expect(world.journal.indexOf('on c0')).toBeLessThan(world.journal.length - 1);
  });

  test('with more failures than may be starts no more, lets those under way end, and retries the failed and the rest', async () => {
    fresh();
    const bad = new Set(['i0', 'i1']);
    const hold = holdAt('apply i2');
    world.hook = async (event, signal) => {
      await hold.hook(event, signal);
      const name = event.split('-').at(-1) ?? '';
      // Fails once another one has its place: else both could fail before that one starts.
      if (event.startsWith('plan ') && name === 'i1') await hold.reached;
      if (event.startsWith('plan ') && bad.has(name)) throw new GantryError('REDIS_UNKNOWN_GROUP', `${name} is bad`);
    };
    const handle = await start(names(8), { window: 2, maxFailures: 1 });
    await hold.reached;
    const seen = await untilProgress(handle, (now) => now.failures === 2);
    expect(progress(seen)?.stopped).toMatch(/more than 1 failed/);
    await pause(300);
    expect(world.journal.filter((line) => line !== 'on i3')).toEqual([]);
    hold.release();
    const parked = await harness.until(handle, 'parked');
    expect(parked.parked?.trouble.code).toBe('LIST_NOT_DONE');
    expect(parked.parked?.trouble.message).toMatch(/i0: REDIS_UNKNOWN_GROUP/);
    const before = [...world.journal];
    expect(before).toContain('on i2');
    expect(before.length).toBeLessThanOrEqual(2);
    bad.clear();
    await harness.update(handle, 'resolve', { action: 'retry' });
    const report = await done(handle);
    expect(report.outcome).toBe('done');
    expect(world.journal.toSorted()).toEqual(names(8).map((name) => `on ${name}`));
    expect(tally(report)).toMatchObject({ total: 8, done: 8, failures: 0, left: 0 });
    expect(runsOf(handle, 'i0')).toEqual(['refused', 'done']);
    expect(runsOf(handle, 'i2')).toEqual(['done']);
  });

  test('below that goes on with the others; only the failed ones run again', async () => {
    fresh();
    let broken = true;
    world.hook = async (event) => {
      if (broken && event.endsWith('-i1')) throw new GantryError('REDIS_UNKNOWN_GROUP', 'i1 is bad');
    };
    const handle = await start(names(6), { window: 2, maxFailures: 2 });
    const parked = await harness.until(handle, 'parked');
    expect(parked.parked?.trouble.message).toMatch(/5 of 6 done.*1 failed.*i1: REDIS_UNKNOWN_GROUP/);
    expect(world.journal).toHaveLength(5);
    broken = false;
    await harness.update(handle, 'resolve', { action: 'retry' });
    expect(tally(await done(handle))).toMatchObject({ done: 6, failures: 0 });
    expect(names(6).map((name) => runsOf(handle, name).length)).toEqual([1, 2, 1, 1, 1, 1]);
  });

  test('a skip goes on without the failed ones, where the risk is accepted', async () => {
    fresh();
    world.hook = async (event) => {
      if (event.endsWith('-i1')) throw new GantryError('REDIS_UNKNOWN_GROUP', 'i1 is bad');
    };
    const handle = await start(names(3), { maxFailures: 2 });
    await harness.until(handle, 'parked');
    await expect(harness.update(handle, 'resolve', { action: 'skip' })).rejects.toThrow();
    await harness.update(handle, 'resolve', { action: 'skip', acceptedRisk: 'i1 is gone' });
    const report = await done(handle);
    expect(report.outcome).toBe('done');
    expect(report.steps[0]).toMatchObject({ state: 'skipped', note: expect.stringContaining('i1 is gone') as string });
  });

  test('a parked item keeps its place for a while, then another one starts; it ends when its operator decides', async () => {
    fresh();
    let broken = true;
    world.hook = async (event) => {
      if (broken && event === 'apply i0') throw new Error('broken');
    };
    const handle = await start(names(4), { window: 1, maxFailures: 1, parkedKeepsPlaceMs: 1_500 });
    const parkedAt = Date.now();
    await untilState(item(handle, 'i0'), 'parked');
    await untilProgress(handle, (now) => now.parkedNames.some((line) => line.startsWith('i0: ')));
    await untilState(item(handle, 'i1'), 'done');
    expect(Date.now() - parkedAt).toBeGreaterThanOrEqual(1_400);
    await untilState(item(handle, 'i3'), 'done');
    expect((await harness.status(handle)).state).toBe('running');
    broken = false;
    await harness.update(item(handle, 'i0'), 'resolve', { action: 'retry' });
    expect(tally(await done(handle))).toMatchObject({ done: 4, failures: 0 });
  });

  test('a pause reaches the items under way; nothing goes on until it is over', async () => {
    fresh();
    const hold = holdAt('apply i0');
    world.hook = hold.hook;
    const handle = await start(names(3), { window: 1 }, { steps: (name) => [name, `${name}-then`] });
    await hold.reached;
    expect((await harness.update(handle, 'pause', {})).pending).toEqual(['pause']);
    await harness.untilPending(item(handle, 'i0'), 'pause');
    hold.release();
    await harness.until(handle, 'paused');
    expect((await harness.status(item(handle, 'i0'))).state).toBe('paused');
    expect(world.journal).toEqual(['on i0']);
    await harness.update(handle, 'resume', {});
    expect((await done(handle)).outcome).toBe('done');
    expect(world.journal).toEqual(['on i0', 'on i0-then', 'on i1', 'on i1-then', 'on i2', 'on i2-then']);
  });

  test('an abort reaches the items under way, which undo what they did; what is done stays and is named', async () => {
    fresh();
    const hold = holdAt('apply i1');
    world.hook = hold.hook;
    const handle = await start(names(4), { window: 1 });
    await hold.reached;
    await harness.update(handle, 'abort', { reason: 'enough' });
    await harness.untilPending(item(handle, 'i1'), 'abort');
    hold.release();
    const report = await done(handle);
    expect(report.outcome).toBe('aborted');
    expect(world.journal).toEqual(['on i0', 'on i1', 'off i1']);
    expect(report.leftBehind[0]).toMatch(/1 of 4 were changed and stay as they are/);
    expect(((await item(handle, 'i1').result()) as RunReport).outcome).toBe('aborted');
  });

  test('a cancelled run cancels the items under way', async () => {
    fresh();
    const hold = holdAt('apply i0');
    world.hook = hold.hook;
    const handle = await start(names(3), { window: 1 });
    await hold.reached;
    await handle.cancel();
    await expect(handle.result()).rejects.toThrow();
    expect(world.journal).toEqual(['off i0']);
    expect(runsOf(handle, 'i0')).toEqual(['cancelled']);
    await expect(item(handle, 'i1').describe()).rejects.toThrow();
  });

  test('terminated, its run lets the items under way end and starts no more', async () => {
    fresh();
    const hold = holdAt('apply i0');
    world.hook = hold.hook;
    const handle = await start(names(3), { window: 1 });
    await hold.reached;
    await handle.terminate();
    hold.release();
    expect(await runner(handle).result()).toMatchObject({ done: 1, left: 2 });
    expect(world.journal).toEqual(['on i0']);
  });

  test('a runner that was terminated is started again by a retry, and takes over what is under way', async () => {
    fresh();
    const hold = holdAt('apply i0');
    world.hook = hold.hook;
    const handle = await start(names(3), { window: 1 });
    await hold.reached;
    await runner(handle).terminate();
    expect((await harness.until(handle, 'parked')).parked?.trouble.code).toBe('CHILD_NOT_DONE');
    await harness.update(handle, 'resolve', { action: 'retry' });
    await untilProgress(handle, (now) => now.underWay === 1);
    hold.release();
    expect(tally(await done(handle))).toMatchObject({ done: 3, failures: 0 });
    expect(world.journal).toEqual(['on i0', 'on i1', 'on i2']);
    expect(runsOf(handle, 'i0')).toEqual(['done']);
  });

  test('an item whose target another run holds has failed, and is not taken over', async () => {
    fresh();
    const hold = holdAt('apply other');
    world.hook = hold.hook;
    const group = `fleet${fleets + 1}-i0`;
    const other = await harness.start({ group, steps: ['other'] });
    await hold.reached;
    const handle = await start(names(1));
    const { parked } = await harness.until(handle, 'parked');
    expect(parked?.trouble.message).toMatch(/i0: RESOURCE_BUSY/);
    hold.release();
    await other.result();
    await harness.update(handle, 'resolve', { action: 'retry' });
    expect((await done(handle)).outcome).toBe('done');
    expect(world.journal).toEqual(['on other', 'on i0']);
  });

  // A run that has told how it ended is open for a moment longer: an item that is there twice can meet itself so.
  test('an item whose target was free again by the time that it was asked about is started', async () => {
    fresh();
    const [other, asked] = [holdAt('apply other'), holdAt('describe holder')];
    world.hook = async (...event) => void (await Promise.all([other.hook(...event), asked.hook(...event)]));
    const group = `fleet${fleets + 1}-i0`;
    const holder = await harness.start({ group, steps: ['other'] });
    await other.reached;
    const handle = await start(names(1));
    await asked.reached;
    other.release();
    await done(holder);
    asked.release();
    expect(tally(await done(handle))).toMatchObject({ total: 1, done: 1, failures: 0 });
    expect(world.journal).toEqual(['on other', 'on i0']);
  });

  test('an item that is there twice waits for itself and changes nothing the second time', async () => {
    fresh();
    const report = await done(await start(['i0', 'i0', 'i1'], { window: 3 }));
    expect(tally(report)).toMatchObject({ total: 3, done: 3, changed: 2 });
    expect(world.journal.toSorted()).toEqual(['on i0', 'on i1']);
  });

  test('a list that cannot be read stops there, and goes on when it can', async () => {
    fresh();
    const handle = await (async () => {
      const stored = await storeList(world.payloads, [{ name: 'a', input: { group: 'unread-a', steps: ['a'] } }]);
      const kept = world.payloads.held.get(stored.sha256) ?? '';
      world.payloads.held.delete(stored.sha256);
      const input = { group: 'unread', items: stored, listing: { window: 1, maxFailures: 0 } };
      const started = await harness.start(input, { type: 'fleet' });
      const { parked } = await harness.until(started, 'parked');
      expect(parked?.trouble.code).toBe('PAYLOAD_MISSING');
      world.payloads.held.set(stored.sha256, kept);
      return started;
    })();
    await harness.update(handle, 'resolve', { action: 'retry' });
    expect(tally(await done(handle))).toMatchObject({ total: 1, done: 1 });
  });
});
