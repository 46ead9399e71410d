import { expect, test } from 'vitest';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import type { RunReport, RunStatus } from '../../../src/runs/index.ts';
import { describeWith } from '../../support/lab.ts';
import { useTemporal } from '../../support/temporal.ts';
import { codeOf, useHarness } from './harness.ts';
import { holdAt, testPolicy } from './world.ts';

await describeWith(['temporal'], 'the lock', () => {
  const server = useTemporal();
  const use = useHarness(server, 'i');
  const { world, fresh } = use;

  test('a run started under a made-up id becomes a proxy run; its updates reach the real run and its result is the real one', async () => {
    fresh();
    const hold = holdAt('apply a');
    world.hook = hold.hook;
    const proxy = await use.harness.start({ group: 'front', steps: ['a', 'b'] }, { workflowId: 'typed-in-the-ui' });
    await hold.reached;
    expect((await use.harness.status(proxy)).proxyFor).toBe('redis/front');
    // What the Temporal UI asks for: the page of the proxy run leads to that of the real one.
    const shown = await proxy.query<{ currentDetails: string }, []>('__temporal_workflow_metadata');
    expect(shown.currentDetails).toContain('(/namespaces/default/workflows/redis%2Ffront/');
    const answer = await use.harness.update(proxy, 'pause', {});
    expect(answer).toMatchObject({ workflowId: 'redis/front', pending: ['pause'] } satisfies Partial<RunStatus>);
    hold.release();
    const real = use.harness.client.workflow.getHandle('redis/front');
    await use.harness.until(real, 'paused');
    await use.harness.update(proxy, 'resume', {});
    const report = (await proxy.result()) as RunReport;
    expect(report).toMatchObject({ outcome: 'done', workflowId: 'redis/front' });
    expect(report.actions.map((action) => action.action)).toEqual(['pause', 'resume']);
  });

  test('the page of a proxy run shows what its run waits for, what to paste, and how it ended', async () => {
    fresh({ policy: testPolicy({ approval: { people: 1, expiresAfterMs: 60_000 } }) });
    const proxy = await use.harness.start({ group: 'mirror', steps: ['a'] }, { workflowId: 'mirror-front' });
    const page = async (): Promise<{
      currentDetails: string;
      definition: { updateDefinitions: { name: string; description: string }[] };
    }> => proxy.query('__temporal_workflow_metadata');
    const real = use.harness.client.workflow.getHandle('redis/mirror');
    await expect.poll(async () => (await page()).currentDetails).toContain('awaiting-approval');
    const { plan } = await use.harness.status(real);
    const { currentDetails, definition } = await page();
    expect(currentDetails).toContain('(/namespaces/default/workflows/redis%2Fmirror/');
    expect(currentDetails).toContain(`{"planHash":"${plan?.hash}","by":"…"}`);
    expect(currentDetails).toContain('What it will do');
    const approve = definition.updateDefinitions.find(({ name }) => name === 'approve');
    expect(approve?.description).toContain(`{"planHash":"${plan?.hash}","by":"…"}`);
    for (const { description } of definition.updateDefinitions) expect(description).not.toBe('');
    await use.harness.update(proxy, 'approve', { planHash: plan?.hash ?? '' });
    await proxy.result();
    expect((await page()).currentDetails).toContain('**done**');
  });

  test('an update that the real run rejects is rejected at the proxy run with its code', async () => {
    fresh();
    const hold = holdAt('apply a');
    world.hook = hold.hook;
    const proxy = await use.harness.start({ group: 'reject', steps: ['a'] }, { workflowId: 'another-front' });
    await hold.reached;
    // Its own failure, not that of an activity underneath: the Temporal UI shows the first message.
    await expect(use.harness.update(proxy, 'resume', {})).rejects.toMatchObject({ cause: { type: 'WRONG_STATE' } });
    hold.release();
    await proxy.result();
  });

  test('a run that is refused is the failure of its proxy run, not a child that failed', async () => {
    fresh({ fact: 'refused' });
    const proxy = await use.harness.start({ group: 'fails' }, { workflowId: 'refused-front' });
    const message = 'refused by the planner';
    await expect(proxy.result()).rejects.toMatchObject({ cause: { type: 'REDIS_UNKNOWN_GROUP', message } });
    const { searchAttributes } = await proxy.describe();
    expect(searchAttributes['GantryState']).toEqual(['refused']);
    const shown = await proxy.query<{ currentDetails: string }, []>('__temporal_workflow_metadata');
    expect(shown.currentDetails).toContain(`**refused** REDIS_UNKNOWN_GROUP: ${message}`);
  });

  test('of two runs of one target from two ids at once one runs, the other is told RESOURCE_BUSY and by whom', async () => {
    fresh();
    const hold = holdAt('apply a');
    world.hook = hold.hook;
    const input = { group: 'busy', steps: ['a'] };
    const first = await use.harness.start(input, { workflowId: 'id-one' });
    await hold.reached;
    const second = await use.harness.start(input, { workflowId: 'id-two' });
    const error: unknown = await second.result().catch((caught: unknown) => caught);
    expect(codeOf(error)).toBe('RESOURCE_BUSY');
    const real = await use.harness.client.workflow.getHandle('redis/busy').describe();
    expect(String((error as { cause?: Error }).cause?.message)).toContain(real.runId);
    expect(String((error as { cause?: Error }).cause?.message)).toContain('redis.switchover (running');
    hold.release();
    expect(((await first.result()) as RunReport).outcome).toBe('done');
    expect(world.journal).toEqual(['on a']);
  });

  test('a run started under its own id is refused by the server while another holds it', async () => {
    fresh();
    const hold = holdAt('apply a');
    world.hook = hold.hook;
    const first = await use.harness.start({ group: 'own', steps: ['a'] });
    await hold.reached;
    await expect(use.harness.start({ group: 'own', steps: ['a'] })).rejects.toBeInstanceOf(
      WorkflowExecutionAlreadyStartedError,
    );
    hold.release();
    await first.result();
  });

  test('cancelling the proxy run cancels the real run, which undoes what it changed', async () => {
    fresh();
    const hold = holdAt('apply b');
    world.hook = hold.hook;
    const proxy = await use.harness.start({ group: 'cancel', steps: ['a', 'b'] }, { workflowId: 'cancelled-front' });
    await hold.reached;
    await proxy.cancel();
    await expect(proxy.result()).rejects.toThrow();
    expect(world.journal).toEqual(['on a', 'off b', 'off a']);
    expect((await use.harness.client.workflow.getHandle('redis/cancel').describe()).status.name).toBe('CANCELLED');
  });

  test('terminating the proxy run leaves the real run alone', async () => {
    fresh();
    const hold = holdAt('apply a');
    world.hook = hold.hook;
    const proxy = await use.harness.start({ group: 'leave', steps: ['a'] }, { workflowId: 'terminated-front' });
    await hold.reached;
    await proxy.terminate();
    hold.release();
    expect(((await use.harness.client.workflow.getHandle('redis/leave').result()) as RunReport).outcome).toBe('done');
  });

  test('a dry run takes no lock, changes nothing and runs beside a real one', async () => {
    fresh();
    const hold = holdAt('apply a');
    world.hook = hold.hook;
    const real = await use.harness.start({ group: 'dry', steps: ['a'] });
    await hold.reached;
    const dry = await use.harness.start({ group: 'dry', steps: ['a'], dryRun: true }, { workflowId: 'dry-run/1' });
    const report = (await dry.result()) as RunReport;
    expect(report).toMatchObject({ outcome: 'planned', steps: [], plan: { hash: 'hash-as ever' } });
    expect(world.journal).toEqual([]);
    hold.release();
    await real.result();
  });

  test.each([null, [], 'text', 7, {}, { group: '' }, { group: '../x' }, { group: 4 }])(
    'unusable input %j ends the run with INVALID_INPUT',
    async (input) => {
      fresh();
      const handle = await use.harness.start(input as never, { workflowId: `bad-${JSON.stringify(input)}` });
      const error: unknown = await handle.result().catch((caught: unknown) => caught);
      expect(codeOf(error)).toBe('INVALID_INPUT');
    },
  );

  test('an emergency pre-empts the holder at its next safe point, and it says what it leaves', async () => {
    fresh();
    const hold = holdAt('apply b');
    world.hook = hold.hook;
    const handle = await use.harness.start({ group: 'preempt', steps: ['a', 'b', 'c'] });
    await hold.reached;
    await use.harness.update(handle, 'preempt', { kind: 'redis.failover' });
    hold.release();
    const report = (await handle.result()) as RunReport;
    expect(report.outcome).toBe('preempted');
    expect(report.leftBehind).toHaveLength(2);
    expect(world.journal).toEqual(['on a', 'on b']);
  });

  test('an emergency takes the place of a holder that reaches its safe point, and of one that does not', async () => {
    fresh();
    const quick = holdAt('apply a');
    world.hook = quick.hook;
    const willing = await use.harness.start({ group: 'emergency', steps: ['a', 'b'] });
    await quick.reached;
    const first = await use.harness.start(
      { group: 'emergency', steps: ['c'] },
      { workflowId: 'emergency-1', type: 'emergency' },
    );
    await use.harness.untilPending(willing, 'preempt');
    quick.release();
    expect(((await first.result()) as RunReport).outcome).toBe('done');
    expect(((await willing.result()) as RunReport).outcome).toBe('preempted');
    expect(world.journal).toEqual(['on a', 'on c']);

    const stuck = holdAt('apply d');
    world.hook = stuck.hook;
    const frozen = await use.harness.start({ group: 'emergency', steps: ['d'] });
    await stuck.reached;
    const held = (await frozen.describe()).runId;
    const second = await use.harness.start(
      { group: 'emergency', steps: ['e'] },
      { workflowId: 'emergency-2', type: 'emergency' },
    );
    expect(((await second.result()) as RunReport).outcome).toBe('done');
    stuck.release();
    const terminated = use.harness.client.workflow.getHandle('redis/emergency', held);
    expect((await terminated.describe()).status.name).toBe('TERMINATED');
  });
});
