import { afterAll, beforeAll, expect, test } from 'vitest';
import type { WorkflowHandle } from '@temporalio/client';
import { withRedis } from '../../../lab/redis/client.ts';
import type { RunReport, RunStatus } from '../../../src/runs/index.ts';
import { describeWith } from '../../support/lab.ts';
import { useTemporal } from '../../support/temporal.ts';
import type { SwitchoverRig } from '../../support/switchover-rig.ts';
import { portrait, quickPolicies, startSwitchoverRig } from '../../support/switchover-rig.ts';
import { codeOf } from '../run/harness.ts';

await describeWith(['temporal', 'redis'], 'redis.switchover', () => {
  const server = useTemporal();
  let rig: SwitchoverRig;
  beforeAll(async () => {
    const policies = {
      ...quickPolicies,
      kinds: { 'redis.switchover': { approval: { people: 1, expiresAfter: '1h' } } },
    };
    rig = await startSwitchoverRig(server(), { policies });
  });
  afterAll(() => rig?.stop());

  const start = (input: object, workflowId = `redis/${rig.groupName}`): Promise<WorkflowHandle> =>
    server().client.workflow.start('redisSwitchover', {
      workflowId,
      taskQueue: rig.taskQueue,
      args: [{ group: rig.groupName, ...input }],
    });
  const status = (handle: WorkflowHandle): Promise<RunStatus> => handle.query('status');
  const waiting = async (handle: WorkflowHandle): Promise<RunStatus> => {
    for (;;) {
      const now = await status(handle);
      if (now.state === 'awaiting-approval') return now;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  const approved = async (handle: WorkflowHandle): Promise<void> => {
    const { plan } = await waiting(handle);
    await handle.executeUpdate('approve', { args: [{ planHash: plan?.hash, by: 'ada' }] });
  };
  const roleOf = (name: string): Promise<unknown> =>
    withRedis(rig.group.node(name), rig.group.password, async (redis) => ((await redis.call('ROLE')) as unknown[])[0]);

  test('a dry run prints a whole plan and changes nothing', async () => {
    const before = await portrait(rig);
    const report = (await (await start({ dryRun: true, to: 'r2' }, 'dry-run/1')).result()) as RunReport;
    expect(report.outcome).toBe('planned');
    expect(await portrait(rig)).toEqual(before);
    const { plan } = report;
    expect(plan?.title).toMatch(/from r1 to r2/);
    expect(plan?.actions.length).toBeGreaterThanOrEqual(6);
    const facts = plan?.facts.map(({ label, value }) => `${label}: ${value}`).join('\n');
    expect(facts).toMatch(/procedure: fast: .+/);
    expect(facts).toMatch(/expected gap/);
    expect(facts).toMatch(/r2 now: replica, offset \d+, \d+ bytes behind/);
    expect(plan?.irreversible.length).toBeGreaterThan(0);
    expect(plan?.voidIf.length).toBeGreaterThan(0);
    expect(plan?.hash).toMatch(/^[0-9a-f]{16}$/);
  });

  test('two plans of the same facts have the same hash', async () => {
    const one = (await (await start({ dryRun: true, to: 'r2' }, 'dry-run/2')).result()) as RunReport;
    const two = (await (await start({ dryRun: true, to: 'r2' }, 'dry-run/3')).result()) as RunReport;
    expect(one.plan?.hash).toBe(two.plan?.hash);
  });

  test('an abort before the handover leaves the group as it was', async () => {
    const before = await portrait(rig);
    const handle = await start({ to: 'r2' });
    await waiting(handle);
    await handle.executeUpdate('abort', { args: [{ by: 'ada' }] });
    expect(((await handle.result()) as RunReport).outcome).toBe('aborted');
    expect(await portrait(rig)).toEqual(before);
  });

  test('hands over, re-points, restores the write safety, and a second run to the same node is refused', async () => {
    const handle = await start({ to: 'r2' });
    await approved(handle);
    const report = (await handle.result()) as RunReport;
    expect(report.outcome).toBe('done');
    expect(await roleOf('r2')).toBe('master');
    const after = (await portrait(rig)) as {
      nodes: { node: string; onDisk: string; config: string[] }[];
      discovery: { primary: { port: number } };
    };
    expect(after.discovery.primary.port).toBe(rig.group.node('r2').port);
    for (const { config } of after.nodes) expect(config[config.indexOf('min-replicas-to-write') + 1]).toBe('1');
    const again: unknown = await (await start({ to: 'r2' })).result().catch((error: unknown) => error);
    expect(codeOf(again)).toBe('REDIS_ALREADY_PRIMARY');
    expect(await portrait(rig)).toEqual(after);
  });

  test('abort after the handover is refused and says why', async () => {
    const handle = await start({ to: 'r1' });
    await approved(handle);
    let refused: unknown;
    for (;;) {
      const now = await status(handle);
      if (now.pastNoReturn) {
        refused = await handle.executeUpdate('abort', { args: [{ by: 'ada' }] }).catch((error: unknown) => error);
        break;
      }
    }
    expect(codeOf(refused)).toBe('PAST_NO_RETURN');
    expect(((await handle.result()) as RunReport).outcome).toBe('done');
  });

  test('after a handover every order of restarting the nodes ends with exactly one primary', async () => {
    for (const order of [
      ['r1', 'r2'],
      ['r2', 'r1'],
    ] as const) {
      for (const name of order) {
        await rig.group.node(name).stop();
        await rig.group.node(name).restart();
      }
      const roles = await Promise.all(rig.group.nodes.map((node) => roleOf(node.name)));
      expect(roles.filter((role) => role === 'master')).toHaveLength(1);
      expect(await roleOf('r1')).toBe('master');
    }
  });
});
