import { expect, test } from 'vitest';
import { GantryError } from '../../../src/errors/index.ts';
import type { RunReport } from '../../../src/runs/index.ts';
import { describeWith } from '../../support/lab.ts';
import { useTemporal } from '../../support/temporal.ts';
import { codeOf, useHarness } from './harness.ts';
import { brokenUntilMended, holdAt, testPolicy } from './world.ts';

const asked = testPolicy({ approval: { people: 1, expiresAfterMs: 60_000 } });

// The answer of a decision is the state that it has set, in the Temporal UI too: never the one before it.
await describeWith(['temporal'], 'a decision answers', () => {
  const server = useTemporal();
  const use = useHarness(server, 'd');
  const { world, fresh, group } = use;

  /** A run that has paused after its step `a`. */
  const paused = async () => {
    const hold = holdAt('apply a');
    world.hook = hold.hook;
    const handle = await use.harness.start({ group: group(), steps: ['a', 'b'] });
    await hold.reached;
    await use.harness.update(handle, 'pause', {});
    hold.release();
    await use.harness.until(handle, 'paused');
    return handle;
  };
  /** A run that is parked at its step `b`. */
  const parked = async () => {
    const broken = brokenUntilMended('apply b');
    world.hook = broken.hook;
    const handle = await use.harness.start({ group: group(), steps: ['a', 'b'] });
    await use.harness.until(handle, 'parked');
    return { handle, mend: broken.mend };
  };

  test('an approval: the run plans again, it no longer waits', async () => {
    fresh({ policy: asked });
    const handle = await use.harness.start({ group: group(), steps: ['a'] });
    await use.harness.until(handle, 'awaiting-approval');
    const answer = await use.harness.update(handle, 'approve', { planHash: 'hash-as ever' });
    expect(answer.state).toBe('planning');
    expect(answer.approval).toBeUndefined();
    expect(((await handle.result()) as RunReport).outcome).toBe('done');
  });

  test('a resume: the run goes on', async () => {
    fresh();
    const handle = await paused();
    expect(await use.harness.update(handle, 'resume', {})).toMatchObject({ state: 'running', pending: [] });
    expect(((await handle.result()) as RunReport).outcome).toBe('done');
  });

  test('a retry: the run is no longer parked', async () => {
    fresh();
    const { handle, mend } = await parked();
    mend();
    const answer = await use.harness.update(handle, 'resolve', { action: 'retry' });
    expect(answer.state).toBe('running');
    expect(answer.parked).toBeUndefined();
    expect(((await handle.result()) as RunReport).outcome).toBe('done');
  });

  test('a skip: the run goes on without the step', async () => {
    fresh();
    const { handle } = await parked();
    const answer = await use.harness.update(handle, 'resolve', { action: 'skip', acceptedRisk: 'b is not needed' });
    expect(answer.state).not.toBe('parked');
    expect(((await handle.result()) as RunReport).outcome).toBe('done');
  });

  test('an abort of a parked run: it undoes', async () => {
    fresh();
    const { handle } = await parked();
    const hold = holdAt('undo a');
    world.hook = hold.hook;
    expect((await use.harness.update(handle, 'abort', {})).state).toBe('undoing');
    hold.release();
    expect(((await handle.result()) as RunReport).outcome).toBe('aborted');
  });

  test('an abort of a run that waits for approval: it has ended', async () => {
    fresh({ policy: asked });
    const handle = await use.harness.start({ group: group(), steps: ['a'] });
    await use.harness.until(handle, 'awaiting-approval');
    expect(await use.harness.update(handle, 'abort', {})).toMatchObject({ state: 'aborted', pending: [] });
  });

  test('an abort or a pause while a step is under way: at once, as pending', async () => {
    fresh();
    const hold = holdAt('apply a');
    world.hook = hold.hook;
    const handle = await use.harness.start({ group: group(), steps: ['a', 'b'] });
    await hold.reached;
    expect(await use.harness.update(handle, 'pause', {})).toMatchObject({ state: 'running', pending: ['pause'] });
    expect(await use.harness.update(handle, 'abort', {})).toMatchObject({
      state: 'running',
      pending: ['pause', 'abort'],
    });
    hold.release();
    expect(((await handle.result()) as RunReport).outcome).toBe('aborted');
  });

  test('a stop: the run has failed', async () => {
    fresh();
    world.hook = brokenUntilMended('apply after').hook;
    const handle = await use.harness.start({ group: group(), steps: ['a'], cross: 'x' });
    await use.harness.until(handle, 'parked');
    expect((await use.harness.update(handle, 'resolve', { action: 'stop' })).state).toBe('failed');
    await expect(handle.result()).rejects.toThrow();
  });

  test('the run is cancelled in the same moment: a decision is answered all the same', async () => {
    fresh();
    const handle = await paused();
    await handle.cancel();
    await use.harness.update(handle, 'resume', {}).catch((error: unknown) => {
      expect(codeOf(error)).toBe('WRONG_STATE');
    });
    await expect(handle.result()).rejects.toThrow();
  });

  test('a skip whose inspection fails: refused with the cause of that', async () => {
    fresh();
    const { handle, mend } = await parked();
    world.hook = async (event) => {
      if (event === 'probe b') throw new GantryError('REDIS_UNREACHABLE', 'r2 does not answer');
    };
    const error: unknown = await use.harness
      .update(handle, 'resolve', { action: 'skip' })
      .catch((caught: unknown) => caught);
    expect(codeOf(error)).toBe('SKIP_REFUSED');
    expect(String((error as { cause?: Error }).cause?.message)).toContain('REDIS_UNREACHABLE: r2 does not answer');
    mend();
    world.hook = async () => undefined;
    await use.harness.update(handle, 'resolve', { action: 'retry' });
    await handle.result();
  });

  test('a park after a resume marks the step that it is about, and a retry mends the mark', async () => {
    fresh();
    const handle = await paused();
    world.switches.set('a', false);
    const hold = holdAt('apply b');
    world.hook = hold.hook;
    await use.harness.update(handle, 'resume', {});
    const standing = await use.harness.until(handle, 'parked');
    expect(standing.steps).toMatchObject([
      { title: 'turn on a', state: 'failed', summary: expect.stringContaining('DRIFTED') as string },
    ]);
    await use.harness.update(handle, 'resolve', { action: 'retry' });
    await hold.reached;
    const going = await use.harness.status(handle);
    expect(going.steps[0]).toMatchObject({ title: 'turn on a', state: 'done' });
    hold.release();
    expect(((await handle.result()) as RunReport).outcome).toBe('done');
  });
});
