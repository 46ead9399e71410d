import type { AddressInfo } from 'node:net';
import createClient from 'openapi-fetch';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { components as schemas, paths } from '../../../docs/reference/openapi.d.ts';
import { until } from '../../../lab/clock.ts';
import type { Api } from '../../../src/api/index.ts';
import type { ScheduleIntent } from '../../../src/client/index.ts';
import { syncSchedules } from '../../../src/client/index.ts';
import type { RunReport } from '../../../src/runs/index.ts';
import type { Person } from '../../api/support.ts';
import { apiOver, people } from '../../api/support.ts';
import { ec2Rig } from '../../support/ec2-rig.ts';
import { describeWith } from '../../support/lab.ts';
import { playCluster } from '../../support/played-cluster.ts';
import { useTemporal } from '../../support/temporal.ts';
import type { RegionHarness, Scene } from './harness.ts';
import { intentOf, regionWorld, startRegionHarness } from './harness.ts';

type Run = schemas['schemas']['Run'];

const region = 'ap-southeast-1';
const components = ['platform-namespace', 'alertmanager'];

await describeWith(['temporal', 's3'], 'a region, from the ways in that are not the command line', () => {
  const server = useTemporal();
  const rig = ec2Rig();
  const world = regionWorld();
  const { access, as } = people();
  const scene = {} as { now: Scene };
  let harness: RegionHarness;
  let api: Api;
  let baseUrl: string;
  beforeAll(async () => {
    world.policy = { ...world.policy, approval: { people: 1, expiresAfterMs: 600_000 } };
    scene.now = { endpoint: rig.ec2.endpoint, cluster: playCluster(), intent: (name) => intentOf(name, components) };
    harness = await startRegionHarness(server(), world, scene);
    ({ api } = await apiOver(server().client, harness.taskQueue, access));
    await api.listen({ port: 0, host: '127.0.0.1' });
    baseUrl = `http://127.0.0.1:${(api.server.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    await api?.close();
    await harness?.stop();
  });
  const clientOf = ({ token }: Person) =>
    createClient<paths>({ baseUrl, headers: { authorization: `Bearer ${token}` } });
  const reaches = async (workflowId: string, state: string): Promise<Run> => {
    const seen = await until(async () => {
      const { data } = await clientOf(as.viewer).GET('/v1/runs/{workflowId}', { params: { path: { workflowId } } });
      return data?.run.state === state ? data.run : undefined;
    }, 60_000);
    if (seen) return seen;
    throw new Error(`the run never became ${state}`);
  };

  test('by a client that is generated from the OpenAPI file: started by one person, approved by another one, followed to its report', async () => {
    const { data: started } = await clientOf(as.operator).POST('/v1/region/rollout', {
      params: { header: { 'idempotency-key': 'plat-311' } },
      body: { region },
    });
    const workflowId = started?.workflowId ?? '';
    const params = { path: { workflowId } };
    const waiting = await reaches(workflowId, 'awaiting-approval');
    expect(rig.ec2.writes()).toEqual([]);
    const { response } = await clientOf(as.approver).POST('/v1/runs/{workflowId}/approve', {
      ...{ params, body: { planHash: waiting.plan?.hash ?? '' } },
    });
    expect(response.status).toBe(200);
    await reaches(workflowId, 'done');
    // The run that was asked for ends a moment after the one that did the work.
    await server().client.workflow.getHandle(workflowId).result();
    const { data: read } = await clientOf(as.viewer).GET('/v1/runs/{workflowId}/report', { params });
    expect(read?.report).toMatchObject({ outcome: 'done', requestedBy: 'operator@example.com' });
    expect(read?.report.steps.filter(({ step }) => step === 'region.component-ready')).toHaveLength(components.length);
    expect(rig.ec2.writes()).toContain('CreateVpc');
  });

  test('by a schedule of the platform file: the region is looked at, and asks nobody', async () => {
    const { client } = server();
    const installation = { name: 'lab', taskQueue: harness.taskQueue };
    const intent: ScheduleIntent = {
      ...{ name: 'drift', kind: 'region.drift', cron: '0 7 1 1 *', timezone: 'UTC', paused: false },
      input: { region },
    };
    await syncSchedules(client, installation, [intent]);
    rig.ec2.forget();
    await client.schedule.getHandle('gantry/lab/drift').trigger();
    const ended = await until(async () => {
      for await (const one of client.workflow.list({ query: `WorkflowType = "regionDrift"` }))
        if (one.status.name !== 'RUNNING' && one.workflowId === `region/${region}`) return one;
      return undefined;
    }, 60_000);
    expect(ended).toBeTruthy();
    const report = (await client.workflow.getHandle(`region/${region}`, ended?.runId).result()) as RunReport;
    expect(report).toMatchObject({ kind: 'region.drift', outcome: 'done', requestedBy: 'schedule:drift' });
    expect(report.measurements).toMatchObject({ findings: 0 });
    expect(rig.ec2.writes()).toEqual([]);
  });
});
