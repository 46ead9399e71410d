import type { WorkflowHandle } from '@temporalio/client';
import { Worker } from '@temporalio/worker';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { regionDefinitions } from '../../../activities/region/index.ts';
import { pool, serialOf } from '../../../bench/host/platform.ts';
import { until } from '../../../lab/clock.ts';
import type { RegionRolloutInput, RunReport, RunStatus } from '../../../src/runs/index.ts';
import { domainQueue } from '../../../src/runs/index.ts';
import { serve } from '../../../src/steps/index.ts';
import { ec2Rig } from '../../support/ec2-rig.ts';
import type { FleetRig } from '../../support/fleet-rig.ts';
import { startFleetRig } from '../../support/fleet-rig.ts';
import { describeWith } from '../../support/lab.ts';
import { oneDigest } from '../../support/one-digest.ts';
import { memoryPayloads } from '../../support/payloads.ts';
import { playCluster } from '../../support/played-cluster.ts';
import { useTemporal } from '../../support/temporal.ts';
import { depsOf, intentOf } from './harness.ts';

const region = 'ap-southeast-1';

await describeWith(['temporal', 's3'], 'the hosts of a region', () => {
  const server = useTemporal();
  const rig = ec2Rig();
  let fleet: FleetRig;
  let worker: Worker;
  let running: Promise<void>;
  beforeAll(async () => {
    fleet = await startFleetRig(server(), 3, [1], ['region.rollout', 'host.fleet-onboard', 'host.onboard']);
    const pools = [{ ...pool, serials: [0, 1, 2].map(serialOf) }];
    const cluster = playCluster();
    const deps = depsOf({
      ...{ endpoint: rig.ec2.endpoint, cluster },
      intent: (name) => ({ ...intentOf(name, ['platform-namespace']), pools }),
    });
    worker = await Worker.create({
      ...{ connection: server().native, taskQueue: domainQueue(fleet.taskQueue, 'region') },
      activities: serve(regionDefinitions, deps, oneDigest('d', memoryPayloads())),
    });
    running = worker.run();
  });
  afterAll(async () => {
    worker?.shutdown();
    await running;
    await fleet?.stop();
  });

  const start = (input: Partial<RegionRolloutInput>, workflowId = `region/${region}`): Promise<WorkflowHandle> =>
    server().client.workflow.start('regionRollout', {
      ...{ workflowId, taskQueue: fleet.taskQueue, args: [{ region, requestedBy: 'ada', ...input }] },
    });
  const reaches = async (handle: WorkflowHandle, state: string): Promise<RunStatus> => {
    const seen = await until(async () => {
      const now = await handle.query<RunStatus>('status');
      return now.state === state ? now : undefined;
    }, 120_000);
    if (seen) return seen;
    throw new Error(`the run never became ${state}`);
  };
  const fleetRun = () => server().client.workflow.getHandle(`host/${pool.zone}/${pool.class}`);

  test('are named by a plan that leaves them alone, and taken in by one that was asked to', async () => {
    const without = (await (await start({ dryRun: true }, 'dry-1')).result()) as RunReport;
    expect(without.plan?.facts).toContainEqual({
      label: 'hosts',
      value: '3 in its pools, which this run leaves alone: `withHosts`',
    });
    const withHosts = (await (await start({ dryRun: true, withHosts: true }, 'dry-2')).result()) as RunReport;
    expect(withHosts.plan?.actions.at(-1)?.what).toBe(
      `Take in 3 hosts of z1, class small: ${[0, 1, 2].map(serialOf).join(', ')}`,
    );
    expect(withHosts.plan?.hash).not.toBe(without.plan?.hash);
  });

  test('come after the components, under the approval of the region; one that fails is retried alone', async () => {
    const handle = await start({ withHosts: true });
    const { plan } = await reaches(handle, 'awaiting-approval');
    expect(
      await fleetRun()
        .describe()
        .catch(() => 'none'),
    ).toBe('none');
    await handle.executeUpdate('approve', { args: [{ planHash: plan?.hash, by: 'bob' }] });

    // Neither the pool nor a host asks for an approval of its own. What parks below is decided below.
    const below = await until(async () => {
      const now = await fleetRun()
        .query<RunStatus>('status')
        .catch(() => undefined);
      return now?.state === 'parked' ? now : undefined;
    }, 120_000);
    expect(below?.parked?.trouble.message).toMatch(/2 of 3 done.*HOST_DOES_NOT_MATCH/);
    const above = await handle.query<RunStatus>('status');
    const line = above.steps.find(({ step }) => step === 'host.fleet-onboard');
    expect(line).toMatchObject({ title: 'take in 3 hosts of z1, small', run: { workflowId: 'host/z1/small' } });
    expect(above.steps.filter(({ step }) => step.startsWith('region.')).every(({ state }) => state !== 'pending')).toBe(
      true,
    );
    await fleetRun().executeUpdate('resolve', { args: [{ action: 'retry', park: below?.parked?.id, by: 'bob' }] });

    const report = (await handle.result()) as RunReport;
    expect(report.outcome).toBe('done');
    expect(report.steps.at(-1)).toMatchObject({ state: 'done', changed: true });
    expect(report.steps.at(-1)?.summary).toContain('hostsDone 3');
    const pooled = (await fleetRun().result()) as RunReport;
    expect(pooled).toMatchObject({ outcome: 'done', requestedBy: 'ada', actions: [{ action: 'retry' }] });
  });

  test('again: nothing is written and no host is changed', async () => {
    rig.ec2.forget();
    const handle = await start({ withHosts: true });
    const { plan } = await reaches(handle, 'awaiting-approval');
    await handle.executeUpdate('approve', { args: [{ planHash: plan?.hash, by: 'bob' }] });
    const report = (await handle.result()) as RunReport;
    expect(rig.ec2.writes()).toEqual([]);
    expect(report.steps.filter(({ changed }) => changed)).toEqual([]);
    expect(report.steps.at(-1)?.summary).toContain('hostsChanged 0');
  });
});
