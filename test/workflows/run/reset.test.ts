import type { WorkflowHandle } from '@temporalio/client';
import proto from '@temporalio/proto';
import { expect, test } from 'vitest';
import type { RunReport } from '../../../src/runs/index.ts';
import { pause } from '../../../lab/clock.ts';
import { describeWith } from '../../support/lab.ts';
import { useTemporal } from '../../support/temporal.ts';
import { codeOf, useHarness } from './harness.ts';
import { brokenUntilMended, holdAt } from './world.ts';

await describeWith(['temporal'], 'a run that is reset', () => {
  const server = useTemporal();
  const use = useHarness(server, 'reset');
  const { world, fresh, group } = use;

  const unitsOf = (name: string): string[] => world.units.filter((one) => one.startsWith(`${name} `));

  /** Back to its first workflow task; answers the run that goes on from there. */
  async function reset({ workflowId }: WorkflowHandle): Promise<WorkflowHandle> {
    const { client } = server();
    const { runId: before } = await client.workflow.getHandle(workflowId).describe();
    const { events } = await client.workflow.getHandle(workflowId).fetchHistory();
    const completed = events?.find(({ workflowTaskCompletedEventAttributes: task }) => task);
    const { runId } = await client.workflowService.resetWorkflowExecution({
      namespace: 'default',
      workflowExecution: { workflowId, runId: before },
      reason: 'a test',
      workflowTaskFinishEventId: completed?.eventId ?? null,
      requestId: `${workflowId}/${before}`,
      // An abort that it was sent later is not sent again.
      resetReapplyExcludeTypes: [proto.temporal.api.enums.v1.ResetReapplyExcludeType.RESET_REAPPLY_EXCLUDE_TYPE_UPDATE],
    });
    expect(runId).not.toBe(before);
    return client.workflow.getHandle(workflowId, runId);
  }

  test('a step has the same unit before and after a reset: it finds what it began', async () => {
    fresh();
    const hold = holdAt('apply b');
    world.hook = hold.hook;
    const handle = await use.harness.start({ group: group(), steps: ['a', 'b'] });
    await hold.reached;
    const again = await reset(handle);
    while (unitsOf('b').length < 2) await pause(15);
    hold.release();
    expect(((await again.result()) as RunReport).outcome).toBe('done');
    expect(new Set(unitsOf('b')).size).toBe(1);
  });

  test('a child that was reset and is done by now proves a skip', async () => {
    fresh();
    const broken = brokenUntilMended('apply m');
    world.hook = broken.hook;
    const name = group();
    const handle = await use.harness.start(
      { group: name, members: [{ group: `${name}-m`, steps: ['m'] }] },
      { type: 'family' },
    );
    const child = server().client.workflow.getHandle(`redis/${name}-m`);
    while ((await use.harness.status(handle)).steps[0]?.run?.state !== 'parked') await pause(15);
    await use.harness.until(child, 'parked');
    await use.harness.update(child, 'abort', {});
    await use.harness.until(handle, 'parked');
    await expect(use.harness.update(handle, 'resolve', { action: 'skip' })).rejects.toSatisfy(
      (error) => codeOf(error) === 'SKIP_REFUSED',
    );
    broken.mend();
    const again = await reset(child);
    expect(((await again.result()) as RunReport).outcome).toBe('done');
    await use.harness.update(handle, 'resolve', { action: 'skip' });
    const report = (await handle.result()) as RunReport;
    const line = report.steps.find(({ run }) => run);
    expect(line?.state).toBe('skipped');
    expect(line?.note).toMatch(/^inspected/);
  });
});
