import { expect, test } from 'vitest';
import { GantryError } from '../../../src/errors/index.ts';
import type { RunReport } from '../../../src/runs/index.ts';
import { describeWith } from '../../support/lab.ts';
import { useTemporal } from '../../support/temporal.ts';
import { codeOf, reportOf, useHarness } from './harness.ts';
import { brokenUntilMended, holdAt, testPolicy } from './world.ts';

const asked = testPolicy({ approval: { people: 1, expiresAfterMs: 60_000 } });

await describeWith(['temporal'], 'plan, approval, pause', () => {
  const server = useTemporal();
  const use = useHarness(server, 'p');
  const { world, fresh, group } = use;

  test('nothing is done before the plan is approved, and the approval is on record', async () => {
    fresh({ policy: asked });
    const handle = await use.harness.start({ group: group(), steps: ['a'] });
    const waiting = await use.harness.until(handle, 'awaiting-approval');
    expect(waiting.plan?.hash).toBe('hash-as ever');
    expect(world.journal).toEqual([]);
    await use.harness.update(handle, 'approve', { planHash: 'hash-as ever', by: 'grace', note: 'looks right' });
    const report = (await handle.result()) as RunReport;
    expect(report.outcome).toBe('done');
    expect(report.actions).toMatchObject([{ action: 'approve', by: 'grace', note: 'looks right' }]);
  });

  test('an approval of another plan is rejected and leaves no trace in the history', async () => {
    fresh({ policy: asked });
    const handle = await use.harness.start({ group: group(), steps: ['a'] });
    await use.harness.until(handle, 'awaiting-approval');
    await expect(use.harness.update(handle, 'approve', { planHash: 'other' })).rejects.toSatisfy(
      (error) => codeOf(error) === 'APPROVAL_REJECTED',
    );
    await expect(use.harness.update(handle, 'approve', { planHash: 'hash-as ever', by: ' ' })).rejects.toSatisfy(
      (error) => codeOf(error) === 'INVALID_INPUT',
    );
    const history = await handle.fetchHistory();
    expect(history.events?.some((event) => event.workflowExecutionUpdateAcceptedEventAttributes)).toBe(false);
    await use.harness.update(handle, 'abort', {});
    expect(((await handle.result()) as RunReport).outcome).toBe('aborted');
  });

  test('a plan whose facts changed before the approval is not carried out', async () => {
    fresh({ policy: asked });
    const handle = await use.harness.start({ group: group(), steps: ['a'] });
    await use.harness.until(handle, 'awaiting-approval');
    world.fact = 'changed';
    await use.harness.update(handle, 'approve', { planHash: 'hash-as ever' });
    const error: unknown = await handle.result().catch((caught: unknown) => caught);
    expect(codeOf(error)).toBe('PLAN_CHANGED');
    expect(reportOf(error).outcome).toBe('refused');
    expect(world.journal).toEqual([]);
  });

  test('a body that hands on a copy of its plan is held to the plan all the same', async () => {
    fresh({ policy: asked });
    const handle = await use.harness.start({ group: group(), steps: ['a'] }, { type: 'plannedCopy' });
    await use.harness.until(handle, 'awaiting-approval');
    world.fact = 'changed';
    await use.harness.update(handle, 'approve', { planHash: 'hash-as ever' });
    expect(codeOf(await handle.result().catch((caught: unknown) => caught))).toBe('PLAN_CHANGED');
    expect(world.journal).toEqual([]);
  });

  test('an approval counts for its plan alone: a second plan is asked for again', async () => {
    fresh({ policy: asked });
    const hold = holdAt('apply a');
    world.hook = hold.hook;
    const handle = await use.harness.start({ group: group(), steps: ['a', 'b'] }, { type: 'plannedTwice' });
    await use.harness.until(handle, 'awaiting-approval');
    await use.harness.update(handle, 'approve', { planHash: 'hash-as ever' });
    await hold.reached;
    world.fact = 'later';
    hold.release();
    const again = await use.harness.until(handle, 'awaiting-approval');
    expect(again.plan).toMatchObject({ hash: 'hash-later', title: 'turn on b' });
    await expect(use.harness.update(handle, 'approve', { planHash: 'hash-as ever' })).rejects.toSatisfy(
      (error) => codeOf(error) === 'APPROVAL_REJECTED',
    );
    expect(world.journal).toEqual(['on a']);
    await use.harness.update(handle, 'approve', { planHash: 'hash-later' });
    expect(((await handle.result()) as RunReport).outcome).toBe('done');
    expect(world.journal).toEqual(['on a', 'on b']);
  });

  test('a plan that was approved once is not asked for again', async () => {
    fresh({ policy: asked });
    const handle = await use.harness.start({ group: group(), steps: ['a', 'b'] }, { type: 'plannedTwice' });
    await use.harness.until(handle, 'awaiting-approval');
    await use.harness.update(handle, 'approve', { planHash: 'hash-as ever' });
    const report = (await handle.result()) as RunReport;
    expect(report.outcome).toBe('done');
    expect(report.actions).toHaveLength(1);
  });

  test('a change freeze that began while the run waited parks it after the approval', async () => {
    fresh({ policy: asked });
    const handle = await use.harness.start({ group: group(), steps: ['a'] });
    await use.harness.until(handle, 'awaiting-approval');
    world.gate = () => {
      throw new GantryError('CHANGE_FREEZE', 'frozen');
    };
    await use.harness.update(handle, 'approve', { planHash: 'hash-as ever' });
    const parked = await use.harness.until(handle, 'parked');
    expect(parked.parked?.trouble.code).toBe('CHANGE_FREEZE');
    world.gate = undefined;
    await use.harness.update(handle, 'resolve', { action: 'retry' });
    expect(((await handle.result()) as RunReport).outcome).toBe('done');
  });

  test('a refusal of the planner ends the run as refused with every problem', async () => {
    fresh({ fact: 'refused' });
    const handle = await use.harness.start({ group: group(), steps: ['a'] });
    const error: unknown = await handle.result().catch((caught: unknown) => caught);
    expect(codeOf(error)).toBe('REDIS_UNKNOWN_GROUP');
    expect(reportOf(error)).toMatchObject({
      outcome: 'refused',
      problem: { problems: [{ code: 'REDIS_UNKNOWN_GROUP' }] },
    });
  });

  test('pause takes effect at the next safe point, resume goes on', async () => {
    fresh();
    const hold = holdAt('apply a');
    world.hook = hold.hook;
    const handle = await use.harness.start({ group: group(), steps: ['a', 'b'] });
    await hold.reached;
    const answer = await use.harness.update(handle, 'pause', { reason: 'lunch' });
    expect(answer).toMatchObject({ state: 'running', pending: ['pause'] });
    hold.release();
    const paused = await use.harness.until(handle, 'paused');
    expect(paused.pending).toEqual([]);
    expect(world.journal).toEqual(['on a']);
    await use.harness.update(handle, 'resume', {});
    expect(((await handle.result()) as RunReport).outcome).toBe('done');
    expect(world.journal).toEqual(['on a', 'on b']);
  });

  test('what drifted during a pause parks the run; retry makes it again', async () => {
    fresh();
    const hold = holdAt('apply a');
    world.hook = hold.hook;
    const handle = await use.harness.start({ group: group(), steps: ['a', 'b'] });
    await hold.reached;
    await use.harness.update(handle, 'pause', {});
    hold.release();
    await use.harness.until(handle, 'paused');
    world.switches.set('a', false);
    await use.harness.update(handle, 'resume', {});
    const parked = await use.harness.until(handle, 'parked');
    expect(parked.parked).toMatchObject({ title: 'turn on a', trouble: { code: 'DRIFTED' } });
    await use.harness.update(handle, 'resolve', { action: 'retry' });
    expect(((await handle.result()) as RunReport).outcome).toBe('done');
    expect(world.journal).toEqual(['on a', 'on a', 'on b']);
  });

  test('a pause that is asked for while a resumed run looks again holds', async () => {
    fresh();
    const first = holdAt('apply a');
    const again = holdAt('probe a');
    world.hook = first.hook;
    const handle = await use.harness.start({ group: group(), steps: ['a', 'b'] });
    await first.reached;
    await use.harness.update(handle, 'pause', {});
    first.release();
    await use.harness.until(handle, 'paused');
    world.hook = again.hook;
    await use.harness.update(handle, 'resume', {});
    await again.reached;
    await use.harness.update(handle, 'pause', { reason: 'wait' });
    again.release();
    await use.harness.until(handle, 'paused');
    expect(world.journal).toEqual(['on a']);
    expect((await use.harness.status(handle)).steps).toHaveLength(1);
    await use.harness.update(handle, 'resume', {});
    expect(((await handle.result()) as RunReport).outcome).toBe('done');
    expect(world.journal).toEqual(['on a', 'on b']);
  });

  test('a run that was paused before its first step plans again: another plan than the approved one is not carried out', async () => {
    fresh({ policy: asked });
    const handle = await use.harness.start({ group: group(), steps: ['a'] });
    await use.harness.until(handle, 'awaiting-approval');
    await use.harness.update(handle, 'pause', {});
    await use.harness.update(handle, 'approve', { planHash: 'hash-as ever' });
    await use.harness.until(handle, 'paused');
    world.fact = 'changed';
    await use.harness.update(handle, 'resume', {});
    const error: unknown = await handle.result().catch((caught: unknown) => caught);
    expect([codeOf(error), reportOf(error).outcome]).toEqual(['PLAN_CHANGED', 'refused']);
    expect(world.journal).toEqual([]);
  });

  test('a section before which a run was paused is planned again too', async () => {
    fresh({ policy: asked });
    const handle = await use.harness.start({ group: group(), steps: ['a'], drive: 'back' } as never, {
      type: 'critical',
    });
    await use.harness.until(handle, 'awaiting-approval');
    await use.harness.update(handle, 'pause', {});
    await use.harness.update(handle, 'approve', { planHash: 'hash-as ever' });
    await use.harness.until(handle, 'paused');
    world.fact = 'changed';
    await use.harness.update(handle, 'resume', {});
    await expect(handle.result()).rejects.toSatisfy((error) => codeOf(error) === 'PLAN_CHANGED');
    expect(world.journal).toEqual([]);
  });

  test('a paused run can be aborted', async () => {
    fresh();
    const hold = holdAt('apply a');
    world.hook = hold.hook;
    const handle = await use.harness.start({ group: group(), steps: ['a', 'b'] });
    await hold.reached;
    await use.harness.update(handle, 'pause', {});
    hold.release();
    await use.harness.until(handle, 'paused');
    await use.harness.update(handle, 'abort', {});
    expect(((await handle.result()) as RunReport).outcome).toBe('aborted');
    expect(world.journal).toEqual(['on a', 'off a']);
  });

  test('a soak with bad readings in a row parks; a missing reading counts as a bad one', async () => {
    fresh();
    const handle = await use.harness.start({ group: group(), steps: ['a'], soak: 'healthy' });
    const parked = await use.harness.until(handle, 'parked');
    expect(parked.parked?.trouble.code).toBe('SOAK_FAILED');
    world.switches.set('healthy', true);
    await use.harness.update(handle, 'resolve', { action: 'retry' });
    const report = (await handle.result()) as RunReport;
    expect(report.outcome).toBe('done');
    expect(report.steps.at(-1)?.summary).toMatch(/good readings/);
  });

  test('a critical section that fails is driven back to nothing done before it parks', async () => {
    fresh();
    const broken = brokenUntilMended('apply b');
    world.hook = broken.hook;
    const handle = await use.harness.start({ group: group(), steps: ['a', 'b'], drive: 'back' } as never, {
      type: 'critical',
    });
    await use.harness.until(handle, 'parked');
    expect(world.journal).toEqual(['on a', 'off b', 'off a']);
    broken.mend();
    await use.harness.update(handle, 'resolve', { action: 'retry' });
    expect(((await handle.result()) as RunReport).outcome).toBe('done');
    expect(world.journal).toEqual(['on a', 'off b', 'off a', 'on a', 'on b']);
  });

  test('one that could not be driven back, and cannot go forward from there, is driven back by a retry', async () => {
    fresh();
    const is = { mended: false, between: false };
    world.hook = async (event) => {
      if (event === 'undo a') is.between = !is.mended;
      if (!is.mended && (event === 'apply b' || event === 'undo a')) throw new Error('on purpose');
      if (is.between && event === 'probe b') throw new GantryError('REDIS_UNKNOWN_GROUP', 'neither done nor undone');
    };
    const handle = await use.harness.start({ group: group(), steps: ['a', 'b'], drive: 'back' } as never, {
      type: 'critical',
    });
    const parked = await use.harness.until(handle, 'parked');
    expect(parked.parked?.trouble.message).toContain('The section is left half done');
    expect(world.journal).toEqual(['on a', 'off b']);
    is.mended = true;
    await use.harness.update(handle, 'resolve', { action: 'retry' });
    expect(((await handle.result()) as RunReport).outcome).toBe('done');
    expect(world.journal).toEqual(['on a', 'off b', 'off a', 'on a', 'on b']);
  });

  test('a critical section that is driven forward gets through a passing failure without going back', async () => {
    fresh();
    let failures = 0;
    world.hook = async (event) => {
      if (event === 'apply b' && (failures += 1) <= 3) throw new Error('passing');
    };
    const handle = await use.harness.start({ group: group(), steps: ['a', 'b'], drive: 'forward' } as never, {
      type: 'critical',
    });
    expect(((await handle.result()) as RunReport).outcome).toBe('done');
    expect(world.journal).toEqual(['on a', 'on b']);
  });
});
