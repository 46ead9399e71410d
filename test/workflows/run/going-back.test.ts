import { defaultPayloadConverter } from '@temporalio/common';
import type { WorkflowHandle } from '@temporalio/client';
import { expect, test } from 'vitest';
import type { ProfileName, RunReport, StepMode } from '../../../src/runs/index.ts';
import { describeWith } from '../../support/lab.ts';
import { useTemporal } from '../../support/temporal.ts';
import { codeOf, reportOf, useHarness } from './harness.ts';
import { brokenUntilMended, holdAt, testPolicy } from './world.ts';
import type { ListInput } from './world.ts';

await describeWith(['temporal'], 'going back', () => {
  const server = useTemporal();
  const use = useHarness(server, 'back');
  const { world, fresh, group } = use;
  const start = (list: ListInput['list']): Promise<WorkflowHandle> =>
    use.harness.start({ group: group(), list } as ListInput, { type: 'listed' });

  /** Each profile has a time of its own, so that the history says which one a call was made with. */
  const timed = (): ReturnType<typeof testPolicy> => {
    const { profiles } = testPolicy();
    const after = (startToCloseMs: number) => ({ ...profiles.quick, startToCloseMs });
    return testPolicy({ profiles: { ...profiles, quick: after(31_000), slow: after(32_000), watched: after(33_000) } });
  };
  const names: Record<number, ProfileName> = { 31: 'quick', 32: 'slow', 33: 'watched' };

  /** `<mode> <switch> <profile>` of each call of a step, as the history has it. */
  async function callsOf(handle: WorkflowHandle): Promise<string[]> {
    const { events } = await handle.fetchHistory();
    return (events ?? []).flatMap(({ activityTaskScheduledEventAttributes: call }) => {
      const payload = call?.input?.payloads?.[0];
      if (call?.activityType?.name !== 'redisTurnOn' || !payload) return [];
      const { mode, input } = defaultPayloadConverter.fromPayload<{ mode: StepMode; input: { name: string } }>(payload);
      return [`${mode} ${input.name} ${names[Number(call.startToCloseTimeout?.seconds)] ?? '?'}`];
    });
  }

  test('the undo of a step has the time that the step had', async () => {
    fresh({ policy: timed() });
    const hold = holdAt('apply b');
    world.hook = hold.hook;
    const handle = await start([
      { name: 'a', undo: true, profile: 'watched' },
      { name: 'b', undo: true, profile: 'slow' },
    ]);
    await hold.reached;
    await use.harness.update(handle, 'abort', {});
    hold.release();
    expect(((await handle.result()) as RunReport).outcome).toBe('aborted');
    expect(await callsOf(handle)).toEqual([
      'inspect a watched',
      'ensure a watched',
      'inspect b slow',
      'ensure b slow',
      'undo b slow',
      'undo a watched',
    ]);
  });

  test('what must still hold after a pause is looked at with the time that its step had', async () => {
    fresh({ policy: timed() });
    const hold = holdAt('apply b');
    world.hook = hold.hook;
    const handle = await start([{ name: 'a', invariant: true, profile: 'slow' }, { name: 'b' }, { name: 'c' }]);
    await hold.reached;
    await use.harness.update(handle, 'pause', {});
    hold.release();
    await use.harness.until(handle, 'paused');
    world.switches.set('a', false);
    await use.harness.update(handle, 'resume', {});
    await use.harness.until(handle, 'parked');
    await use.harness.update(handle, 'resolve', { action: 'retry' });
    await handle.result();
    const calls = await callsOf(handle);
    expect(calls.filter((call) => call.includes(' a '))).toEqual(
      Array.from({ length: 4 }, (_, at) => (at % 2 ? 'ensure a slow' : 'inspect a slow')),
    );
  });

  test('whether a failed crossing has begun is looked at with the time that the crossing had', async () => {
    fresh({ policy: timed() });
    world.hook = brokenUntilMended('apply x').hook;
    const handle = await start([{ name: 'x', pointOfNoReturn: true, undo: true, profile: 'watched' }]);
    await use.harness.until(handle, 'parked');
    await use.harness.update(handle, 'abort', {});
    await handle.result();
    expect(await callsOf(handle)).toEqual([
      'inspect x watched',
      'ensure x watched',
      'inspect x watched',
      'undo x watched',
    ]);
  });

  test('an aborted run lists each step that it changed and that nothing undoes, and tells people', async () => {
    fresh();
    const hold = holdAt('apply c');
    world.hook = hold.hook;
    const handle = await start([{ name: 'a' }, { name: 'b', undo: true }, { name: 'c', undo: true }]);
    await hold.reached;
    await use.harness.update(handle, 'abort', {});
    hold.release();
    const report = (await handle.result()) as RunReport;
    expect(report.outcome).toBe('aborted');
    expect(world.journal).toEqual(['on a', 'on b', 'on c', 'off c', 'off b']);
    expect(report.leftBehind).toEqual(['"turn on a" was changed by this run and not undone: a is on']);
    const told = world.notices.filter(({ event }) => event === 'ended');
    expect(told.map(({ message }) => message)).toEqual([
      expect.stringMatching(/ended as aborted and leaves behind: "turn on a" was changed/),
    ]);
  });

  test('what lies in what an earlier step made is gone with it, and is not said to be left', async () => {
    fresh();
    const hold = holdAt('apply c');
    world.hook = hold.hook;
    const handle = await start([
      { name: 'a', undo: true },
      { name: 'b', leavesNothing: true },
      { name: 'c', undo: true },
    ]);
    await hold.reached;
    await use.harness.update(handle, 'abort', {});
    hold.release();
    const report = (await handle.result()) as RunReport;
    expect(report).toMatchObject({ outcome: 'aborted', leftBehind: [] });
    expect(report.steps.map(({ changed, state }) => [changed, state])).toEqual([
      [true, 'undone'],
      [true, 'done'],
      [true, 'undone'],
    ]);
  });

  test('an aborted run that undid all of it leaves nothing, and tells nobody', async () => {
    fresh();
    const hold = holdAt('apply b');
    world.hook = hold.hook;
    const handle = await start([
      { name: 'a', undo: true },
      { name: 'b', undo: true },
    ]);
    await hold.reached;
    await use.harness.update(handle, 'abort', {});
    hold.release();
    expect(((await handle.result()) as RunReport).leftBehind).toEqual([]);
    expect(world.notices).toEqual([]);
  });

  test('a run that is stopped past its point of no return lists what is done, too', async () => {
    fresh();
    world.hook = brokenUntilMended('apply after').hook;
    const handle = await start([{ name: 'a', undo: true }, { name: 'x', pointOfNoReturn: true }, { name: 'after' }]);
    await use.harness.until(handle, 'parked');
    await use.harness.update(handle, 'resolve', { action: 'stop' });
    const error: unknown = await handle.result().catch((caught: unknown) => caught);
    expect(codeOf(error)).toBe('STOPPED_BY_OPERATOR');
    expect(reportOf(error).leftBehind).toEqual([
      '"turn on a" was changed by this run and not undone: a is on',
      '"turn on x" was changed by this run and not undone: x is on',
      expect.stringMatching(/^"turn on after" is failed: UNEXPECTED/),
    ]);
  });

  test('an undo that was skipped with its risk accepted is left behind', async () => {
    fresh();
    const hold = holdAt('apply b');
    const broken = brokenUntilMended('undo a');
    world.hook = async (event, signal) => {
      await hold.hook(event, signal);
      await broken.hook(event, signal);
    };
    const handle = await start([
      { name: 'a', undo: true },
      { name: 'b', undo: true },
    ]);
    await hold.reached;
    await use.harness.update(handle, 'abort', {});
    hold.release();
    await use.harness.until(handle, 'parked');
    await use.harness.update(handle, 'resolve', { action: 'skip', acceptedRisk: 'a may stay on' });
    const report = (await handle.result()) as RunReport;
    expect(report.leftBehind).toEqual([
      '"turn on a" was changed by this run and not undone: undo skipped: risk accepted by ada: a may stay on',
    ]);
  });
});
