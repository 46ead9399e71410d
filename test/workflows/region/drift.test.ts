import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { refOf } from '../../../src/drivers/kubernetes/index.ts';
import type { RunReport } from '../../../src/runs/index.ts';
import { ec2Rig } from '../../support/ec2-rig.ts';
import { describeWith } from '../../support/lab.ts';
import type { PlayedCluster } from '../../support/played-cluster.ts';
import { playCluster } from '../../support/played-cluster.ts';
import { useTemporal } from '../../support/temporal.ts';
import { reportOf } from '../run/harness.ts';
import type { RegionHarness, Scene } from './harness.ts';
import { intentOf, owner, regionWorld, startRegionHarness } from './harness.ts';

const region = 'ap-southeast-1';
/** As another client deletes it. */
async function gone(cluster: PlayedCluster, name: string): Promise<void> {
  const held = cluster.all.get(name);
  const { uid = '', resourceVersion = '' } = held?.metadata ?? {};
  if (held) await cluster.delete(refOf(held), { uid, resourceVersion });
}

const components = ['platform-namespace', 'alertmanager', 'gatewayd'];

await describeWith(['temporal', 's3'], 'region.drift', () => {
  const server = useTemporal();
  const rig = ec2Rig();
  const world = regionWorld();
  const scene = {} as { now: Scene & { cluster: PlayedCluster } };
  let harness: RegionHarness;
  beforeAll(async () => void (harness = await startRegionHarness(server(), world, scene)));
  afterAll(() => harness.stop());
  beforeEach(async () => {
    Object.assign(world, regionWorld());
    await rig.ec2.reset();
    const intent = (name: string) => intentOf(name, components);
    scene.now = { endpoint: rig.ec2.endpoint, cluster: playCluster(), intent };
    expect(((await (await harness.start(region)).result()) as RunReport).outcome).toBe('done');
    rig.ec2.forget();
    scene.now.cluster.writes.length = 0;
  });
  const look = async (): Promise<RunReport> => {
    const handle = await harness.startDrift(region);
    return (await handle.result().catch((error: unknown) => reportOf(error))) as RunReport;
  };
  const problemsOf = ({ problem }: RunReport) =>
    (problem?.problems ?? []).map(({ code, place, message }) => ({ code, place, message }));

  test('a region that is as the file says is done, and nothing was written', async () => {
    const report = await look();
    expect(report.outcome).toBe('done');
    expect(report.measurements).toMatchObject({ findings: 0, 'compared.network': 7 });
    expect(report.measurements['compared.components']).toBeGreaterThan(components.length);
    expect(report.steps.some(({ changed }) => changed)).toBe(false);
    expect([scene.now.cluster.writes, rig.ec2.writes()]).toEqual([[], []]);
  });

  test('what was changed by hand fails it, each with its place; nothing is brought back', async () => {
    const ec2 = rig.open(region);
    const [vpc] = (await ec2.vpcs()).filter(({ tags }) => tags['gantry:owner'] === owner);
    const [group] = (await ec2.securityGroups(vpc?.id ?? '')).filter(({ tags }) => tags['gantry:owner']);
    const port = { protocol: 'tcp', fromPort: 23, toPort: 23, peer: { cidr: '0.0.0.0/0' } } as const;
    await ec2.allow(group?.id ?? '', [{ direction: 'in', ...port }], { by: 'hand' });
    const [nat] = await ec2.natGateways(vpc?.id ?? '');
    await ec2.deleteNatGateway(nat?.id ?? '');
    const { cluster } = scene.now;
    cluster.edit('Deployment/gatewayd', (held) => void ((held['spec'] as { replicas: number }).replicas = 1));
    await gone(cluster, 'Deployment/alertmanager');
    cluster.writes.length = 0;
    rig.ec2.forget();
    const report = await look();
    expect(report.outcome).toBe('failed');
    const problems = problemsOf(report);
    expect(problems).toContainEqual(expect.objectContaining({ code: 'REGION_RULE_FOREIGN', place: 'rules' }));
    const nats = `NAT gateway of ${region}a`;
    expect(problems).toContainEqual(expect.objectContaining({ code: 'REGION_DRIFT', place: nats }));
    const said = problems.map(({ message }) => message).join('\n');
    expect(said).toContain('Deployment/gatewayd is different at spec.replicas');
    expect(said).toContain('Deployment/alertmanager is missing');
    expect([cluster.writes, rig.ec2.writes()]).toEqual([[], []]);
    expect(world.notices.length).toBeGreaterThan(0);
  });

  test('pods that are not ready are told', async () => {
    scene.now.cluster.controllers = () => ({ observedGeneration: 1, replicas: 3, updatedReplicas: 3 });
    scene.now.cluster.edit('Deployment/gatewayd', () => undefined);
    const report = await look();
    expect(
      problemsOf(report)
        .map(({ message }) => message)
        .join('\n'),
    ).toMatch(/gatewayd.*0 of 3 available/);
  });

  test('an account that gives no answer is a finding, and the cluster is looked at all the same', async () => {
    rig.ec2.fault('DescribeVpcs', { status: 403, code: 'UnauthorizedOperation' }, 1_000);
    const report = await look();
    expect(report.outcome).toBe('failed');
    expect(problemsOf(report)).toMatchObject([{ code: 'EC2_NO_PERMISSION', place: 'network' }]);
    expect(report.measurements['compared.components']).toBeGreaterThan(0);
  });
});
