import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { pause } from '../../../lab/clock.ts';
import type { RunReport, RunStatus, StepRecord } from '../../../src/runs/index.ts';
import { describeWith } from '../../support/lab.ts';
import { useTemporal } from '../../support/temporal.ts';
import type { Harness } from './harness.ts';
import { codeOf, startHarness } from './harness.ts';
import { brokenUntilMended, createWorld, holdAt } from './world.ts';
import type { TestInput, World } from './world.ts';

await describeWith(['temporal'], 'a run made of runs', () => {
  const server = useTemporal();
  let world: World;
  let harness: Harness;
  let families = 0;
  beforeAll(async () => {
    world = createWorld();
    harness = await startHarness(server(), world);
  });
  afterAll(() => harness.stop());
  const fresh = (change: Partial<World> = {}): void => void Object.assign(world, createWorld(change));
  /** Members are called by one letter; a member turns on the switch of its own name. */
  const start = (members: string[], more: Partial<TestInput> = {}, waves: number[] = []): Promise<WorkflowHandle> => {
    const group = `family${(families += 1)}`;
    return harness.start(
      {
        group,
        members: members.map((name, at) => ({ group: `${group}-${name}`, steps: [name], wave: waves[at] ?? 1 })),
        ...more,
      },
      { type: 'family' },
    );
  };
  const member = (handle: WorkflowHandle, name: string): WorkflowHandle =>
    harness.client.workflow.getHandle(`${handle.workflowId}-${name}`);
  const done = async (handle: WorkflowHandle): Promise<RunReport> => (await handle.result()) as RunReport;
  const ofMembers = ({ steps }: Pick<RunStatus, 'steps'>): StepRecord[] => steps.filter(({ run }) => run !== undefined);
  const states = (status: Pick<RunStatus, 'steps'>): string[] => ofMembers(status).map(({ state }) => state);
  const untilMembers = async (handle: WorkflowHandle, wanted: (steps: StepRecord[]) => boolean): Promise<RunStatus> => {
    for (;;) {
      const now = await harness.status(handle);
      if (wanted(ofMembers(now))) return now;
      await pause(15);
    }
  };

  test('starts at most as many at once as its window, in their order, and reports each with its id', async () => {
    fresh();
    let [now, most] = [0, 0];
    world.hook = async (event) => {
      if (!event.startsWith('apply')) return;
      most = Math.max(most, (now += 1));
      await pause(150);
      now -= 1;
    };
    const handle = await start(['a', 'b', 'c', 'd', 'e'], { window: 2 });
    const report = await done(handle);
    expect(report.outcome).toBe('done');
    expect(most).toBe(2);
    expect([...world.journal].sort()).toEqual(['on a', 'on b', 'on c', 'on d', 'on e']);
    expect(world.journal[0]).toMatch(/on [ab]/);
    expect(report.measurements['membersDone']).toBe(5);
    expect(ofMembers(report).map(({ run, changed }) => [run?.workflowId, run?.state, changed])).toEqual(
      ['a', 'b', 'c', 'd', 'e'].map((name) => [`${handle.workflowId}-${name}`, 'done', true]),
    );
  });

  test('a wave starts when all of the wave before it have ended', async () => {
    fresh();
    const hold = holdAt('apply a');
    world.hook = hold.hook;
    const handle = await start(['a', 'b', 'c'], { window: 3 }, [1, 1, 2]);
    await hold.reached;
    await untilMembers(handle, (steps) => steps[1]?.state === 'done');
    await pause(200);
    expect(states(await harness.status(handle))).toEqual(['running', 'done', 'pending']);
    hold.release();
    expect((await done(handle)).outcome).toBe('done');
    expect(world.journal.at(-1)).toBe('on c');
  });

  test('two that need the same for themselves are never under way at once; one that does not goes ahead', async () => {
    fresh();
    const hold = holdAt('apply a');
    world.hook = hold.hook;
    const alone = (name: string, ...needs: string[]) => ({ group: `alone-${name}`, steps: [name], alone: needs });
    const members = [alone('a', 'x', 'y'), alone('b', 'y', 'z'), alone('c', 'z')];
    const handle = await start([], { window: 3, members });
    await hold.reached;
    await untilMembers(handle, (steps) => steps[2]?.state === 'done');
    await pause(200);
    expect(states(await harness.status(handle))).toEqual(['running', 'pending', 'done']);
    hold.release();
    expect((await done(handle)).outcome).toBe('done');
    expect(world.journal).toEqual(['on c', 'on a', 'on b']);
  });

  test('a pause lets those under way end and starts nothing more until it is over', async () => {
    fresh();
    const hold = holdAt('apply a');
    world.hook = hold.hook;
    const handle = await start(['a', 'b']);
    await hold.reached;
    expect((await harness.update(handle, 'pause', {})).pending).toEqual(['pause']);
    hold.release();
    expect(states(await harness.until(handle, 'paused'))).toEqual(['done', 'pending']);
    await harness.update(handle, 'resume', {});
    expect((await done(handle)).outcome).toBe('done');
    expect(world.journal).toEqual(['on a', 'on b']);
  });

  test('the pause between the end of one and the start of the next is kept', async () => {
    fresh();
    const handle = await start(['a', 'b'], { pauseMs: 700 });
    const [a, b] = ofMembers(await done(handle));
    const ended = Date.parse(a?.startedAt ?? '') + (a?.ms ?? 0);
    expect(Date.parse(b?.startedAt ?? '') - ended).toBeGreaterThanOrEqual(700);
  });

  test('an abort lets those under way go back, starts nothing more, and says what stays', async () => {
    fresh();
    const hold = holdAt('apply b');
    world.hook = hold.hook;
    const handle = await start(['a', 'b', 'c']);
    await hold.reached;
    await harness.update(handle, 'abort', { reason: 'enough' });
    await untilMembers(handle, (steps) => steps[1]?.run?.state === 'running');
    const child = member(handle, 'b');
    await harness.untilPending(child, 'abort');
    hold.release();
    const report = await done(handle);
    expect(report.outcome).toBe('aborted');
    expect(world.journal).toEqual(['on a', 'on b', 'off b']);
    expect(states(report)).toEqual(['done', 'failed', 'pending']);
    expect(report.leftBehind).toEqual([
      `"member ${child.workflowId.slice(6, -2)}-a" is done and stays as it is (${handle.workflowId}-a)`,
    ]);
    const undone = (await child.result()) as RunReport;
    expect(undone.outcome).toBe('aborted');
    expect(undone.actions).toMatchObject([{ action: 'abort', by: 'ada' }]);
  });

  test('a child past its point of no return refuses the abort and is finished before the parent ends', async () => {
    fresh();
    const hold = holdAt('apply after');
    world.hook = hold.hook;
    const handle = await start([], { members: [{ group: 'past-a', steps: ['a'], cross: 'x' }, { group: 'past-b' }] });
    await hold.reached;
    await harness.update(handle, 'abort', {});
    const seen = await untilMembers(handle, ([first]) => first?.note !== undefined);
    expect(seen.state).toBe('running');
    expect(ofMembers(seen)[0]?.note).toMatch(/point of no return/);
    hold.release();
    const report = await done(handle);
    expect(report.outcome).toBe('aborted');
    expect(states(report)).toEqual(['done', 'pending']);
    expect(world.journal).toEqual(['on a', 'on x', 'on after']);
  });

  test('a cancellation of the parent reaches the child, which goes back before the parent ends', async () => {
    fresh();
    const hold = holdAt('apply b');
    world.hook = hold.hook;
    const handle = await start(['a', 'b']);
    await hold.reached;
    await handle.cancel();
    await expect(handle.result()).rejects.toThrow();
    expect((await member(handle, 'b').describe()).status.name).toBe('CANCELLED');
    expect(world.journal).toEqual(['on a', 'off b']);
    expect(world.reports.at(-1)).toMatchObject({ outcome: 'cancelled' });
  });

  test('a child that fails parks the parent when the others have ended; retry starts it again', async () => {
    fresh();
    const broken = brokenUntilMended('probe b', 'REDIS_UNKNOWN_GROUP');
    world.hook = broken.hook;
    const handle = await start(['a', 'b', 'c']);
    const parkedChild = await untilMembers(handle, (steps) => steps[1]?.run?.state === 'parked');
    const line = ofMembers(parkedChild)[1];
    expect(parkedChild.state).toBe('running');
    expect(line?.summary).toContain('parked at "turn on b": REDIS_UNKNOWN_GROUP');
    expect(line?.summary).toContain(`gantry retry ${handle.workflowId}-b`);
    await harness.update(member(handle, 'b'), 'abort', {});
    const parked = await harness.until(handle, 'parked');
    expect(parked.parked).toMatchObject({ step: 'redis.switchover', options: ['retry', 'skip', 'abort'] });
    expect(parked.parked?.trouble).toMatchObject({ code: 'CHILD_NOT_DONE' });
    expect(parked.parked?.trouble.message).toContain(`${handle.workflowId}-b ended as aborted`);
    expect(states(parked)).toEqual(['done', 'failed', 'pending']);
    broken.mend();
    await harness.update(handle, 'resolve', { action: 'retry' });
    const report = await done(handle);
    expect(report.outcome).toBe('done');
    expect(states(report)).toEqual(['done', 'done', 'done']);
    expect(world.journal).toEqual(['on a', 'on b', 'on c']);
  });

  test('a parked child that is resolved is running again in its parent’s eyes, and done in the end', async () => {
    fresh();
    const broken = brokenUntilMended('apply a');
    world.hook = broken.hook;
    const handle = await start(['a']);
    await untilMembers(handle, ([first]) => first?.run?.state === 'parked');
    const hold = holdAt('apply a');
    world.hook = hold.hook;
    await harness.update(member(handle, 'a'), 'resolve', { action: 'retry' });
    await hold.reached;
    await untilMembers(handle, ([first]) => first?.run?.state === 'running' && first.summary === undefined);
    hold.release();
    expect((await done(handle)).outcome).toBe('done');
  });

  test('skip of a child needs its last run to be done, or the risk accepted in words', async () => {
    fresh();
    world.hook = brokenUntilMended('apply a').hook;
    const handle = await start(['a', 'b']);
    await untilMembers(handle, ([first]) => first?.run?.state === 'parked');
    await harness.update(member(handle, 'a'), 'abort', {});
    await harness.until(handle, 'parked');
    await expect(harness.update(handle, 'resolve', { action: 'skip' })).rejects.toSatisfy(
      (error) => codeOf(error) === 'SKIP_REFUSED',
    );
    await harness.update(handle, 'resolve', { action: 'skip', acceptedRisk: 'it stays where it is' });
    const report = await done(handle);
    expect(states(report)).toEqual(['skipped', 'done']);
    expect(ofMembers(report)[0]?.note).toBe('risk accepted by ada: it stays where it is');
    expect(report.measurements['membersDone']).toBe(1);
  });

  test('what another one did to the member since does not prove a skip: its run was not started by this one', async () => {
    fresh();
    const broken = brokenUntilMended('apply a');
    world.hook = broken.hook;
    const handle = await start(['a']);
    await untilMembers(handle, ([first]) => first?.run?.state === 'parked');
    await harness.update(member(handle, 'a'), 'abort', {});
    await harness.until(handle, 'parked');
    broken.mend();
    const other = await harness.start({ group: member(handle, 'a').workflowId.slice(6), steps: ['a'] });
    expect(await done(other)).toMatchObject({ outcome: 'done' });
    await expect(harness.update(handle, 'resolve', { action: 'skip' })).rejects.toSatisfy(
      (error) => codeOf(error) === 'SKIP_REFUSED' && String((error as Error).cause).includes('not started by this run'),
    );
    await harness.update(handle, 'resolve', { action: 'retry' });
    expect((await done(handle)).outcome).toBe('done');
  });

  test('one that somebody else holds is not taken over: the parent parks and names the holder', async () => {
    fresh();
    const hold = holdAt('apply other');
    world.hook = hold.hook;
    const other = await harness.start({ group: 'held', steps: ['other'] });
    await hold.reached;
    const handle = await start([], { members: [{ group: 'held', steps: ['a'] }] });
    const parked = await harness.until(handle, 'parked');
    expect(parked.parked?.trouble.code).toBe('RESOURCE_BUSY');
    expect(parked.parked?.trouble.message).toContain((await other.describe()).runId);
    hold.release();
    await other.result();
    await harness.update(handle, 'resolve', { action: 'retry' });
    expect((await done(handle)).outcome).toBe('done');
    expect(world.journal).toEqual(['on other', 'on a']);
  });

  test('terminating the parent tears nothing apart: the child goes on to its end', async () => {
    fresh();
    const hold = holdAt('apply a');
    world.hook = hold.hook;
    const handle = await start(['a']);
    await hold.reached;
    await handle.terminate();
    hold.release();
    expect(await done(member(handle, 'a'))).toMatchObject({ outcome: 'done' });
    expect(world.journal).toEqual(['on a']);
  });

  test('the gate is looked at before each start; while it is not well nothing starts', async () => {
    fresh({ switches: new Map([['well', true]]) });
    let looks = 0;
    world.hook = async (event) => {
      if (event === 'probe well') looks += 1;
      if (event === 'apply a') world.switches.set('well', false);
      if (event === 'apply well') throw new Error('it does not get well by itself');
    };
    const handle = await start(['a', 'b'], { gate: 'well' });
    const parked = await harness.until(handle, 'parked');
    expect(parked.parked?.title).toBe('the gate');
    expect(states(parked)).toEqual(['done', 'pending']);
    world.switches.set('well', true);
    await harness.update(handle, 'resolve', { action: 'retry' });
    expect((await done(handle)).outcome).toBe('done');
    expect(looks).toBeGreaterThanOrEqual(3);
    expect(world.journal).toEqual(['on a', 'on b']);
  });

  test('a child costs its parent at most 20 events, gate and pause included: 200 of them stay below 5,000', async () => {
    fresh({ switches: new Map([['well', true]]) });
    const names = Array.from({ length: 8 }, (_, at) => `m${at}`);
    const events = async (given: Partial<TestInput>): Promise<number> => {
      const handle = await start(names, given);
      await done(handle);
      return ((await handle.fetchHistory()).events?.length ?? 0) - besides;
    };
    // Admission, plan, report and what else every run has.
    let besides = 0;
    const none = await start([]);
    await done(none);
    besides = (await none.fetchHistory()).events?.length ?? 0;
    const costs = {
      bare: (await events({})) / names.length,
      gated: (await events({ gate: 'well' })) / names.length,
      gatedAndPaused: (await events({ gate: 'well', pauseMs: 60 })) / names.length,
    };
    process.stdout.write(`events of a parent for each child: ${JSON.stringify(costs)}, besides ${besides}\n`);
    expect(costs.gatedAndPaused).toBeGreaterThan(costs.gated);
    expect(costs.gatedAndPaused).toBeLessThanOrEqual(20);
    expect(besides + 200 * costs.gatedAndPaused).toBeLessThan(5_000);
  });
});
