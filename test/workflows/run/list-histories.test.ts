import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { pause } from '../../../lab/clock.ts';
import type { ListItem, RunReport } from '../../../src/runs/index.ts';
import { storeList } from '../../../src/steps/index.ts';
import { describeWith } from '../../support/lab.ts';
import { useTemporal } from '../../support/temporal.ts';
import type { Harness } from './harness.ts';
import { startHarness } from './harness.ts';
import type { FleetInput, World } from './world.ts';
import { createWorld, holdAt } from './world.ts';

/** GANTRY_LIST_ITEMS=10000: the length that the house promises; it takes half an hour on two cores. */
const manyItems = Number(process.env['GANTRY_LIST_ITEMS'] ?? 120);
const promised = 5_000;

await describeWith(['temporal'], 'the histories of a list', () => {
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

  async function start(
    count: number,
    listing: Partial<FleetInput['listing']>,
    stepsOf: (name: string) => string[] = (name) => [name],
  ): Promise<WorkflowHandle> {
    const group = `long${(fleets += 1)}`;
    const items = Array.from({ length: count }, (_, at): ListItem => {
      const name = `i${at}`;
      return { name, input: { group: `${group}-${name}`, steps: stepsOf(name) } };
    });
    const stored = await storeList(world.payloads, items);
    const full = { window: 3, maxFailures: 0, lookEveryMs: 500, ...listing };
    return harness.start({ group, items: stored, listing: full } as never, { type: 'fleet' });
  }
  const runnerId = (handle: WorkflowHandle): string => `${handle.workflowId}/list/1`;
  const done = async (handle: WorkflowHandle): Promise<RunReport> => (await handle.result()) as RunReport;
  const tally = ({ steps }: Pick<RunReport, 'steps'>) => steps[0]?.after as Record<string, number>;
  /** Run ids of the runner so far; the newest is the last. */
  async function untilHistories(handle: WorkflowHandle, count: number): Promise<void> {
    const seen = new Set<string>();
    while (seen.size < count) {
      const now = await harness.client.workflow.getHandle(runnerId(handle)).describe();
      seen.add(now.runId);
      await pause(15);
    }
  }
  async function eventsOf(handle: WorkflowHandle): Promise<number> {
    return (await handle.fetchHistory()).events?.length ?? 0;
  }

  test('one is continued as new with an item under way, which is not waited for, not run again, and counted once', async () => {
    fresh();
    const hold = holdAt('apply i0');
    world.hook = hold.hook;
    const handle = await start(24, { window: 2, fullHistory: 40 });
    await hold.reached;
    await untilHistories(handle, 3);
    hold.release();
    const report = await done(handle);
    expect(tally(report)).toMatchObject({ total: 24, done: 24, failures: 0, left: 0 });
    expect(tally(report)['histories']).toBeGreaterThanOrEqual(3);
    expect(new Set(world.journal).size).toBe(24);
    expect(world.journal).toHaveLength(24);
  });

  test('items that end at whatever moment of a continue-as-new are each counted once', async () => {
    fresh();
    // A history is full after an item or two: most ends fall near the beginning or the end of one.
    const handle = await start(60, { window: 8, fullHistory: 25 });
    const report = await done(handle);
    expect(tally(report)).toMatchObject({ total: 60, done: 60, changed: 60, failures: 0, left: 0 });
    expect(tally(report)['histories']).toBeGreaterThan(5);
    expect(world.journal).toHaveLength(60);
  });

  test('an item that says nothing of its end any more, since it was terminated, is found by a look', async () => {
    fresh();
    const hold = holdAt('apply i0');
    world.hook = hold.hook;
    const handle = await start(20, { window: 2, fullHistory: 40, maxFailures: 1 });
    await hold.reached;
    await untilHistories(handle, 2);
    await harness.client.workflow.getHandle(`${handle.workflowId}-i0`).terminate('a test');
    const { parked } = await harness.until(handle, 'parked');
    expect(parked?.trouble.message).toMatch(/19 of 20 done.*1 failed/);
    hold.release();
    await harness.update(handle, 'resolve', { action: 'retry' });
    expect(tally(await done(handle))).toMatchObject({ total: 20, done: 20, failures: 0 });
  });

  test('a pause that was asked in one history holds in the next', async () => {
    fresh();
    const hold = holdAt('apply i0');
    world.hook = hold.hook;
    const handle = await start(12, { window: 2, fullHistory: 30 }, (name) => [name, `${name}-then`]);
    await hold.reached;
    await untilHistories(handle, 2);
    await harness.update(handle, 'pause', {});
    hold.release();
    await harness.until(handle, 'paused');
    const before = world.journal.length;
    await pause(300);
    expect(world.journal).toHaveLength(before);
    await harness.update(handle, 'resume', {});
    expect(tally(await done(handle))).toMatchObject({ done: 12 });
  });

  test('workers that are lost in the middle cost nothing: others go on from the histories', async () => {
    fresh();
    const hold = holdAt('apply i2');
    world.hook = hold.hook;
    const handle = await start(16, { window: 3, fullHistory: 60 });
    await hold.reached;
    // The look that waits for its release is lost with its worker, and another one takes it up.
    await harness.stop();
    harness = await startHarness(server(), world, harness.taskQueue);
    hold.release();
    expect(tally(await done(handle))).toMatchObject({ total: 16, done: 16, failures: 0 });
    expect(new Set(world.journal).size).toBe(16);
  });

  test(`of ${manyItems} items none has more than ${promised} events, and the run of the list far fewer`, async () => {
    fresh();
    const small = manyItems <= 1_000;
    const handle = await start(manyItems, { window: 50, ...(small ? { fullHistory: 75 } : {}) }, () => []);
    const report = await done(handle);
    expect(tally(report)).toMatchObject({ total: manyItems, done: manyItems, failures: 0, left: 0 });
    const { mostEvents = Infinity, histories = 0 } = tally(report);
    const last = await eventsOf(harness.client.workflow.getHandle(runnerId(handle)));
    const parent = await eventsOf(handle);
    process.stdout.write(`${manyItems} items: ${JSON.stringify({ histories, mostEvents, last, parent })}\n`);
    expect(Math.max(mostEvents, last, parent)).toBeLessThanOrEqual(promised);
    if (small) expect(mostEvents).toBeLessThanOrEqual(450);
    expect(histories).toBeGreaterThan(small ? 3 : manyItems / 1_000);
    expect(parent).toBeLessThan(2_500);
  });
});
