import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { withEc2 } from '../../../activities/region/access/with-ec2.ts';
import { rulesThere } from '../../../activities/region/network/set-rules.ts';
import { GantryError } from '../../../src/errors/index.ts';
import { securityGroups, securityRules } from '../../../src/planning/region/index.ts';
import type { RunReport } from '../../../src/runs/index.ts';
import { ec2Rig } from '../../support/ec2-rig.ts';
import { describeWith } from '../../support/lab.ts';
import type { PlayedCluster } from '../../support/played-cluster.ts';
import { playCluster } from '../../support/played-cluster.ts';
import { drawnFlows, openFlows, otherFlows } from '../../support/seed-flows.ts';
import { useTemporal } from '../../support/temporal.ts';
import { codeOf, reportOf } from '../run/harness.ts';
import type { RegionHarness, Scene } from './harness.ts';
import { depsOf, intentOf, owner, regionWorld, startRegionHarness } from './harness.ts';

await describeWith(['temporal', 's3'], 'region.rollout', () => {
  const server = useTemporal();
  const rig = ec2Rig();
  const world = regionWorld();
  const scene = {} as { now: Scene & { cluster: PlayedCluster } };
  let harness: RegionHarness;
  beforeAll(async () => void (harness = await startRegionHarness(server(), world, scene)));
  afterAll(() => harness.stop());
  beforeEach(() => {
    Object.assign(world, regionWorld());
    scene.now = { endpoint: rig.ec2.endpoint, cluster: playCluster(), intent: (region) => intentOf(region) };
    rig.ec2.forget();
  });
  /** A region of few components, in a part of the account that no other test has. */
  const few = (components: readonly string[]) => {
    scene.now.intent = (region) => intentOf(region, components);
  };
  const own = async (region: string) => {
    const ec2 = rig.open(region);
    const vpcs = (await ec2.vpcs()).filter(({ tags }) => tags['gantry:owner'] === owner);
    const [vpc] = vpcs;
    return { ec2, vpcs, vpcId: vpc?.id ?? 'none' };
  };
  const done = async (region: string): Promise<RunReport> =>
    (await (await harness.start(region)).result()) as RunReport;

  test('brings the region with three zones up: everything once, in the order of the graph; a second run writes nothing', async () => {
    const report = await done('us-east-1');
    expect(report.outcome).toBe('done');
    const { ec2, vpcs, vpcId } = await own('us-east-1');
    expect(vpcs).toMatchObject([{ cidr: '10.20.0.0/16' }]);
    expect(await ec2.subnets(vpcId)).toHaveLength(18);
    expect((await ec2.natGateways(vpcId)).map(({ state }) => state)).toEqual(['available', 'available', 'available']);
    // Three ways out in each of three zones, and the main table of the VPC.
    expect(await ec2.routeTables(vpcId)).toHaveLength(10);
    const at = (title: string): number => report.steps.findIndex((step) => step.title === title);
    for (const [before, after] of [
      ['set their rules', 'apply platform-namespace'],
      ['platform-namespace is ready', 'apply alertmanager'],
      ['prometheus is ready', 'apply kafka'],
      ['kafka is ready', 'apply billaged'],
      ['billaged is ready', 'apply metald'],
      ['builderd is ready', 'apply gatewayd'],
    ] as const) {
      expect(at(before), before).toBeGreaterThanOrEqual(0);
      expect(at(before), `${before} → ${after}`).toBeLessThan(at(after));
    }
    const { writes } = scene.now.cluster;
    expect(new Set(writes).size).toBe(writes.length);
    writes.length = 0;
    rig.ec2.forget();
    const again = await done('us-east-1');
    expect(again.outcome).toBe('done');
    expect(again.steps.filter(({ changed }) => changed)).toEqual([]);
    expect([writes, rig.ec2.writes()]).toEqual([[], []]);
  });

  test('opens exactly the flows of the design, as EC2 tells them', async () => {
    few([]);
    expect((await done('us-east-1')).outcome).toBe('done');
    const { network } = intentOf('us-east-1');
    const of = { region: 'us-east-1', groups: securityGroups(network), rules: securityRules(network) };
    const context = { signal: new AbortController().signal, mustBeOurs: () => undefined };
    const deps = depsOf(scene.now);
    const there = await withEc2(deps, 'us-east-1', context, (ec2) => rulesThere(of, deps, ec2));
    expect(there.every(({ own: isOwn, rule }) => isOwn && rule !== undefined)).toBe(true);
    const open = openFlows(there.flatMap(({ rule }) => (rule ? [rule] : [])));
    expect(open).toEqual([...drawnFlows, ...otherFlows].sort());
  });

  test('a region without hosts has nothing that runs on hosts, and the whole rest', async () => {
    const report = await done('ap-southeast-1');
    expect(report.outcome).toBe('done');
    const { all } = scene.now.cluster;
    expect(all.has('DaemonSet/metald')).toBe(false);
    expect(all.has('Deployment/gatewayd')).toBe(true);
    const { ec2, vpcId } = await own('ap-southeast-1');
    expect(await ec2.subnets(vpcId)).toHaveLength(6);
  });

  test('a dry run changes nothing and shows the graph', async () => {
    const report = (await (await harness.start('eu-west-1', { dryRun: true })).result()) as RunReport;
    expect(report.outcome).toBe('planned');
    expect(report.plan?.facts.find(({ label }) => label === 'graph')?.value).toContain('prometheus --> thanos');
    expect(report.plan?.facts.map(({ label }) => label)).toContain('not applied: dns');
    expect([scene.now.cluster.writes, rig.ec2.writes()]).toEqual([[], []]);
  });

  test('an admission refusal is told by the plan, and in the middle of a run it parks with its reason', async () => {
    few(['platform-namespace', 'alertmanager']);
    const { cluster } = scene.now;
    cluster.beforeWrite = (line) => {
      if (line === 'apply Deployment/alertmanager')
        throw new GantryError('KUBERNETES_REFUSED', 'admission webhook "policy" denied the request: no owner label');
    };
    const handle = await harness.start('eu-west-1');
    const { parked } = await harness.until(handle, 'parked');
    expect(parked?.trouble).toMatchObject({ code: 'KUBERNETES_REFUSED' });
    expect(parked?.trouble.message).toContain('no owner label');
    // Now the namespace is there, so that a plan can have it tried.
    const refusing = cluster.beforeWrite;
    cluster.beforeWrite = (line) => refusing(line.replace('try ', 'apply '), undefined);
    const planned = await harness.start('eu-west-1', { dryRun: true });
    const refused: unknown = await planned.result().catch((error: unknown) => error);
    expect(
      reportOf(refused)
        .problem?.problems.map(({ message }) => message)
        .join(),
    ).toContain('no owner label');
    cluster.beforeWrite = undefined;
    await harness.update(handle, 'resolve', { action: 'retry' });
    expect(((await handle.result()) as RunReport).outcome).toBe('done');
  });

  test('what another client manages otherwise is shown, and never overwritten', async () => {
    few(['platform-namespace', 'alertmanager']);
    await done('eu-west-1');
    const { cluster } = scene.now;
    cluster.edit('Deployment/alertmanager', (held) => void ((held['spec'] as { replicas: number }).replicas = 5));
    const refused = await done('eu-west-1').catch((error: unknown) => error);
    expect(codeOf(refused)).toBe('REGION_OBJECT_FOREIGN');
    expect(reportOf(refused).problem?.message).toContain('kubectl-edit');
    expect(cluster.all.get('Deployment/alertmanager')?.['spec']).toMatchObject({ replicas: 5 });
  });

  test.each([
    ['no controller looks at it', () => undefined, 'GATE_INCONCLUSIVE'],
    [
      'its pods never become ready',
      () => ({ observedGeneration: 1, replicas: 1, updatedReplicas: 1, availableReplicas: 0 }),
      'GATE_FAILED',
    ],
    [
      'its controller gave up',
      () => ({
        observedGeneration: 1,
        conditions: [{ type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded', message: 'late' }],
      }),
      'REGION_COMPONENT_FAILED',
    ],
  ])('a workload parks the run when %s, and what comes after it is not applied', async (_what, controllers, code) => {
    few(['platform-namespace', 'alertmanager', 'prometheus']);
    const { cluster } = scene.now;
    const former = cluster.controllers;
    cluster.controllers = controllers;
    const handle = await harness.start('eu-west-1');
    const { parked } = await harness.until(handle, 'parked');
    expect(parked?.trouble.code).toBe(code);
    expect(cluster.writes.some((line) => line.includes('prometheus'))).toBe(false);
    cluster.controllers = former;
    await harness.update(handle, 'resolve', { action: 'retry' });
    expect(((await handle.result()) as RunReport).outcome).toBe('done');
  });

  test('an abort takes back what this run made and nothing else; what holds data stays', async () => {
    few(['platform-namespace', 'consul', 'gatewayd']);
    const { cluster } = scene.now;
    const region = 'sa-east-1';
    scene.now.intent = () => {
      const intent = intentOf('ap-southeast-1', ['platform-namespace', 'consul', 'gatewayd']);
      const [segments] = Object.values(intent.config.zones);
      return { ...intent, config: { ...intent.config, zones: { 'sa-east-1a': segments ?? {} } } };
    };
    // An address that another one has there stays.
    const other = await rig.open(region).allocateAddress({ n: 'of another' });
    cluster.beforeWrite = (line) => {
      if (line === 'apply Deployment/gatewayd') throw new GantryError('KUBERNETES_REFUSED', 'not today');
    };
    const handle = await harness.start(region);
    await harness.until(handle, 'parked');
    await harness.update(handle, 'abort', {});
    expect(((await handle.result()) as RunReport).outcome).toBe('aborted');
    expect([...cluster.all.keys()].sort()).toEqual(['Namespace/unkey-deploy', 'StatefulSet/consul']);
    const { vpcs, ec2 } = await own(region);
    expect(vpcs).toEqual([]);
    expect((await ec2.addresses()).map(({ id }) => id)).toEqual([other]);
  });

  test('a subnet made by hand in the way, a VPC of another one, a rule that no flow allows: all told before anything is changed', async () => {
    few([]);
    const region = 'eu-west-1';
    await done(region);
    const { ec2, vpcId } = await own(region);
    const [group] = await ec2.securityGroups(vpcId).then((all) => all.filter(({ tags }) => tags['gantry:owner']));
    await ec2.allow(
      group?.id ?? '',
      [{ direction: 'in', protocol: 'tcp', fromPort: 23, toPort: 23, peer: { cidr: '0.0.0.0/0' } }],
      { by: 'hand' },
    );
    const stranger = await ec2.createVpc('10.24.0.0/20', { by: 'another' });
    const refused = await done(region).catch((error: unknown) => error);
    const codes = reportOf(refused).problem?.problems.map(({ code }) => code);
    expect(codes?.sort()).toEqual(['REGION_ADDRESSES_TAKEN', 'REGION_RULE_FOREIGN']);
    await ec2.deleteVpc(stranger);
    const rules = (await ec2.rules([group?.id ?? ''])).filter(({ fromPort }) => fromPort === 23);
    await ec2.revoke(group?.id ?? '', rules);
    expect((await done(region)).steps.some(({ changed }) => changed)).toBe(false);
  });

  test('a quota that is spent half-way parks; an answer that was lost makes nothing twice', async () => {
    few([]);
    const region = 'ca-central-1';
    scene.now.intent = () => {
      const intent = intentOf('ap-southeast-1', []);
      const [segments] = Object.values(intent.config.zones);
      return { ...intent, config: { ...intent.config, zones: { 'ca-central-1a': segments ?? {} } } };
    };
    rig.ec2.fault('AllocateAddress', { status: 400, code: 'AddressLimitExceeded', message: 'The maximum number' });
    rig.ec2.fault('CreateVpc', { reset: 'after' });
    rig.ec2.fault('CreateSubnet', { reset: 'after' });
    rig.ec2.fault('CreateRouteTable', { status: 503, code: 'RequestLimitExceeded' }, 2);
    const handle = await harness.start(region);
    const { parked } = await harness.until(handle, 'parked');
    expect(parked?.trouble).toMatchObject({ code: 'EC2_QUOTA' });
    await harness.update(handle, 'resolve', { action: 'retry' });
    expect(((await handle.result()) as RunReport).outcome).toBe('done');
    const { vpcs, ec2, vpcId } = await own(region);
    expect(vpcs).toHaveLength(1);
    expect(await ec2.subnets(vpcId)).toHaveLength(6);
    expect(await ec2.natGateways(vpcId)).toHaveLength(1);
  });
});
