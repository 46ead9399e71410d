import { expect, test } from 'vitest';
import type { RunReport } from '../../../src/runs/index.ts';
import { describeWith } from '../../support/lab.ts';
import { useTemporal } from '../../support/temporal.ts';
import { codeOf, useHarness } from './harness.ts';
import { brokenUntilMended, holdAt, testPolicy } from './world.ts';

// What an operator does at the worst moment, and what a text field of the UI can send.
await describeWith(['temporal'], 'at the worst moment', () => {
  const server = useTemporal();
  const use = useHarness(server, 'w');
  const { world, fresh, group } = use;

  test('an abort during the first look of the crossing keeps the run from crossing', async () => {
    fresh();
    const hold = holdAt('probe x');
    world.hook = hold.hook;
    const handle = await use.harness.start({ group: group(), steps: ['a'], cross: 'x' });
    await hold.reached;
    await use.harness.update(handle, 'abort', {});
    hold.release();
    const report = (await handle.result()) as RunReport;
    expect(report).toMatchObject({ outcome: 'aborted', pastNoReturn: false });
    expect(world.journal).toEqual(['on a', 'off a']);
  });

  test('a cancellation during the first look of the crossing keeps the run from crossing', async () => {
    fresh();
    const hold = holdAt('probe x');
    world.hook = hold.hook;
    const handle = await use.harness.start({ group: group(), steps: ['a'], cross: 'x' });
    await hold.reached;
    await handle.cancel();
    hold.release();
    await expect(handle.result()).rejects.toThrow();
    expect(world.journal).toEqual(['on a', 'off a']);
  });

  test.each([
    [{ action: 'abort' }, 'WRONG_STATE'],
    [{ action: 'nonsense' }, 'WRONG_STATE'],
    [{ action: 'skip', acceptedRisk: true }, 'INVALID_INPUT'],
    [{ action: 'retry', reason: 7 }, 'INVALID_INPUT'],
    [{ action: 'retry', by: '' }, 'INVALID_INPUT'],
  ])('a parked run refuses %j and stays as it is', async (request, code) => {
    fresh();
    const broken = brokenUntilMended('apply a');
    world.hook = broken.hook;
    const handle = await use.harness.start({ group: group(), steps: ['a'] });
    await use.harness.until(handle, 'parked');
    await expect(use.harness.update(handle, 'resolve', request as never)).rejects.toSatisfy(
      (error) => codeOf(error) === code,
    );
    broken.mend();
    await use.harness.update(handle, 'resolve', { action: 'retry' });
    expect(((await handle.result()) as RunReport).outcome).toBe('done');
  });

  test.each([[null], ['text'], [[]], [7]])('an update with the argument %j is refused', async (request) => {
    fresh();
    const hold = holdAt('apply a');
    world.hook = hold.hook;
    const handle = await use.harness.start({ group: group(), steps: ['a'] });
    await hold.reached;
    const sent = handle.executeUpdate('pause', { args: [request] });
    await expect(sent).rejects.toSatisfy((error) => codeOf(error) === 'INVALID_INPUT');
    hold.release();
    expect(((await handle.result()) as RunReport).outcome).toBe('done');
  });

  test('a cancellation past the point of no return cuts no wait short', async () => {
    fresh();
    const waitMs = 3_000;
    const input = { group: group(), steps: ['a'], waitMs };
    const handle = await use.harness.start(input, { type: 'crossesAndWaits' });
    await use.harness.untilStep(handle, 'let the lease end');
    await handle.cancel();
    await expect(handle.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
    expect(world.journal).toEqual(['on a', 'on verified']);
    const wait = world.reports.at(-1)?.steps.find(({ step }) => step === 'run.wait');
    expect(wait?.ms).toBeGreaterThanOrEqual(waitMs);
  });

  test('skip with proof works in a cancelled run whose undo has parked', async () => {
    fresh();
    const broken = brokenUntilMended('undo a');
    const hold = holdAt('apply b');
    world.hook = async (event, signal) => {
      await broken.hook(event, signal);
      await hold.hook(event, signal);
    };
    const handle = await use.harness.start({ group: group(), steps: ['a', 'b'] });
    await hold.reached;
    await handle.cancel();
    await use.harness.until(handle, 'parked');
    await expect(use.harness.update(handle, 'resolve', { action: 'skip' })).rejects.toSatisfy(
      (error) => codeOf(error) === 'SKIP_REFUSED',
    );
    world.switches.set('a', false);
    await use.harness.update(handle, 'resolve', { action: 'skip' });
    await expect(handle.result()).rejects.toThrow();
    expect(world.reports.at(-1)).toMatchObject({ outcome: 'cancelled', leftBehind: [] });
  });

  /** Somebody else turns a switch on, right before the run's own look at it within the step. */
  const turnedOnBefore = (name: string, look: number): void => {
    let looks = 0;
    world.hook = async (event) => {
      if (event === `probe ${name}` && (looks += 1) === look) world.switches.set(name, true);
    };
  };

  test('what somebody else did between the first look and the step is not undone', async () => {
    fresh();
    turnedOnBefore('a', 2);
    const hold = holdAt('apply b');
    const before = world.hook;
    world.hook = async (event, signal) => {
      await before(event, signal);
      await hold.hook(event, signal);
    };
    const handle = await use.harness.start({ group: group(), steps: ['a', 'b'] });
    await hold.reached;
    await use.harness.update(handle, 'abort', {});
    hold.release();
    const report = (await handle.result()) as RunReport;
    expect(report.steps.map(({ state, changed }) => [state, changed])).toEqual([
      ['unchanged', false],
      ['undone', true],
    ]);
    expect(world.journal).toEqual(['on b', 'off b']);
    expect(world.switches.get('a')).toBe(true);
  });

  test('what an earlier attempt of the step did is undone, though the last attempt found it done', async () => {
    fresh();
    const hold = holdAt('apply b');
    let torn = false;
    world.hook = async (event, signal) => {
      await hold.hook(event, signal);
      if (event !== 'apply a' || torn) return;
      torn = true;
      world.switches.set('a', true);
      throw new Error('the connection broke after it had acted');
    };
    const handle = await use.harness.start({ group: group(), steps: ['a', 'b'] });
    await hold.reached;
    await use.harness.update(handle, 'abort', {});
    hold.release();
    expect(((await handle.result()) as RunReport).outcome).toBe('aborted');
    expect(world.journal).toEqual(['on b', 'off b', 'off a']);
  });

  test('what a step did before it parked is undone, though the retry found it done', async () => {
    fresh();
    world.hook = brokenUntilMended('apply a').hook;
    const handle = await use.harness.start({ group: group(), steps: ['a', 'b'] });
    await use.harness.until(handle, 'parked');
    // Its last attempt lands late, after the next first look.
    turnedOnBefore('a', 2);
    const hold = holdAt('apply b');
    const before = world.hook;
    world.hook = async (event, signal) => {
      await before(event, signal);
      await hold.hook(event, signal);
    };
    await use.harness.update(handle, 'resolve', { action: 'retry' });
    await hold.reached;
    await use.harness.update(handle, 'abort', {});
    hold.release();
    expect(((await handle.result()) as RunReport).outcome).toBe('aborted');
    expect(world.journal).toEqual(['on b', 'off b', 'off a']);
  });

  test('what somebody else did of a section is not taken back with it', async () => {
    fresh();
    turnedOnBefore('a', 2);
    const hold = holdAt('apply last');
    const before = world.hook;
    world.hook = async (event, signal) => {
      await before(event, signal);
      await hold.hook(event, signal);
    };
    const input = { group: group(), steps: ['a', 'b'], drive: 'back', then: 'last' };
    const handle = await use.harness.start(input, { type: 'critical' });
    await hold.reached;
    await use.harness.update(handle, 'abort', {});
    hold.release();
    expect(((await handle.result()) as RunReport).outcome).toBe('aborted');
    expect(world.journal).toEqual(['on b', 'on last', 'off b']);
  });

  test('time that nobody watched does not count as soak', async () => {
    fresh({
      switches: new Map([['healthy', true]]),
      policy: testPolicy({ soak: { durationMs: 1_500, everyMs: 100 } }),
    });
    const handle = await use.harness.start({ group: group(), steps: ['a'], soak: 'healthy' });
    await use.harness.untilStep(handle, 'soak');
    await use.harness.update(handle, 'pause', {});
    await use.harness.until(handle, 'paused');
    await new Promise((resolve) => setTimeout(resolve, 1_700));
    await use.harness.update(handle, 'resume', {});
    const report = (await handle.result()) as RunReport;
    expect(report.outcome).toBe('done');
    const running = report.phases
      .filter((phase) => phase.state === 'running')
      .reduce((sum, phase) => sum + phase.ms, 0);
    expect(running).toBeGreaterThanOrEqual(1_200);
  });

  test('what a finished section of steps changed is taken back by an abort', async () => {
    fresh();
    const hold = holdAt('apply last');
    world.hook = hold.hook;
    const input = { group: group(), steps: ['a', 'b'], drive: 'back', then: 'last' };
    const handle = await use.harness.start(input, { type: 'critical' });
    await hold.reached;
    await use.harness.update(handle, 'abort', {});
    hold.release();
    expect(((await handle.result()) as RunReport).outcome).toBe('aborted');
    expect(world.journal).toEqual(['on a', 'on b', 'on last', 'off b', 'off a']);
  });
});
