import { expect, test } from 'vitest';
import type { RunReport } from '../../../src/runs/index.ts';
import { describeWith } from '../../support/lab.ts';
import { useTemporal } from '../../support/temporal.ts';
import { codeOf, reportOf, startHarness, useHarness } from './harness.ts';
import { brokenUntilMended, holdAt, testPolicy } from './world.ts';

await describeWith(['temporal'], 'a run', () => {
  const server = useTemporal();
  const use = useHarness(server, 'g');
  const { world, fresh, group } = use;

  test('does its steps in order and reports what was there before and after', async () => {
    fresh();
    const handle = await use.harness.start({ group: group(), steps: ['a', 'b'] });
    const report = (await handle.result()) as RunReport;
    expect(report.outcome).toBe('done');
    expect(world.journal).toEqual(['on a', 'on b']);
    expect(
      report.steps.map(({ title, state, changed, before, after }) => ({ title, state, changed, before, after })),
    ).toEqual([
      { title: 'turn on a', state: 'done', changed: true, before: { on: false }, after: { on: true } },
      { title: 'turn on b', state: 'done', changed: true, before: { on: false }, after: { on: true } },
    ]);
    expect(world.reports.map((one) => one.outcome)).toEqual(['done']);
    expect(report.published).toBe('memory:report');
  });

  test('keeps what a step measured, also where its first look found it done', async () => {
    fresh({ switches: new Map([['a', true]]) });
    const handle = await use.harness.start({ group: group(), steps: ['a', 'b'] });
    const report = (await handle.result()) as RunReport;
    expect(report.steps.map(({ state }) => state)).toEqual(['unchanged', 'done']);
    expect(report.measurements).toMatchObject({ 'redis.turn-on.a.on': 1, 'redis.turn-on.b.on': 1 });
  });

  test('aborting a second run over a finished state changes nothing', async () => {
    fresh({ switches: new Map([['a', true]]) });
    const hold = holdAt('apply b');
    world.hook = hold.hook;
    const handle = await use.harness.start({ group: group(), steps: ['a', 'b'] });
    await hold.reached;
    await use.harness.update(handle, 'abort', {});
    hold.release();
    const report = (await handle.result()) as RunReport;
    expect(report.outcome).toBe('aborted');
    expect(report.steps.map((step) => [step.title, step.state])).toEqual([
      ['turn on a', 'unchanged'],
      ['turn on b', 'undone'],
    ]);
    expect(world.journal).toEqual(['on b', 'off b']);
    expect(world.switches.get('a')).toBe(true);
  });

  test('abort undoes what this run changed, last first', async () => {
    fresh();
    const hold = holdAt('apply c');
    world.hook = hold.hook;
    const handle = await use.harness.start({ group: group(), steps: ['a', 'b', 'c'] });
    await hold.reached;
    await use.harness.update(handle, 'abort', {});
    hold.release();
    expect(((await handle.result()) as RunReport).outcome).toBe('aborted');
    expect(world.journal).toEqual(['on a', 'on b', 'on c', 'off c', 'off b', 'off a']);
  });

  test('parks a step that fails for good; the worker is stopped for good, a new one starts, retry finishes the run', async () => {
    fresh();
    const broken = brokenUntilMended('apply b');
    world.hook = broken.hook;
    const own = await startHarness(server(), world);
    const handle = await own.start({ group: group(), steps: ['a', 'b'] });
    const parked = await own.until(handle, 'parked');
    expect(parked.parked).toMatchObject({
      title: 'turn on b',
      trouble: { code: 'UNEXPECTED' },
      options: ['retry', 'skip', 'abort'],
    });
    await own.stop();
    broken.mend();
    const second = await startHarness(server(), world, own.taskQueue);
    await second.update(handle, 'resolve', { action: 'retry' });
    const report = (await handle.result()) as RunReport;
    await second.stop();
    expect(report.outcome).toBe('done');
    expect(world.journal).toEqual(['on a', 'on b']);
    expect(report.actions.map((action) => action.action)).toEqual(['retry']);
    expect(world.notices.some((notice) => notice.event === 'parked')).toBe(true);
  });

  test('skip is refused unless the step is found done or the risk is accepted in words', async () => {
    fresh();
    world.hook = brokenUntilMended('apply a').hook;
    const handle = await use.harness.start({ group: group(), steps: ['a', 'b'] });
    await use.harness.until(handle, 'parked');
    await expect(use.harness.update(handle, 'resolve', { action: 'skip' })).rejects.toSatisfy(
      (error) => codeOf(error) === 'SKIP_REFUSED',
    );
    world.switches.set('a', true);
    await use.harness.update(handle, 'resolve', { action: 'skip' });
    const report = (await handle.result()) as RunReport;
    expect(report.steps[0]).toMatchObject({ state: 'skipped', note: 'inspected: a is on' });
    expect(report.steps[1]).toMatchObject({ state: 'done' });
  });

  test('a blocked first look parks without anything applied', async () => {
    fresh();
    const handle = await use.harness.start({ group: group(), steps: ['blocked-x'] });
    const parked = await use.harness.until(handle, 'parked');
    expect(parked.parked?.trouble.code).toBe('REDIS_UNKNOWN_GROUP');
    await use.harness.update(handle, 'abort', {});
    expect(((await handle.result()) as RunReport).outcome).toBe('aborted');
    expect(world.journal).toEqual([]);
  });

  test('a cancelled step lands before its undo, never after', async () => {
    fresh();
    const hold = holdAt('apply b');
    world.hook = hold.hook;
    const handle = await use.harness.start({ group: group(), steps: ['a', 'b'] });
    await hold.reached;
    await handle.cancel();
    await expect(handle.result()).rejects.toSatisfy((error) => String((error as Error).cause).includes('Cancelled'));
    expect(world.journal).toEqual(['on a', 'off b', 'off a']);
    expect(world.reports.at(-1)).toMatchObject({ outcome: 'cancelled' });
  });

  test('a cancellation that comes too late for the step still undoes it afterwards', async () => {
    fresh();
    let entered = (): void => undefined;
    const reached = new Promise<void>((resolve) => (entered = resolve));
    world.hook = async (event) => {
      if (event !== 'apply b') return;
      entered();
      await new Promise((resolve) => setTimeout(resolve, 1500));
    };
    const handle = await use.harness.start({ group: group(), steps: ['a', 'b'] });
    await reached;
    await handle.cancel();
    await expect(handle.result()).rejects.toThrow();
    expect(world.journal).toEqual(['on a', 'on b', 'off b', 'off a']);
  });

  test('past its point of no return abort is refused and says why', async () => {
    fresh();
    const hold = holdAt('apply after');
    world.hook = hold.hook;
    const handle = await use.harness.start({ group: group(), steps: ['a'], cross: 'x' });
    await hold.reached;
    await expect(use.harness.update(handle, 'abort', {})).rejects.toSatisfy(
      (error) => codeOf(error) === 'PAST_NO_RETURN',
    );
    hold.release();
    const report = (await handle.result()) as RunReport;
    expect(report).toMatchObject({ outcome: 'done', pastNoReturn: true });
  });

  test('cancelled past its point of no return it finishes what must not stay half done', async () => {
    fresh();
    const hold = holdAt('apply after');
    world.hook = hold.hook;
    const handle = await use.harness.start({ group: group(), steps: ['a'], cross: 'x', soak: 'x' });
    await hold.reached;
    await handle.cancel();
    hold.release();
    await expect(handle.result()).rejects.toThrow();
    expect(world.journal).toEqual(['on a', 'on x', 'on after']);
    expect(world.reports.at(-1)?.outcome).toBe('cancelled');
  });

  test('a crossing that failed before it touched anything can still be aborted', async () => {
    fresh();
    world.hook = brokenUntilMended('apply x').hook;
    const handle = await use.harness.start({ group: group(), steps: ['a'], cross: 'x' });
    const parked = await use.harness.until(handle, 'parked');
    expect(parked.parked?.options).toEqual(['retry', 'skip', 'abort']);
    await use.harness.update(handle, 'abort', {});
    expect(((await handle.result()) as RunReport).outcome).toBe('aborted');
    expect(world.journal).toEqual(['on a', 'off x', 'off a']);
  });

  test('a second crossing that failed before it touched anything does not take the run back before the first', async () => {
    fresh();
    const broken = brokenUntilMended('apply y');
    world.hook = broken.hook;
    const handle = await use.harness.start({ group: group(), steps: ['a'], cross: 'x', crossAgain: 'y' });
    const parked = await use.harness.until(handle, 'parked');
    expect(parked).toMatchObject({
      pastNoReturn: true,
      parked: { title: 'cross y', options: ['retry', 'skip', 'stop'] },
    });
    broken.mend();
    await use.harness.update(handle, 'resolve', { action: 'retry' });
    expect(((await handle.result()) as RunReport).outcome).toBe('done');
  });

  test('a crossing that failed in between offers stop instead of abort, and stop says what it leaves', async () => {
    fresh();
    world.hook = async (event) => {
      if (event !== 'apply x') return;
      world.switches.set('x.begun', true);
      throw new Error('torn');
    };
    const handle = await use.harness.start({ group: group(), steps: ['a'], cross: 'x' });
    const parked = await use.harness.until(handle, 'parked');
    expect(parked.parked?.options).toEqual(['retry', 'skip', 'stop']);
    await use.harness.update(handle, 'resolve', { action: 'stop', reason: 'by hand' });
    const error: unknown = await handle.result().catch((caught: unknown) => caught);
    expect(codeOf(error)).toBe('STOPPED_BY_OPERATOR');
    expect(reportOf(error)).toMatchObject({
      outcome: 'failed',
      leftBehind: [
        '"turn on a" was changed by this run and not undone: a is on',
        expect.stringContaining('"cross x" is failed'),
      ],
    });
  });

  test('a failing undo parks, and goes on after the cause is mended', async () => {
    fresh();
    const broken = brokenUntilMended('undo a');
    const hold = holdAt('apply b');
    world.hook = async (event, signal) => {
      await broken.hook(event, signal);
      await hold.hook(event, signal);
    };
    const handle = await use.harness.start({ group: group(), steps: ['a', 'b'] });
    await hold.reached;
    await use.harness.update(handle, 'abort', {});
    hold.release();
    const parked = await use.harness.until(handle, 'parked');
    expect(parked.parked?.trouble.code).toBe('UNDO_FAILED');
    broken.mend();
    await use.harness.update(handle, 'resolve', { action: 'retry' });
    expect(((await handle.result()) as RunReport).outcome).toBe('aborted');
    expect(world.journal).toEqual(['on a', 'on b', 'off b', 'off a']);
  });

  test('a report that cannot be published does not change how the run ended', async () => {
    fresh({ policy: testPolicy() });
    let tries = 0;
    world.hook = async (event) => {
      if (event === 'publish' && (tries += 1) < 1000) throw Object.assign(new Error('disk full'));
    };
    const handle = await use.harness.start({ group: group(), steps: ['a'] });
    const report = (await handle.result()) as RunReport;
    expect(report).toMatchObject({ outcome: 'done', publishProblem: { code: 'PUBLISH_FAILED' } });
  });
});
