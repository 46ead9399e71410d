import type { WorkflowHandle } from '@temporalio/client';
import { expect, test } from 'vitest';
import type { RunReport } from '../../../src/runs/index.ts';
import { describeWith } from '../../support/lab.ts';
import { useTemporal } from '../../support/temporal.ts';
import { useHarness } from './harness.ts';
import type { WaitInput } from './world.ts';

const minute = 60_000;
/** Longer than any test waits: only what is asked of the run ends its sleep. */
const long: WaitInput = { everyMs: [10 * minute, 30 * minute], deadlineMs: 60 * minute };

await describeWith(['temporal'], 'a run that waits for something outside', () => {
  const server = useTemporal();
  const use = useHarness(server, 'u');
  const { world, fresh, group } = use;

  const start = (waits: WaitInput, steps: string[] = []): Promise<WorkflowHandle> =>
    use.harness.start({ group: group(), steps, waits } as never, { type: 'patiently' });
  const probes = (): { count: number; until: (count: number) => Promise<void> } => {
    const seen = { count: 0 };
    world.hook = async (event) => void (seen.count += event === 'probe thawed' ? 1 : 0);
    return {
      get count() {
        return seen.count;
      },
      until: (count) => expect.poll(() => seen.count, { timeout: 60_000, interval: 15 }).toBeGreaterThanOrEqual(count),
    };
  };
  const ends = async (handle: WorkflowHandle): Promise<RunReport> => (await handle.result()) as RunReport;

  test('looks again and again until it is done, and keeps one line of it and a clock of each phase', async () => {
    fresh();
    const looks = probes();
    const handle = await start({ everyMs: [20, 50], deadlineMs: minute });
    await looks.until(4);
    world.switches.set('thawed', true);
    const report = await ends(handle);
    expect(report.outcome).toBe('done');
    expect(report.steps.filter(({ title }) => title === 'wait for the thaw')).toHaveLength(1);
    expect(report.steps[0]).toMatchObject({ state: 'unchanged', changed: false, after: { on: true } });
    expect(report.ledger?.map(({ name, times, stoodMs }) => ({ name, times, stoodMs }))).toEqual([
      { name: 'thaw', times: 1, stoodMs: 0 },
      { name: 'verify', times: 1, stoodMs: 0 },
    ]);
    expect(report.ledger?.[0]?.ms).toBeGreaterThanOrEqual(20);
    expect(world.journal).toEqual(['on verified']);
  });

  test('a signal wakes it', async () => {
    fresh();
    const looks = probes();
    // With 300 looks for 100 hours the next one is 20 minutes away.
    const handle = await start({ everyMs: [50, 30 * minute], deadlineMs: 6_000 * minute });
    await looks.until(1);
    world.switches.set('thawed', true);
    await handle.signal('wake', { by: 's3 event' });
    const report = await ends(handle);
    expect(report.outcome).toBe('done');
    expect(report.actions).toMatchObject([{ action: 'wake', by: 's3 event' }]);
  });

  test('a storm of signals makes it look once for each shortest interval', async () => {
    fresh();
    const looks = probes();
    const handle = await start(long);
    await looks.until(1);
    await Promise.all(Array.from({ length: 30 }, () => handle.signal('wake')));
    await use.harness.until(handle, 'running');
    expect(looks.count).toBe(1);
    await use.harness.update(handle, 'abort', {});
    expect((await ends(handle)).outcome).toBe('aborted');
  });

  test('pause and abort act during it, and what was changed before is undone', async () => {
    fresh();
    const looks = probes();
    const handle = await start(long, ['a']);
    await looks.until(1);
    await use.harness.update(handle, 'pause', {});
    const paused = await use.harness.until(handle, 'paused');
    expect(paused.ledger).toMatchObject([{ name: 'thaw' }]);
    await use.harness.update(handle, 'resume', {});
    await looks.until(2);
    await use.harness.update(handle, 'abort', {});
    const report = await ends(handle);
    expect(report.outcome).toBe('aborted');
    expect(report.ledger?.[0]?.stoodMs).toBeGreaterThan(0);
    expect(world.journal).toEqual(['on a', 'off a']);
  });

  test('a cancellation acts during it', async () => {
    fresh();
    const looks = probes();
    const handle = await start(long, ['a']);
    await looks.until(1);
    await handle.cancel();
    await expect(handle.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
    expect(world.journal).toEqual(['on a', 'off a']);
  });

  test('a cancellation past the point of no return lets it wait on, and the run ends as cancelled', async () => {
    fresh();
    const looks = probes();
    const handle = await start({ everyMs: [20, 50], deadlineMs: 10 * minute, cross: true }, ['a']);
    await looks.until(1);
    await handle.cancel();
    await looks.until(4);
    world.switches.set('thawed', true);
    await expect(handle.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
    expect(world.journal).toEqual(['on a', 'on verified']);
  });

  test('what is not done at the deadline parks it with what the last look saw, and a retry waits again', async () => {
    fresh();
    const handle = await start({ everyMs: [20, 30], deadlineMs: 100 });
    const { parked } = await use.harness.until(handle, 'parked');
    expect(parked).toMatchObject({ title: 'wait for the thaw', trouble: { code: 'WAIT_TOO_LONG' } });
    expect(parked?.trouble.message).toMatch(/thawed is off/);
    world.switches.set('thawed', true);
    await use.harness.update(handle, 'resolve', { action: 'retry' });
    expect((await ends(handle)).outcome).toBe('done');
  });

  test('news and a deadline that the body wants to hear of are answered to it', async () => {
    fresh();
    const first = await start({ everyMs: [20, 30], deadlineMs: minute, newsAfter: 3 });
    expect((await ends(first)).measurements).toMatchObject({ answered: 1, on: 0 });
    const second = await start({ everyMs: [20, 30], deadlineMs: 80, atDeadline: 'answer' });
    expect((await ends(second)).measurements).toMatchObject({ answered: 1, on: 0 });
  });

  test('a look that fails is no news: it looks again', async () => {
    fresh();
    let failures = 3;
    world.hook = async (event) => {
      if (event === 'probe thawed' && (failures -= 1) >= 0) throw new Error('no answer');
      if (event === 'probe thawed') world.switches.set('thawed', true);
    };
    const report = await ends(await start({ everyMs: [20, 30], deadlineMs: minute }));
    expect(report.outcome).toBe('done');
    expect(failures).toBeLessThan(0);
  });
});
