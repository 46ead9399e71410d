import { expect, test } from 'vitest';
import { GantryError } from '../../../src/errors/index.ts';
import type { RunReport } from '../../../src/runs/index.ts';
import { describeWith } from '../../support/lab.ts';
import { useTemporal } from '../../support/temporal.ts';
import { codeOf, reportOf, useHarness } from './harness.ts';
import type { World } from './world.ts';
import { holdAt, testPolicy } from './world.ts';

/** The workers have another platform file from an event on, for the first time that it comes. */
function rolledOutAt(world: World, event: string, then?: () => void): World['hook'] {
  let done = false;
  return async (now) => {
    if (done || now !== event) return;
    done = true;
    world.platformDigest = 'another';
    then?.();
  };
}

// The platform file is rolled out while runs are under way.
await describeWith(['temporal'], 'a platform file that changes under a run', () => {
  const server = useTemporal();
  const use = useHarness(server, 'f');
  const { world, fresh, group } = use;

  test('does not keep an abort from undoing what the run changed', async () => {
    fresh();
    const hold = holdAt('apply b');
    world.hook = hold.hook;
    const handle = await use.harness.start({ group: group(), steps: ['a', 'b'] });
    await hold.reached;
    await use.harness.update(handle, 'abort', {});
    world.platformDigest = 'another';
    hold.release();
    const report = (await handle.result()) as RunReport;
    expect(report).toMatchObject({ outcome: 'aborted', leftBehind: [] });
    expect(world.journal).toEqual(['on a', 'on b', 'off b', 'off a']);
  });

  test('does not keep a run from its end past the point of no return', async () => {
    fresh({ switches: new Map([['healthy', true]]) });
    world.hook = rolledOutAt(world, 'apply x');
    const handle = await use.harness.start({ group: group(), steps: ['a'], cross: 'x', soak: 'healthy' });
    expect(((await handle.result()) as RunReport).outcome).toBe('done');
    expect(world.journal).toEqual(['on a', 'on x', 'on after']);
  });

  test('does not stop a section that has begun', async () => {
    fresh();
    world.hook = rolledOutAt(world, 'apply a');
    const input = { group: group(), steps: ['a', 'b'], drive: 'forward' };
    const handle = await use.harness.start(input, { type: 'critical' });
    expect(((await handle.result()) as RunReport).outcome).toBe('done');
    expect(world.journal).toEqual(['on a', 'on b']);
  });

  test('does not stop a crossing whose worker was restarted for it: another attempt brings it to its end', async () => {
    fresh();
    world.hook = rolledOutAt(world, 'apply x', () => {
      throw new Error('the worker is gone');
    });
    const handle = await use.harness.start({ group: group(), steps: ['a'], cross: 'x' });
    expect(((await handle.result()) as RunReport).outcome).toBe('done');
  });

  test('keeps a crossing from being begun, and the run can be aborted', async () => {
    fresh();
    world.hook = rolledOutAt(world, 'probe x');
    const handle = await use.harness.start({ group: group(), steps: ['a'], cross: 'x' });
    const { parked } = await use.harness.until(handle, 'parked');
    expect(parked).toMatchObject({ title: 'cross x', trouble: { code: 'PLATFORM_CHANGED' } });
    expect(parked?.options).toContain('abort');
    await use.harness.update(handle, 'abort', {});
    expect(await handle.result()).toMatchObject({ outcome: 'aborted', pastNoReturn: false });
    expect(world.journal.filter((line) => line.startsWith('on'))).toEqual(['on a']);
  });

  test('keeps a second crossing from being begun, past the first one too, and stays past it', async () => {
    fresh();
    world.hook = rolledOutAt(world, 'apply x');
    const handle = await use.harness.start({ group: group(), cross: 'x', crossAgain: 'y' });
    const { parked, pastNoReturn } = await use.harness.until(handle, 'parked');
    expect(parked).toMatchObject({ title: 'cross y', trouble: { code: 'PLATFORM_CHANGED' } });
    expect(parked?.options).toEqual(['retry', 'skip', 'stop']);
    expect(pastNoReturn).toBe(true);
    world.platformDigest = 'digest';
    await use.harness.update(handle, 'resolve', { action: 'retry' });
    expect(((await handle.result()) as RunReport).outcome).toBe('done');
    expect(world.journal).toEqual(['on x', 'on after', 'on y']);
  });

  test('is gone by after a retry, where the plan is the same with it', async () => {
    fresh();
    world.hook = rolledOutAt(world, 'apply a');
    const handle = await use.harness.start({ group: group(), steps: ['a', 'b'], cross: 'x' });
    const parked = await use.harness.until(handle, 'parked');
    expect(parked).toMatchObject({ parked: { title: 'turn on b', trouble: { code: 'PLATFORM_CHANGED' } } });
    expect(parked.plan?.platformDigest).toBe('digest');
    await use.harness.update(handle, 'resolve', { action: 'retry', by: 'grace' });
    const report = (await handle.result()) as RunReport;
    expect(report).toMatchObject({ outcome: 'done', plan: { platformDigest: 'another' } });
    expect(report.actions).toMatchObject([
      { action: 'retry', by: 'grace' },
      { action: 'adopt', by: 'grace', note: expect.stringContaining('digest → another') as string },
    ]);
    expect(world.journal).toEqual(['on a', 'on b', 'on x', 'on after']);
  });

  test('is asked about again after a retry that did not need it', async () => {
    fresh();
    world.hook = rolledOutAt(world, 'probe a');
    const handle = await use.harness.start({ group: group(), steps: ['a', 'b'] });
    await use.harness.until(handle, 'parked');
    const hold = holdAt('apply b');
    Object.assign(world, { platformDigest: 'digest', hook: hold.hook });
    await use.harness.update(handle, 'resolve', { action: 'retry' });
    await hold.reached;
    await use.harness.update(handle, 'pause', {});
    hold.release();
    await use.harness.until(handle, 'paused');
    world.platformDigest = 'another';
    await use.harness.update(handle, 'resume', {});
    const { parked } = await use.harness.until(handle, 'parked');
    expect(parked).toMatchObject({ title: 'turn on a', trouble: { code: 'PLATFORM_CHANGED' } });
    await use.harness.update(handle, 'abort', {});
    expect(((await handle.result()) as RunReport).outcome).toBe('aborted');
  });

  test('parks with what differs where another plan comes of it, until the planned file is back', async () => {
    fresh();
    world.hook = rolledOutAt(world, 'apply a', () => (world.fact = 'changed'));
    const handle = await use.harness.start({ group: group(), steps: ['a', 'b'] });
    await use.harness.until(handle, 'parked');
    await use.harness.update(handle, 'resolve', { action: 'retry' });
    await expect
      .poll(async () => (await use.harness.status(handle)).parked?.trouble, { timeout: 20_000 })
      .toMatchObject({
        code: 'PLAN_CHANGED',
        evidence: {
          differs: ['voidIf.0: "the fact is no longer \\"as ever\\"" → "the fact is no longer \\"changed\\""'],
        },
      });
    // The facts stay changed, as they do in a run that has changed something: that is no matter with the planned file.
    world.platformDigest = 'digest';
    await use.harness.update(handle, 'resolve', { action: 'retry' });
    expect(((await handle.result()) as RunReport).outcome).toBe('done');
    expect(world.journal).toEqual(['on a', 'on b']);
  });

  test('parks with the reason where no plan comes of it, and the run can be aborted', async () => {
    fresh();
    world.hook = rolledOutAt(world, 'apply a', () => (world.fact = 'refused'));
    const handle = await use.harness.start({ group: group(), steps: ['a', 'b'] });
    await use.harness.until(handle, 'parked');
    await use.harness.update(handle, 'resolve', { action: 'retry' });
    await expect
      .poll(async () => (await use.harness.status(handle)).parked?.trouble, { timeout: 20_000 })
      .toMatchObject({ code: 'PLATFORM_CHANGED', problems: [{ code: 'REDIS_UNKNOWN_GROUP' }] });
    await use.harness.update(handle, 'abort', {});
    expect(((await handle.result()) as RunReport).outcome).toBe('aborted');
    expect(world.journal).toEqual(['on a', 'off a']);
  });

  test('is no bad reading of a soak, and a retry goes on with it', async () => {
    fresh({ switches: new Map([['healthy', true]]) });
    world.hook = rolledOutAt(world, 'probe healthy');
    const handle = await use.harness.start({ group: group(), steps: ['a'], soak: 'healthy' });
    const { parked } = await use.harness.until(handle, 'parked');
    expect(parked?.trouble.code).toBe('PLATFORM_CHANGED');
    await use.harness.update(handle, 'resolve', { action: 'retry' });
    expect(((await handle.result()) as RunReport).outcome).toBe('done');
  });

  test('does not matter to a plan that waits for its approval, where the plan stays the same', async () => {
    fresh({ policy: testPolicy({ approval: { people: 1, expiresAfterMs: 60_000 } }) });
    const handle = await use.harness.start({ group: group(), steps: ['a'] });
    await use.harness.until(handle, 'awaiting-approval');
    world.platformDigest = 'another';
    await use.harness.update(handle, 'approve', { planHash: 'hash-as ever' });
    expect(await handle.result()).toMatchObject({ outcome: 'done', plan: { platformDigest: 'another' } });
  });

  test('is named where an undo fails under it: what it needs may be gone from the file', async () => {
    fresh();
    const hold = holdAt('apply b');
    world.hook = async (event, signal) => {
      await hold.hook(event, signal);
      if (event === 'undo a') throw new GantryError('REDIS_UNKNOWN_NODE', 'the group has no node a');
    };
    const handle = await use.harness.start({ group: group(), steps: ['a', 'b'] });
    await hold.reached;
    await use.harness.update(handle, 'abort', {});
    world.platformDigest = 'another';
    hold.release();
    const { parked } = await use.harness.until(handle, 'parked');
    expect(parked?.trouble).toMatchObject({
      code: 'UNDO_FAILED',
      message: expect.stringMatching(/REDIS_UNKNOWN_NODE: .* is not the one that the run was planned with/) as string,
    });
    await use.harness.update(handle, 'resolve', { action: 'stop' });
    const error: unknown = await handle.result().catch((caught: unknown) => caught);
    expect([codeOf(error), reportOf(error).outcome]).toEqual(['STOPPED_BY_OPERATOR', 'failed']);
  });
});
