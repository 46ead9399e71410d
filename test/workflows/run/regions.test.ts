import { afterAll, beforeAll, expect, test } from 'vitest';
import { pause } from '../../../lab/clock.ts';
import type { RunReport } from '../../../src/runs/index.ts';
import { domainQueue } from '../../../src/runs/index.ts';
import { at, domainRefs } from '../../../workflows/run/call.ts';
import { describeWith } from '../../support/lab.ts';
import { useTemporal } from '../../support/temporal.ts';
import type { Harness } from './harness.ts';
import { startHarness } from './harness.ts';
import type { World, WorldActivities } from './world.ts';
import { createWorld, holdAt, testPolicy } from './world.ts';

const startMs = 1_500;

await describeWith(['temporal'], 'a run whose targets stand in a region', () => {
  const server = useTemporal();
  let world: World;
  let harness: Harness;
  let groups = 0;
  beforeAll(async () => {
    world = createWorld();
    // A worker of the domain polls as well: what is meant for the region must never reach it.
    harness = await startHarness(server(), createWorld({ hook: wrongWorker }), undefined, ['domain']);
  });
  afterAll(() => harness.stop());
  const wrongWorker = (): Promise<void> => Promise.reject(new Error('this worker stands elsewhere'));
  const profile = { ...testPolicy().profiles.quick, startMs };
  const policy = testPolicy({ profiles: { quick: profile, slow: profile, watched: profile, patient: profile } });
  const fresh = (): void => void Object.assign(world, createWorld({ policy }));
  const start = (region: string, steps: string[], more: object = {}) =>
    harness.start({ group: `region${(groups += 1)}`, steps, region, ...more } as never, { type: 'regional' });
  const workers = (...parts: Parameters<typeof startHarness>[3] & object) =>
    startHarness(server(), world, harness.taskQueue, parts);

  test('the plan, the steps, the looks and the undo all go to the queue of the region', async () => {
    fresh();
    const here = await workers('orchestration', 'domain in us-east-1');
    try {
      const hold = holdAt('apply b');
      world.hook = hold.hook;
      const handle = await start('us-east-1', ['a', 'b']);
      await hold.reached;
      await harness.update(handle, 'abort', {});
      hold.release();
      expect(((await handle.result()) as RunReport).outcome).toBe('aborted');
      expect(world.journal).toEqual(['on a', 'on b', 'off b', 'off a']);
      const queues = (await handle.fetchHistory()).events?.flatMap(
        ({ activityTaskScheduledEventAttributes: of }) => of?.taskQueue?.name ?? [],
      );
      const domain = domainQueue(harness.taskQueue, 'redis');
      expect(new Set(queues?.filter((queue) => queue.startsWith(domain)))).toEqual(new Set([`${domain}-us-east-1`]));
    } finally {
      await here.stop();
    }
  });

  test('waits for a worker of that region, says so, and skips nothing without its proof', async () => {
    fresh();
    const here = await workers('orchestration');
    const handle = await start('eu-west-1', ['a']);
    let waiting;
    while (!waiting) {
      ({ waiting } = await harness.status(handle));
      await pause(15);
    }
    expect(waiting).toMatchObject({ domain: 'redis', region: 'eu-west-1', title: 'plan' });
    const there = await workers('domain in eu-west-1');
    try {
      expect(((await handle.result()) as RunReport).outcome).toBe('done');
      expect(world.journal).toEqual(['on a']);
      const told = world.notices.filter(({ event }) => event === 'no-worker').map(({ message }) => message);
      expect(told).toEqual([expect.stringMatching(/no worker of redis in eu-west-1 took "plan" within 2 s/)]);
    } finally {
      await there.stop();
      await here.stop();
    }
  });

  test('recheck parks the run where what an earlier step made no longer holds, and retry makes it again', async () => {
    fresh();
    const here = await workers('orchestration', 'domain in us-east-1');
    try {
      world.hook = async (event) => {
        // Another actor, between the step and the look at all of them.
        if (event === 'apply b') world.switches.set('a', false);
      };
      const handle = await start('us-east-1', ['a', 'b'], { cross: 'c' });
      const { parked } = await harness.until(handle, 'parked');
      expect(parked).toMatchObject({ title: 'turn on a', trouble: { code: 'DRIFTED' } });
      expect(world.journal).toEqual(['on a', 'on b']);
      await harness.update(handle, 'resolve', { action: 'retry' });
      expect(((await handle.result()) as RunReport).outcome).toBe('done');
      expect(world.journal).toEqual(['on a', 'on b', 'on a', 'on c']);
    } finally {
      await here.stop();
    }
  });
});

test('a region that would be taken for a vantage, or is no name, is refused', () => {
  const { turnOn } = domainRefs<WorldActivities, 'redis'>('redis');
  expect(at(turnOn, 'us-east-1')).toMatchObject({ name: 'redis.turn-on', region: 'us-east-1' });
  expect(() => at(turnOn, 'vantage-main')).toThrow(/names no region/);
  expect(() => at(turnOn, '')).toThrow(/names no region/);
});
