import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { pause, until } from '../../../lab/clock.ts';
import { runStatus, watchRun } from '../../../src/client/index.ts';
import { GantryError } from '../../../src/errors/index.ts';
import type { RunReport, RunStatus } from '../../../src/runs/index.ts';
import { defaultPolicy, defaultStartMs } from '../../../src/runs/index.ts';
import { describeWith } from '../../support/lab.ts';
import { asSeen } from '../../support/parked.ts';
import { useTemporal } from '../../support/temporal.ts';
import type { Harness } from './harness.ts';
import { codeOf, reportOf, startHarness } from './harness.ts';
import type { World } from './world.ts';
import { brokenUntilMended, createWorld, holdAt, testPolicy } from './world.ts';

/** Short, since the tests wait for it; an idle worker takes a task within milliseconds, and nothing here fails if it doesn't. */
const startMs = 1_500;

await describeWith(['temporal'], 'a run whose domain has no worker', () => {
  const server = useTemporal();
  let world: World;
  let harness: Harness;
  let domain: Harness | undefined;
  let groups = 0;
  beforeAll(async () => {
    world = createWorld();
    harness = await startHarness(server(), world, undefined, ['orchestration']);
  });
  afterAll(() => harness.stop());
  const workerComes = async (): Promise<void> =>
    void (domain = await startHarness(server(), world, harness.taskQueue, ['domain']));
  const workerGoes = async (): Promise<void> => {
    await domain?.stop();
    domain = undefined;
  };
  afterEach(workerGoes);
  const fresh = (): void => {
    const { profiles } = testPolicy();
    const profile = { ...profiles.quick, startMs };
    const policy = testPolicy({ profiles: { quick: profile, slow: profile, watched: profile, patient: profile } });
    Object.assign(world, createWorld({ policy }));
  };
  const start = (more: object = {}): Promise<WorkflowHandle> =>
    harness.start({ group: `alone${(groups += 1)}`, steps: ['a', 'b'], ...more });
  const untilWaiting = async (handle: WorkflowHandle): Promise<RunStatus> => {
    for (;;) {
      const now = await harness.status(handle);
      if (now.waiting) return now;
      await pause(15);
    }
  };
  /** A run that stands between its two steps' work, its worker gone: `a` is on. */
  const stranded = async (more: object = {}): Promise<WorkflowHandle> => {
    fresh();
    await workerComes();
    const hold = holdAt('apply a');
    world.hook = hold.hook;
    const handle = await start(more);
    await hold.reached;
    await harness.update(handle, 'pause', {});
    hold.release();
    await harness.until(handle, 'paused');
    await workerGoes();
    await harness.update(handle, 'resume', {});
    await untilWaiting(handle);
    return handle;
  };
  const told = (): string[] => world.notices.filter(({ event }) => event === 'no-worker').map(({ message }) => message);

  test('tells people once, says what it waits for, and goes on by itself when one comes', async () => {
    fresh();
    const handle = await start();
    const { waiting, state } = await untilWaiting(handle);
    expect(state).toBe('planning');
    expect(waiting).toMatchObject({ domain: 'redis', title: 'plan' });
    await pause(2 * startMs);
    expect((await harness.status(handle)).waiting).toBeDefined();
    await workerComes();
    const report = (await handle.result()) as RunReport;
    expect(report.outcome).toBe('done');
    expect(world.journal).toEqual(['on a', 'on b']);
    expect(told()).toEqual([expect.stringMatching(/no worker of redis took "plan" within 2 s; it goes on by itself/)]);
  });

  test('is known by its queue to whoever looks, long before it says so itself', async () => {
    Object.assign(world, createWorld());
    const handle = await start();
    const { client } = server();
    const expected = { domain: 'redis', title: 'redis.plan' };
    const seen = await until(async () => (await runStatus(client, handle.workflowId)).status.waiting, 60_000);
    expect(seen).toMatchObject(expected);
    const { status } = await watchRun(client, handle.workflowId, () => undefined, {
      ...{ untakenMs: 100, until: ({ status: now }) => now.waiting !== undefined },
    });
    expect(status).toMatchObject({ state: 'planning', waiting: expected });
    expect((await harness.status(handle)).waiting).toBeUndefined();
    expect(told()).toEqual([]);
    await workerComes();
    expect(((await handle.result()) as RunReport).outcome).toBe('done');
    expect((await runStatus(client, handle.workflowId)).status.waiting).toBeUndefined();
  });

  test('goes on in its middle, too, and no longer waits while a step is under way', async () => {
    const handle = await stranded();
    const hold = holdAt('apply b');
    world.hook = hold.hook;
    await workerComes();
    await hold.reached;
    expect((await harness.status(handle)).waiting).toBeUndefined();
    hold.release();
    expect(((await handle.result()) as RunReport).outcome).toBe('done');
    expect(world.journal).toEqual(['on a', 'on b']);
  });

  test('is aborted at once where nothing was changed', async () => {
    fresh();
    const handle = await start();
    await untilWaiting(handle);
    await harness.update(handle, 'abort', { reason: 'enough' });
    expect(((await handle.result()) as RunReport).outcome).toBe('aborted');
  });

  test('abort leads to the undo, which waits for a worker, and says so', async () => {
    const handle = await stranded();
    await harness.update(handle, 'abort', {});
    expect((await harness.until(handle, 'undoing')).state).toBe('undoing');
    await untilWaiting(handle);
    await workerComes();
    expect(((await handle.result()) as RunReport).outcome).toBe('aborted');
    expect(world.journal).toEqual(['on a', 'off a']);
  });

  /** What it did is known to nobody: the worker goes before it can say so. */
  test('what its lost worker did is its own, and an abort undoes it', async () => {
    fresh();
    await workerComes();
    const afterwards = holdAt('probe a');
    let probes = 0;
    world.hook = async (event, signal) => {
      if (event === 'probe a' && (probes += 1) === 3) await afterwards.hook(event, signal);
    };
    const handle = await start();
    await afterwards.reached;
    expect(world.journal).toEqual(['on a']);
    await workerGoes();
    await untilWaiting(handle);
    const hold = holdAt('apply b');
    world.hook = hold.hook;
    await workerComes();
    await hold.reached;
    expect((await harness.status(handle)).steps[0]).toMatchObject({ state: 'done', changed: true });
    await harness.update(handle, 'abort', {});
    hold.release();
    expect(await handle.result()).toMatchObject({ outcome: 'aborted', leftBehind: [] });
    expect(world.journal).toEqual(['on a', 'on b', 'off b', 'off a']);
  });

  test('a pause takes effect, and after the resume it waits again', async () => {
    fresh();
    const handle = await start();
    await untilWaiting(handle);
    await harness.update(handle, 'pause', {});
    expect((await harness.until(handle, 'paused')).state).toBe('paused');
    await harness.update(handle, 'resume', {});
    await untilWaiting(handle);
    await workerComes();
    expect(((await handle.result()) as RunReport).outcome).toBe('done');
  });

  test('a change freeze that has begun meanwhile is not passed by', async () => {
    fresh();
    const handle = await start();
    await untilWaiting(handle);
    world.gate = () => {
      throw new GantryError('CHANGE_FREEZE', 'frozen');
    };
    await workerComes();
    const { parked } = await harness.until(handle, 'parked');
    expect(parked).toMatchObject({ title: expect.stringContaining('after the wait for a worker') as string });
    expect(world.journal).toEqual([]);
    world.gate = undefined;
    await harness.update(handle, 'resolve', { action: 'retry' });
    expect(((await handle.result()) as RunReport).outcome).toBe('done');
  });

  test('a resume before anything was done plans again', async () => {
    fresh();
    await workerComes();
    const hold = holdAt('probe a');
    world.hook = hold.hook;
    const handle = await start();
    await hold.reached;
    await workerGoes();
    await untilWaiting(handle);
    await harness.update(handle, 'pause', {});
    await harness.until(handle, 'paused');
    Object.assign(world, { fact: 'changed', hook: async () => undefined });
    await harness.update(handle, 'resume', {});
    await workerComes();
    const report = reportOf(await handle.result().catch((error: unknown) => error));
    expect(report).toMatchObject({ outcome: 'refused', problem: { code: 'PLAN_CHANGED' }, leftBehind: [] });
    expect(world.journal).toEqual([]);
  });

  /** Parked, its worker gone. */
  const parkedAlone = async (event: string, more: object = {}): Promise<WorkflowHandle> => {
    fresh();
    await workerComes();
    world.hook = brokenUntilMended(event).hook;
    const handle = await start(more);
    await harness.until(handle, 'parked');
    await workerGoes();
    return handle;
  };

  test('a skip whose step no worker inspects is refused, and accepted with the risk', async () => {
    const handle = await parkedAlone('apply a', { steps: ['a'] });
    const refused = await harness.update(handle, 'resolve', { action: 'skip' }).catch((error: unknown) => error);
    expect(codeOf(refused)).toBe('SKIP_REFUSED');
    expect(String((refused as Error).cause)).toContain('NO_WORKER');
    await harness.update(handle, 'resolve', { action: 'skip', acceptedRisk: 'a is not needed' });
    expect(await handle.result()).toMatchObject({ outcome: 'done', steps: [{ state: 'skipped' }] });
    expect(told()).toEqual([]);
  });

  test('a skip that waits for its inspection keeps no run from its end', async () => {
    fresh();
    await workerComes();
    const hold = holdAt('apply b');
    const broken = brokenUntilMended('undo a');
    world.hook = async (event, signal) => {
      await hold.hook(event, signal);
      await broken.hook(event, signal);
    };
    const handle = await start();
    await hold.reached;
    await harness.update(handle, 'abort', {});
    hold.release();
    await harness.until(handle, 'parked');
    await workerGoes();
    // Accepted before the other is sent: two that are sent at once may come in either order.
    const asked = await handle.startUpdate<RunStatus, [object]>('resolve', {
      args: [await asSeen(handle, 'resolve', { action: 'skip', by: 'ada' })],
      waitForStage: 'ACCEPTED',
    });
    const skip = asked.result().catch(codeOf);
    await harness.update(handle, 'resolve', { action: 'stop' });
    expect(reportOf(await handle.result().catch((error: unknown) => error))).toMatchObject({ outcome: 'failed' });
    // The one where the stop came first, the other where the machine was slow.
    expect(['WRONG_STATE', 'SKIP_REFUSED']).toContain(await skip);
  });

  test('a cancellation takes effect', async () => {
    fresh();
    const handle = await start();
    await untilWaiting(handle);
    await handle.cancel();
    await expect(handle.result()).rejects.toThrow();
    expect((await handle.describe()).status.name).toBe('CANCELLED');
  });
});

test('a queue that is merely busy for minutes is no alarm', () => {
  expect(defaultStartMs).toBeGreaterThanOrEqual(5 * 60_000);
  expect(Object.values(defaultPolicy.profiles).every(({ startMs: own = defaultStartMs }) => own >= 300_000)).toBe(true);
});
