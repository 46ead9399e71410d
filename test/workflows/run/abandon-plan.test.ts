import type { WorkflowHandle } from '@temporalio/client';
import { expect, test } from 'vitest';
import type { RunReport } from '../../../src/runs/index.ts';
import { describeWith } from '../../support/lab.ts';
import { useTemporal } from '../../support/temporal.ts';
import { useHarness } from './harness.ts';
import { holdAt, testPolicy } from './world.ts';

const asked = testPolicy({ approval: { people: 1, expiresAfterMs: 60_000 } });

// A plan may take minutes, and changes nothing: nobody who wants a run to stop has to wait for it.
await describeWith(['temporal'], 'a run that is planning', () => {
  const server = useTemporal();
  const use = useHarness(server, 'plan');
  const { world, fresh, group } = use;

  /** Its plan never ends by itself. */
  const planning = async (): Promise<WorkflowHandle> => {
    fresh();
    const target = group();
    const hold = holdAt(`plan ${target}`);
    world.hook = hold.hook;
    const handle = await use.harness.start({ group: target, steps: ['a'] });
    await hold.reached;
    return handle;
  };

  test('is aborted in the middle of its plan', async () => {
    const handle = await planning();
    await use.harness.update(handle, 'abort', { reason: 'enough' });
    expect(((await handle.result()) as RunReport).outcome).toBe('aborted');
    expect(world.journal).toEqual([]);
  });

  test('is cancelled in the middle of its plan', async () => {
    const handle = await planning();
    await handle.cancel();
    await expect(handle.result()).rejects.toThrow();
    expect((await handle.describe()).status.name).toBe('CANCELLED');
  });

  test('is aborted while it plans again, after its approval', async () => {
    fresh({ policy: asked });
    const target = group();
    const handle = await use.harness.start({ group: target, steps: ['a'] });
    await use.harness.until(handle, 'awaiting-approval');
    const hold = holdAt(`plan ${target}`);
    world.hook = hold.hook;
    await use.harness.update(handle, 'approve', { planHash: 'hash-as ever' });
    await hold.reached;
    await use.harness.update(handle, 'abort', {});
    expect(((await handle.result()) as RunReport).outcome).toBe('aborted');
    expect(world.journal).toEqual([]);
  });
});
