import { expect, test } from 'vitest';
import type { RunReport } from '../../../src/runs/index.ts';
import { describeWith } from '../../support/lab.ts';
import { useTemporal } from '../../support/temporal.ts';
import { codeOf, useHarness } from './harness.ts';
import { holdAt } from './world.ts';

await describeWith(['temporal'], 'a run that holds the locks of other procedures', () => {
  const server = useTemporal();
  const use = useHarness(server, 'l');
  const { world, fresh, group } = use;
  const start = (steps: string[], locks: string[]) =>
    use.harness.start({ group: group(), steps, locks } as never, { type: 'holder' });

  test('keeps every other run away from them until its body has ended', async () => {
    fresh();
    const hold = holdAt('apply a');
    world.hook = hold.hook;
    const other = group();
    const handle = await start(['a'], [other]);
    await hold.reached;
    await expect(use.harness.start({ group: other, steps: ['b'] })).rejects.toMatchObject({
      name: 'WorkflowExecutionAlreadyStartedError',
    });
    const held = await use.harness.status(use.harness.client.workflow.getHandle(`redis/${other}`));
    expect(held).toMatchObject({ kind: 'redis.switchover', target: other, state: 'running' });
    hold.release();
    expect(((await handle.result()) as RunReport).outcome).toBe('done');
    const after = await use.harness.start({ group: other, steps: ['b'] });
    expect(((await after.result()) as RunReport).outcome).toBe('done');
  });

  test('parks while another run has one, names it, and goes on by a retry', async () => {
    fresh();
    const hold = holdAt('apply b');
    world.hook = hold.hook;
    const other = group();
    const busy = await use.harness.start({ group: other, steps: ['b'] });
    await hold.reached;
    const handle = await start(['a'], [other]);
    const { parked } = await use.harness.until(handle, 'parked');
    expect(parked?.trouble).toMatchObject({ code: 'RESOURCE_BUSY' });
    expect(parked?.trouble.message).toMatch(new RegExp(`redis/${other} is held by redis.switchover`));
    expect(world.journal).toEqual([]);
    hold.release();
    await busy.result();
    await use.harness.update(handle, 'resolve', { action: 'retry' });
    expect(((await handle.result()) as RunReport).outcome).toBe('done');
    expect(world.journal).toEqual(['on b', 'on a']);
  });

  test('that loses one to an emergency takes no further step before it has it again', async () => {
    fresh();
    const hold = holdAt('apply a');
    world.hook = hold.hook;
    const other = group();
    const handle = await start(['a', 'b'], [other]);
    await hold.reached;
    const lock = use.harness.client.workflow.getHandle(`redis/${other}`);
    await lock.executeUpdate('preempt', { args: [{ by: 'ada', kind: 'redis.failover' }] });
    await lock.result();
    hold.release();
    const { parked } = await use.harness.until(handle, 'parked');
    expect(parked?.trouble).toMatchObject({
      code: 'LOCK_LOST',
      message: `redis/${other} is no longer held: redis.failover took it over`,
    });
    expect(world.journal).toEqual(['on a']);
    await use.harness.update(handle, 'resolve', { action: 'retry' });
    expect(((await handle.result()) as RunReport).outcome).toBe('done');
    expect(world.journal).toEqual(['on a', 'on b']);
  });

  test('lets go of them when it is aborted, and when it is terminated', async () => {
    for (const how of ['abort', 'terminate'] as const) {
      fresh();
      const hold = holdAt('apply a');
      world.hook = hold.hook;
      const other = group();
      const handle = await start(['a'], [other]);
      await hold.reached;
      if (how === 'abort') await use.harness.update(handle, 'abort', {});
      else await handle.terminate('a test');
      hold.release();
      await handle.result().catch(() => undefined);
      const lock = use.harness.client.workflow.getHandle(`redis/${other}`);
      await lock.result().catch(() => undefined);
      expect((await lock.describe()).status.name).not.toBe('RUNNING');
    }
  });

  test('a lock is not held by hand', async () => {
    const { client, taskQueue } = use.harness;
    const input = { kind: 'redis.switchover', target: 'x', heldFor: 'me' };
    const handle = await client.workflow.start('holdLock', { workflowId: 'redis/by-hand', taskQueue, args: [input] });
    const error: unknown = await handle.result().catch((caught: unknown) => caught);
    expect(codeOf(error)).toBe('NEEDS_PARENT_RUN');
  });
});
