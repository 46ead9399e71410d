import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { pool, serialOf } from '../../../bench/host/platform.ts';
import { pause } from '../../../lab/clock.ts';
import type { HostFleetOnboardInput, RunReport, RunState, RunStatus } from '../../../src/runs/index.ts';
import type { FleetRig } from '../../support/fleet-rig.ts';
import { startFleetRig } from '../../support/fleet-rig.ts';
import { describeWith } from '../../support/lab.ts';
import { useTemporal } from '../../support/temporal.ts';

const taskQueue = 'fleet';

await describeWith(['temporal'], 'host.fleet-onboard', () => {
  const server = useTemporal();
  let rig: FleetRig;
  beforeAll(async () => void (rig = await startFleetRig(server(), 6, [2])));
  afterAll(() => rig.stop());

  const start = (input: Partial<HostFleetOnboardInput>, workflowId = 'host/z1/small'): Promise<WorkflowHandle> =>
    server().client.workflow.start('hostFleetOnboard', { workflowId, taskQueue, args: [{ ...pool, ...input }] });
  const until = async (handle: WorkflowHandle, state: RunState): Promise<RunStatus> => {
    for (;;) {
      const now = await handle.query<RunStatus>('status');
      if (now.state === state) return now;
      await pause(15);
    }
  };
  const host = (at: number): WorkflowHandle => server().client.workflow.getHandle(`host/${serialOf(at)}`);

  test('its plan names the hosts, their order, the limits and how long it takes; a dry run starts nothing', async () => {
    const handle = await start({ dryRun: true }, 'dry');
    const report = (await handle.result()) as RunReport;
    expect(report.outcome).toBe('planned');
    expect(report.plan?.title).toBe('Take 6 hosts of z1, class small in, 6 at once');
    expect(report.plan?.actions.map(({ what }) => what.slice(0, 14))).toContain(`1. ${serialOf(0)} `);
    await expect(host(0).describe()).rejects.toThrow();
  });

  test('its approval covers the runs of its hosts; the failed one is retried alone', async () => {
    const handle = await start({ window: 3, maxFailures: 1, requestedBy: 'ada', reason: 'new racks' });
    const { parked } = await until(handle, 'parked');
    expect(parked?.trouble.message).toMatch(/5 of 6 done.*HOST_DOES_NOT_MATCH/);
    const of = (await host(0).result()) as RunReport;
    // No approval was asked for, though the policy of host.onboard wants one.
    expect(of).toMatchObject({ outcome: 'done', requestedBy: 'ada', steps: [], changed: true });
    expect(of.published).toBeDefined();
    const firstRun = (await host(0).describe()).runId;
    await handle.executeUpdate('resolve', { args: [{ action: 'retry', park: parked?.id, by: 'ada' }] });
    const report = (await handle.result()) as RunReport;
    expect(report).toMatchObject({ outcome: 'done', measurements: { hosts: 6, hostsDone: 6, hostsChanged: 6 } });
    expect((await host(0).describe()).runId).toBe(firstRun);
  });

  test('again over the same pool it changes nothing', async () => {
    const report = (await (await start({})).result()) as RunReport;
    expect(report).toMatchObject({ outcome: 'done', measurements: { hosts: 6, hostsDone: 6, hostsChanged: 0 } });
    expect(report.steps[0]?.state).toBe('unchanged');
  });

  test.each([
    ['alone', `host/${serialOf(9)}`],
    ['by a run under another id', 'typed-in-the-ui'],
  ])('a host that is started %s waits for its own approval', async (_how, workflowId) => {
    const { client } = server();
    const handle = await client.workflow.start('hostOnboard', {
      ...{ workflowId, taskQueue, args: [{ serial: serialOf(9) }] },
    });
    const real = client.workflow.getHandle(`host/${serialOf(9)}`);
    for (;;) {
      const now = await real.query<RunStatus>('status').catch(() => undefined);
      if (now?.state === 'awaiting-approval') break;
      await pause(15);
    }
    await real.executeUpdate('abort', { args: [{ by: 'ada' }] });
    expect((await handle.result()) as RunReport).toMatchObject({ outcome: 'aborted' });
  });

  test('a host that is not in the pool is refused with its serial number', async () => {
    const handle = await start({ serials: ['NOBODY', serialOf(1)] });
    await expect(handle.result()).rejects.toThrow();
    const { problem } = await handle.query<RunStatus>('status');
    expect(problem).toMatchObject({ code: 'HOST_NOT_IN_POOL' });
    expect(problem?.message).toContain('NOBODY');
  });
});
