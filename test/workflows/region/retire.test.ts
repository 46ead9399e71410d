import type { WorkflowHandle } from '@temporalio/client';
import {
  DeleteNetworkInterfaceCommand,
  EC2Client,
  RunInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { until } from '../../../lab/clock.ts';
import { labEc2Login } from '../../../lab/ec2/ec2.ts';
import type { KubeObject } from '../../../src/drivers/kubernetes/index.ts';
import type { RolloutEdge } from '../../../src/platform/index.ts';
import type { RegionRetireInput, RunReport, RunStatus } from '../../../src/runs/index.ts';
import { edgeRig } from '../../support/edge-rig.ts';
import { describeWith } from '../../support/lab.ts';
import type { PlayedCluster } from '../../support/played-cluster.ts';
import { playCluster } from '../../support/played-cluster.ts';
import { useTemporal } from '../../support/temporal.ts';
import { codeOf, reportOf } from '../run/harness.ts';
import type { RegionHarness, Scene } from './harness.ts';
import { edgeOf, intentOf, owner, regionWorld, smallNetwork, startRegionHarness } from './harness.ts';

const region = 'eu-west-1';
const name = 'unkey-eu-west-1';
const [own, group, geoAlias] = ['eu-west-1.api.example.net', 'eu.api.example.net', 'api.example.net'];
const identifier = `gantry:${owner}:${region}`;
const namespace = 'unkey-deploy';

await describeWith(['temporal', 's3'], 'region.retire', () => {
  const server = useTemporal();
  const rig = edgeRig();
  const world = regionWorld();
  const scene = {} as { now: Scene & { cluster: PlayedCluster } };
  const lab = { zone: '', webAcl: '' };
  let isWhole = false;
  let edge: RolloutEdge;
  let harness: RegionHarness;
  beforeAll(async () => void (harness = await startRegionHarness(server(), world, scene)));
  afterAll(() => harness.stop());
  beforeEach(async () => {
    Object.assign(world, regionWorld());
    isWhole = false;
    await rig.ec2.reset();
    Object.assign(lab, { zone: await rig.zone('example.net'), webAcl: await rig.webAcl(region, 'edge') });
    edge = edgeOf(region, { ...lab, server: rig.authority.server });
    const intent = (of: string) => intentWith(of, ['platform-namespace', 'billaged', 'gatewayd']);
    scene.now = { endpoint: rig.ec2.endpoint, cluster: playCluster(), intent, resolver: rig.authority.server };
    rig.ec2.forget();
  });
  const intentWith = (of: string, components: readonly string[]) => {
    const whole = intentOf(of, components);
    const meant = isWhole ? whole : smallNetwork(whole);
    return of === region ? { ...meant, config: { ...meant.config, edge } } : meant;
  };
  /** With a store: its stateful set, its service, and a claim for its pod. */
  const withStore = (): void => {
    scene.now.intent = (of) => intentWith(of, ['platform-namespace', 'billaged', 'consul', 'gatewayd']);
  };
  const claim = (of: string): KubeObject => ({
    ...{ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: of, namespace } },
    spec: { volumeName: `pv-${of}` },
  });
  const rollOut = async (): Promise<void> => {
    expect(((await (await harness.start(region)).result()) as RunReport).outcome).toBe('done');
    rig.ec2.forget();
    scene.now.cluster.writes.length = 0;
  };
  const ended = async (handle: WorkflowHandle): Promise<RunReport> => (await handle.result()) as RunReport;
  const refused = async (change: Partial<RegionRetireInput> = {}): Promise<RunReport> => {
    const handle = await harness.startRetire(region, change);
    return reportOf(await handle.result().catch((error: unknown) => error));
  };
  /** Waits until the run asks. @throws where it stands otherwise: a run that has parked never asks */
  const asking = async (handle: WorkflowHandle): Promise<RunStatus> => {
    const status = await until(async () => {
      const now = await harness.status(handle);
      return now.state === 'awaiting-approval' || now.parked || now.problem ? now : undefined;
    }, 30_000);
    expect(status?.parked?.trouble ?? status?.problem).toBeUndefined();
    if (!status) throw new Error('the run asks for no approval');
    return status;
  };
  /** Approves one stage: the plan that the run waits with. Answers its title. */
  const approve = async (handle: WorkflowHandle): Promise<string> => {
    const { plan } = await asking(handle);
    await harness.update(handle, 'approve', { planHash: plan?.hash ?? '' });
    return plan?.title ?? '';
  };
  const retire = async (stages: number, change: Partial<RegionRetireInput> = {}): Promise<RunReport> => {
    const handle = await harness.startRetire(region, change);
    for (let left = stages; left > 0; left -= 1) await approve(handle);
    return ended(handle);
  };
  const leads = (from: string, to: string) => ({
    ...{ name: from, type: 'A' },
    alias: { name: to, zoneId: lab.zone, evaluateHealth: true },
  });
  const member = (setIdentifier: string, weight: number) => ({
    ...leads(group, `${setIdentifier}.elsewhere.example.net`),
    ...{ setIdentifier, weight },
  });
  const edgeThere = async () => {
    const [elb, route53] = [rig.elb(region), rig.route53()];
    const balancer = await elb.loadBalancer(name);
    return {
      balancer: balancer?.name,
      targets: (await elb.targetGroup(name))?.name,
      listeners: balancer ? (await elb.listeners(balancer.id)).map(({ port }) => port) : [],
      webAcl: balancer && (await rig.waf(region).webAclOf(balancer.id)),
      checks: (await route53.healthChecks('gantry-edge-')).length,
      own: (await route53.records(lab.zone, own)).length,
      members: (await route53.records(lab.zone, group)).map(({ setIdentifier }) => setIdentifier),
    };
  };
  const noEdge = { balancer: undefined, targets: undefined, listeners: [], webAcl: undefined, checks: 0, own: 0 };
  const network = async () => {
    const ec2 = rig.open(region);
    const vpcs = (await ec2.vpcs()).filter(({ tags }) => tags['gantry:owner'] === owner);
    const addresses = (await ec2.addresses()).filter(({ tags }) => tags['gantry:owner'] === owner);
    const gateways = await ec2.internetGateways({ 'gantry:owner': owner });
    return { ec2, vpcs, vpcId: vpcs[0]?.id ?? 'none', left: vpcs.length + addresses.length + gateways.length };
  };
  const objects = (): string[] => [...scene.now.cluster.all.keys()].sort();

  test('takes away the edge, then what holds no data, then the network; what others have stays; again it changes nothing', async () => {
    isWhole = true;
    await rig.route53().createRecords(lab.zone, [leads(geoAlias, group), member('us', 10)]);
    await rollOut();
    const { ec2 } = await network();
    const other = await ec2.createVpc('10.99.0.0/16', { by: 'another' });
    const address = await ec2.allocateAddress({ by: 'another' });
    scene.now.cluster.put({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'theirs', namespace } });
    const report = await retire(2);
    expect(report).toMatchObject({ outcome: 'done', pastNoReturn: true });
    expect(await edgeThere()).toEqual({ ...noEdge, members: ['us'] });
    expect(objects()).toEqual(['ConfigMap/theirs', `Namespace/${namespace}`]);
    expect((await network()).left).toBe(0);
    expect((await ec2.vpcs()).some(({ id }) => id === other)).toBe(true);
    expect((await ec2.addresses()).map(({ id }) => id)).toEqual([address]);
    const at = (title: string): number => report.steps.findIndex((step) => step.title === title);
    const order = ['remove its records', `remove the load balancer ${name}`, 'remove gatewayd', 'remove billaged'];
    const places = [...order, 'nothing else is in the network', 'remove the VPC'].map(at);
    expect(places).toEqual([...places].sort((a, b) => a - b));
    expect(places.every((place) => place >= 0)).toBe(true);
    expect(report.plan?.facts).toContainEqual({ label: 'stays', value: `Namespace/${namespace}` });
    rig.ec2.forget();
    scene.now.cluster.writes.length = 0;
    const again = await retire(0);
    expect(again.outcome).toBe('done');
    expect([rig.ec2.writes().filter(Boolean), scene.now.cluster.writes, again.steps]).toEqual([[], [], []]);
  });

  test('a dry run shows every stage and changes nothing', async () => {
    withStore();
    await rollOut();
    const report = await ended(await harness.startRetire(region, { dryRun: true, withData: true }));
    expect(report.outcome).toBe('planned');
    const words = (report.plan?.facts ?? []).map(({ label, value }) => `${label}: ${value}`).join('\n');
    expect(words).toMatch(/after a second approval, 1: Remove gatewayd/);
    expect(words).toMatch(/after a third approval, 1: Remove consul/);
    expect(words).toMatch(/after a third approval, \d+: Remove the VPC/);
    expect([rig.ec2.writes().filter(Boolean), scene.now.cluster.writes]).toEqual([[], []]);
  });

  test('data stays with all that its store needs, and the network under it; the same run with its data takes them away', async () => {
    withStore();
    await rollOut();
    scene.now.cluster.put(claim('data-consul-0'));
    const report = await retire(2);
    expect(report.outcome).toBe('done');
    const kept = [
      `Namespace/${namespace}`,
      'PersistentVolumeClaim/data-consul-0',
      'Service/consul',
      'StatefulSet/consul',
    ];
    expect(objects()).toEqual(kept);
    expect((await network()).vpcs).toHaveLength(1);
    const words = (report.plan?.facts ?? []).map(({ label, value }) => `${label}: ${value}`).join('\n');
    expect(words).toContain('StatefulSet/consul');
    expect(words).toContain('the network');
    expect(words).toContain('gantry region retire eu-west-1 --with-data');
    scene.now.cluster.writes.length = 0;
    expect((await retire(1, { withData: true })).outcome).toBe('done');
    expect(scene.now.cluster.writes).toEqual([
      ...['Service/consul', 'StatefulSet/consul', 'PersistentVolumeClaim/data-consul-0'].map((one) => `delete ${one}`),
      `delete Namespace/${namespace}`,
    ]);
    expect((await network()).left).toBe(0);
  });

  test('asks three times where data goes too; a namespace that holds something else stays until that is gone', async () => {
    withStore();
    await rollOut();
    const { cluster } = scene.now;
    cluster.put(claim('data-consul-0'));
    cluster.put({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'theirs', namespace } });
    const handle = await harness.startRetire(region, { withData: true });
    const titles = [await approve(handle), await approve(handle), await approve(handle)];
    expect(titles[2]).toContain('that hold data');
    const { parked } = await harness.until(handle, 'parked');
    expect(parked?.trouble).toMatchObject({ code: 'REGION_RETIRE_FOREIGN' });
    expect(parked?.trouble.message).toContain('Secret/theirs');
    expect(objects()).toEqual([`Namespace/${namespace}`, 'Secret/theirs']);
    expect((await network()).vpcs).toHaveLength(1);
    const { uid = '', resourceVersion = '' } = cluster.all.get('Secret/theirs')?.metadata ?? {};
    await cluster.delete({ apiVersion: 'v1', kind: 'Secret', name: 'theirs', namespace }, { uid, resourceVersion });
    await harness.update(handle, 'resolve', { action: 'retry' });
    expect((await ended(handle)).outcome).toBe('done');
    expect([objects(), (await network()).left]).toEqual([[], 0]);
  });

  test('is refused with all that is in the way at once: a weight, hosts, stores, a cluster of two regions', async () => {
    await rig.route53().createRecords(lab.zone, [leads(geoAlias, group), member('us', 10)]);
    await rollOut();
    await rig.weigh(lab.zone, group, identifier, 5);
    rig.ec2.forget();
    scene.now.hosts = [
      { serial: 'SN1', node: 'n1', there: true },
      { serial: 'SN2', node: 'n2', there: true, unschedulable: true },
      { serial: 'SN3', node: 'n3' },
    ];
    scene.now.uses = ['redis.groups.sessions'];
    const { intent } = scene.now;
    scene.now.intent = (of) => {
      const meant = intent(of);
      const token = { env: 'T' };
      return { ...meant, config: { ...meant.config, kubernetes: { api: 'https://one.example', token } } };
    };
    const report = await refused();
    const problems = report.problem?.problems ?? [];
    expect(new Set(problems.map(({ code }) => code))).toEqual(
      new Set(['REGION_TAKES_TRAFFIC', 'REGION_HAS_HOSTS', 'REGION_IN_USE', 'REGION_CLUSTER_SHARED']),
    );
    const words = problems.map(({ message }) => message).join('\n');
    expect(words).toContain('SN1 (n1, schedulable), SN2 (n2, cordoned)');
    expect(words).toContain('weight 5');
    expect(words).not.toContain('SN3');
    expect([rig.ec2.writes().filter(Boolean), scene.now.cluster.writes]).toEqual([[], []]);
  });

  test('weight 0 that serves all the same is refused, and so is a region that the geo alias leads to by its own name', async () => {
    await rig.route53().createRecords(lab.zone, [member('us', 10)]);
    await rollOut();
    await rig.weigh(lab.zone, group, 'us', 0);
    await rig.route53().createRecords(lab.zone, [leads(geoAlias, group)]);
    expect((await refused()).problem?.message).toContain('serves all the same');
    await rig.route53().deleteRecords(lab.zone, [leads(geoAlias, group)]);
    await rig.route53().createRecords(lab.zone, [leads(geoAlias, own)]);
    const report = await refused();
    expect(report.problem?.problems.map(({ code }) => code)).toEqual(['REGION_TAKES_TRAFFIC']);
    expect((await edgeThere()).own).toBe(1);
  });

  test('a weight that is raised after the approval keeps the records, until the region is withdrawn again', async () => {
    await rollOut();
    const handle = await harness.startRetire(region);
    await asking(handle);
    await rig.weigh(lab.zone, group, identifier, 7);
    await harness.update(handle, 'approve', { planHash: (await harness.status(handle)).plan?.hash ?? '' });
    expect(codeOf(await handle.result().catch((error: unknown) => error))).toBe('REGION_TAKES_TRAFFIC');
    expect((await edgeThere()).own).toBe(1);
  });

  test('an abort after the edge is gone puts it back', async () => {
    await rollOut();
    const before = await edgeThere();
    const handle = await harness.startRetire(region);
    await approve(handle);
    await asking(handle);
    expect(await edgeThere()).toEqual({ ...noEdge, members: [] });
    await harness.update(handle, 'abort', {});
    const report = await ended(handle);
    expect(report).toMatchObject({ outcome: 'aborted', leftBehind: [] });
    expect(await edgeThere()).toEqual(before);
    // As a rollout would have it.
    expect((await ended(await harness.startDrift(region))).outcome).toBe('done');
  });

  test('an object that is edited after the plan stays and is shown; aborted, what had gone is applied again', async () => {
    await rollOut();
    const { cluster } = scene.now;
    const all = objects();
    const handle = await harness.startRetire(region);
    await approve(handle);
    cluster.beforeWrite = (line) => {
      if (line !== 'delete Deployment/gatewayd') return;
      cluster.beforeWrite = undefined;
      cluster.edit('Deployment/billaged', (held) => void ((held['spec'] as { replicas: number }).replicas = 5));
    };
    await approve(handle);
    const { parked } = await harness.until(handle, 'parked');
    expect(parked?.trouble).toMatchObject({ code: 'REGION_RETIRE_DIFFERS' });
    expect(parked?.trouble.message).toContain('spec.replicas');
    expect(objects()).toContain('Deployment/billaged');
    await harness.update(handle, 'abort', {});
    expect((await ended(handle)).outcome).toBe('aborted');
    expect(objects()).toEqual(all);
    expect(cluster.all.get('Deployment/billaged')?.['spec']).toMatchObject({ replicas: 5 });
    expect((await edgeThere()).own).toBe(1);
  });

  test('what another client made under a name of ours is not ours', async () => {
    await rollOut();
    const { cluster } = scene.now;
    const made = cluster.all.get('Service/billaged-lb');
    if (!made) throw new Error('the component billaged has no service');
    cluster.put({ ...made, metadata: { name: 'billaged-lb', namespace } });
    const report = await retire(2);
    expect(report.outcome).toBe('done');
    expect(objects()).toEqual([`Namespace/${namespace}`, 'Service/billaged-lb']);
    expect(report.plan?.facts).toContainEqual({ label: 'not Gantry’s, and stays', value: 'Service/billaged-lb' });
  });

  test('an instance and a subnet of another one keep the network whole; once they are gone, a retry takes it away', async () => {
    await rollOut();
    const { ec2, vpcId } = await network();
    const [subnet] = await ec2.subnets(vpcId);
    const client = new EC2Client({ region, endpoint: rig.ec2.direct, credentials: labEc2Login });
    const started = await client.send(
      new RunInstancesCommand({ ImageId: 'ami-12c6146b', MinCount: 1, MaxCount: 1, SubnetId: subnet?.id ?? '' }),
    );
    const instance = started.Instances?.[0]?.InstanceId ?? '';
    const foreign = await ec2.createSubnet({ vpcId, cidr: '10.24.200.0/24', zone: `${region}a` }, { by: 'another' });
    const handle = await harness.startRetire(region);
    await approve(handle);
    await approve(handle);
    const { parked, pastNoReturn } = await harness.until(handle, 'parked');
    expect(parked?.trouble).toMatchObject({ code: 'REGION_RETIRE_FOREIGN' });
    expect(parked?.trouble.message).toContain(instance);
    expect(parked?.trouble.message).toContain(foreign);
    expect(pastNoReturn).toBe(false);
    expect((await ec2.routeTables(vpcId)).length).toBeGreaterThan(1);
    const interfaces = (await ec2.networkInterfaces(vpcId)).filter(({ instanceId }) => instanceId === instance);
    await client.send(new TerminateInstancesCommand({ InstanceIds: [instance] }));
    // AWS deletes it with the instance; moto leaves it.
    for (const { id } of interfaces) await client.send(new DeleteNetworkInterfaceCommand({ NetworkInterfaceId: id }));
    client.destroy();
    await ec2.deleteSubnet(foreign);
    await harness.update(handle, 'resolve', { action: 'retry' });
    expect((await ended(handle)).outcome).toBe('done');
    expect((await network()).left).toBe(0);
  });

  test('answers that were lost take nothing away twice', async () => {
    isWhole = true;
    await rollOut();
    for (const action of ['ChangeResourceRecordSets', 'DeleteHealthCheck', 'DeleteListener', 'DeleteLoadBalancer'])
      rig.ec2.fault(action, { reset: 'after' });
    for (const action of ['DeleteRouteTable', 'DeleteNatGateway', 'DeleteSubnet'])
      rig.ec2.fault(action, { reset: 'after' });
    for (const action of ['DeleteSecurityGroup', 'DetachInternetGateway', 'DeleteVpc'])
      rig.ec2.fault(action, { reset: 'after' });
    expect((await retire(2)).outcome).toBe('done');
    expect([(await network()).left, await edgeThere()]).toEqual([0, { ...noEdge, members: [] }]);
    const made = rig.ec2.changes.map(({ action, name: of }) => `${action} ${of}`).filter((one) => /^Delete/.test(one));
    expect(made.filter((one, at) => made.indexOf(one) !== at)).toEqual([]);
  });
});
