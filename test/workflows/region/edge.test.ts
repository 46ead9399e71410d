import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { RolloutEdge } from '../../../src/platform/index.ts';
import type { RecordSet } from '../../../src/drivers/route53/index.ts';
import type { RunReport } from '../../../src/runs/index.ts';
import { importCertificate } from '../../../lab/region/edge.ts';
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

await describeWith(['temporal', 's3'], 'the edge of region.rollout', () => {
  const server = useTemporal();
  const rig = edgeRig();
  const world = regionWorld();
  const scene = {} as { now: Scene & { cluster: PlayedCluster } };
  const lab = { zone: '', webAcl: '' };
  let edge: RolloutEdge;
  let harness: RegionHarness;
  beforeAll(async () => void (harness = await startRegionHarness(server(), world, scene)));
  afterAll(() => harness.stop());
  beforeEach(async () => {
    Object.assign(world, regionWorld());
    await rig.ec2.reset();
    Object.assign(lab, { zone: await rig.zone('example.net'), webAcl: await rig.webAcl(region, 'edge') });
    edge = edgeOf(region, { ...lab, server: rig.authority.server });
    const { endpoint } = rig.ec2;
    const intent = (of: string) => {
      const meant = smallNetwork(intentOf(of, ['platform-namespace', 'alertmanager']));
      return { ...meant, config: { ...meant.config, edge } };
    };
    scene.now = { endpoint, cluster: playCluster(), intent, resolver: rig.authority.server };
    rig.ec2.forget();
  });
  const run = async (): Promise<RunReport> => (await (await harness.start(region)).result()) as RunReport;
  const refused = async (): Promise<unknown> => run().catch((error: unknown) => error);
  const member = (setIdentifier: string, weight: number): RecordSet & { alias: NonNullable<RecordSet['alias']> } => ({
    ...{ name: group, type: 'A', setIdentifier, weight },
    alias: { name: `${setIdentifier}.elsewhere.example.net`, zoneId: lab.zone, evaluateHealth: true },
  });
  const leads = (from: string, to: string) => ({
    ...{ name: from, type: 'A' },
    alias: { name: to, zoneId: lab.zone, evaluateHealth: true },
  });
  /** As another client sets it. */
  const weigh = (weight: number): Promise<void> => rig.weigh(lab.zone, group, identifier, weight);
  const writes = () => rig.ec2.writes().filter((action) => action !== '');
  const there = async () => {
    const [elb, route53] = [rig.elb(region), rig.route53()];
    const balancer = await elb.loadBalancer(name);
    return {
      balancer,
      targets: await elb.targetGroup(name),
      listeners: balancer ? await elb.listeners(balancer.id) : [],
      webAcl: balancer && (await rig.waf(region).webAclOf(balancer.id)),
      checks: await route53.healthChecks('gantry-edge-'),
      own: await route53.records(lab.zone, own),
      members: await route53.records(lab.zone, group),
    };
  };

  test('is made at weight 0 after all components, and seen over DNS; a second run writes nothing', async () => {
    const report = await run();
    expect(report.outcome).toBe('done');
    const made = await there();
    expect(made.balancer).toMatchObject({ kind: 'application', tags: { 'gantry:name': 'edge/balancer' } });
    expect(made.balancer?.subnets).toHaveLength(2);
    expect(made.targets).toMatchObject({ protocol: 'HTTP', port: 8000, health: { path: '/ready' } });
    expect(made.listeners).toMatchObject([{ port: 443, targetGroup: made.targets?.id }]);
    expect(made.webAcl).toBe(lab.webAcl);
    const dnsName = made.balancer?.dnsName;
    expect(made.checks).toMatchObject([{ host: dnsName, protocol: 'HTTPS', port: 443, path: '/ready' }]);
    expect(made.own).toMatchObject([{ alias: { name: dnsName } }]);
    const healthCheckId = made.checks[0]?.id;
    expect(made.members).toMatchObject([{ setIdentifier: identifier, weight: 0, alias: { name: own }, healthCheckId }]);
    expect(rig.authority.asked).toContain(own);
    const at = (title: string): number => report.steps.findIndex((step) => step.title === title);
    expect(at(`make the target group ${name}`)).toBeGreaterThan(at('alertmanager is ready'));
    rig.ec2.forget();
    scene.now.cluster.writes.length = 0;
    const again = await run();
    expect(again.outcome).toBe('done');
    expect(again.steps.filter(({ changed }) => changed)).toEqual([]);
    expect([writes(), scene.now.cluster.writes]).toEqual([[], []]);
  });

  test('shows its certificate to clients only if they would take it; drift tells one that ends within 21 days', async () => {
    const of = { endpoint: rig.ec2.direct, region };
    const withCertificate = async (names: readonly string[], days?: number): Promise<string> => {
      const certificate = await importCertificate({ ...of, names, ...(days === undefined ? {} : { days }) });
      edge = edgeOf(region, { ...lab, certificate, server: rig.authority.server });
      rig.ec2.forget();
      return certificate;
    };
    await withCertificate(['example.net']);
    const report = reportOf(await refused());
    const [problem, ...others] = report.problem?.problems ?? [];
    expect(problem).toMatchObject({
      code: 'REGION_CERTIFICATE_UNFIT',
      place: `rollout.regions.${region}.edge: certificate`,
    });
    expect(problem?.message).toContain(`it is for example.net, not for ${geoAlias}, ${own}`);
    expect([others, writes()]).toEqual([[], []]);

    const certificate = await withCertificate([geoAlias, `*.${geoAlias}`], 20);
    const done = await run();
    expect(done.outcome).toBe('done');
    expect((await there()).listeners).toMatchObject([{ port: 443, protocol: 'HTTPS', certificates: [certificate] }]);
    const shown = done.plan?.facts.find(({ label }) => label === 'edge: certificate')?.value;
    expect(shown).toContain(`is valid for ${geoAlias}`);
    const drift = reportOf(await (await harness.startDrift(region)).result().catch((error: unknown) => error));
    const words = (drift.problem?.problems ?? []).map(({ code, message }) => `${code} ${message}`).join();
    expect(words).toMatch(/REGION_CERTIFICATE_UNFIT .*it is valid until \d{4}-\d\d-\d\d, (19|20) days more/);
    expect(drift.problem?.problems).toHaveLength(1);
  });

  test('a dry run shows the edge and makes nothing', async () => {
    const report = (await (await harness.start(region, { dryRun: true })).result()) as RunReport;
    expect(report.outcome).toBe('planned');
    const shown = (report.plan?.facts ?? []).filter(({ label }) => label.startsWith('edge: '));
    expect(shown.map(({ label }) => label)).toEqual(
      ['target group', 'load balancer', 'listener', 'web ACL', 'health check', 'records'].map((one) => `edge: ${one}`),
    );
    expect(report.plan?.actions.map(({ step }) => step)).toContain('region.set-edge-records');
    expect(writes()).toEqual([]);
  });

  test('what the API accepted and no server serves fails its gate; an abort takes the whole edge back', async () => {
    rig.authority.withhold(own);
    const handle = await harness.start(region);
    const { parked } = await harness.until(handle, 'parked');
    expect(parked?.trouble).toMatchObject({ code: 'GATE_FAILED' });
    expect(parked?.trouble.message).toContain('no such name');
    expect((await there()).own).toHaveLength(1);
    await harness.update(handle, 'abort', {});
    expect(((await handle.result()) as RunReport).outcome).toBe('aborted');
    expect(await there()).toEqual({
      ...{
        balancer: undefined,
        targets: undefined,
        listeners: [],
        webAcl: undefined,
        checks: [],
        own: [],
        members: [],
      },
    });
    expect((await rig.open(region).vpcs()).filter(({ tags }) => tags['gantry:owner'])).toEqual([]);
  });

  test('an authority that says nothing leaves the gate inconclusive; once it answers, a retry passes', async () => {
    // The resolver answers, the authority is another server, where nothing listens.
    edge = { ...edge, dns: { ...edge.dns, authority: ['127.0.0.1:1'] } };
    const handle = await harness.start(region);
    const { parked } = await harness.until(handle, 'parked');
    expect(parked?.trouble).toMatchObject({ code: 'GATE_INCONCLUSIVE' });
    expect(parked?.trouble.message).toContain('127.0.0.1:1 does not answer');
    await harness.update(handle, 'abort', {});
    await handle.result();
    edge = { ...edge, dns: { ...edge.dns, authority: [rig.authority.server] } };
    rig.authority.fallSilent();
    const silent = await harness.start(region);
    expect((await harness.until(silent, 'parked')).parked?.trouble).toMatchObject({ code: 'GATE_INCONCLUSIVE' });
    rig.authority.heal();
    await harness.update(silent, 'resolve', { action: 'retry' });
    expect(((await silent.result()) as RunReport).outcome).toBe('done');
  });

  test('a weight that another client raised is shown and stays', async () => {
    await run();
    await weigh(25);
    rig.ec2.forget();
    const report = await run();
    expect(report.outcome).toBe('done');
    expect(writes()).toEqual([]);
    expect((await there()).members).toMatchObject([{ weight: 25 }]);
    const shown = report.plan?.facts.find(({ label }) => label === 'edge: records')?.value;
    expect(shown).toContain(`${region} has weight 25, which Gantry did not set and leaves`);
  });

  test('a region that takes traffic is not taken back: the undo parks until it is withdrawn', async () => {
    rig.authority.withhold(own);
    const handle = await harness.start(region);
    await harness.until(handle, 'parked');
    await weigh(5);
    await harness.update(handle, 'abort', {});
    const { parked } = await harness.until(handle, 'parked');
    expect(parked?.trouble).toMatchObject({ code: 'UNDO_FAILED' });
    expect(parked?.trouble.message).toContain('withdraw it first');
    expect((await there()).members).toMatchObject([{ weight: 5 }]);
    await weigh(0);
    await harness.update(handle, 'resolve', { action: 'retry' });
    expect(((await handle.result()) as RunReport).outcome).toBe('aborted');
    expect(await there()).toMatchObject({ own: [], members: [], checks: [] });
  });

  test('a load balancer and records of another one with our names are told before anything is made', async () => {
    const ec2 = rig.open(region);
    const vpcId = await ec2.createVpc('10.99.0.0/16', { by: 'another' });
    const subnets = [await ec2.createSubnet({ vpcId, cidr: '10.99.0.0/24', zone: `${region}a` }, { by: 'another' })];
    await rig.elb(region).createLoadBalancer({ name, kind: 'network', subnets, groups: [] }, { by: 'another' });
    await rig.route53().createRecords(lab.zone, [leads(own, 'of-another.example.net'), leads(group, 'x.example.net')]);
    rig.ec2.forget();
    const failed = reportOf(await refused());
    const problems = failed.problem?.problems.map(({ code, place }) => [code, place?.split(': ').at(-1)]);
    expect(problems).toContainEqual(['REGION_EDGE_FOREIGN', 'load balancer']);
    expect(problems).toContainEqual(['REGION_EDGE_FOREIGN', 'records']);
    expect(writes()).toEqual([]);
  });

  test('a record of weight 0 that would serve, since no member has a weight, is not made', async () => {
    await rig.route53().createRecords(lab.zone, [leads(geoAlias, group), member('us', 0)]);
    expect(codeOf(await refused())).toBe('REGION_EDGE_WOULD_SERVE');
    expect((await there()).members).toHaveLength(1);
    await rig.route53().createRecords(lab.zone, [member('ap', 10)]);
    expect((await run()).outcome).toBe('done');
    expect((await there()).members).toHaveLength(3);
  });

  test('answers that were lost make nothing twice', async () => {
    for (const action of ['CreateTargetGroup', 'CreateLoadBalancer', 'CreateListener', 'AssociateWebACL'])
      rig.ec2.fault(action, { reset: 'after' });
    for (const action of ['CreateHealthCheck', 'ChangeResourceRecordSets']) rig.ec2.fault(action, { reset: 'after' });
    expect((await run()).outcome).toBe('done');
    const made = rig.ec2.changes.map(({ action }) => action);
    for (const action of ['CreateTargetGroup', 'CreateLoadBalancer', 'CreateListener', 'AssociateWebACL'])
      expect(
        made.filter((one) => one === action),
        action,
      ).toHaveLength(1);
    for (const action of ['CreateHealthCheck', 'ChangeResourceRecordSets'])
      expect(
        made.filter((one) => one === action),
        action,
      ).toHaveLength(1);
    const { checks, members } = await there();
    expect([checks.length, members.length]).toEqual([1, 1]);
  });

  test('another web ACL that was put before it stays, and is told', async () => {
    await run();
    const { balancer } = await there();
    const other = await rig.webAcl(region, 'of-another');
    await rig.waf(region).disassociate(balancer?.id ?? '');
    await rig.waf(region).associate(other, balancer?.id ?? '');
    expect(codeOf(await refused())).toBe('REGION_EDGE_FOREIGN');
    expect((await there()).webAcl).toBe(other);
  });

  test('drift sees a listener that is gone and a name that is not served; a weight is none', async () => {
    await run();
    await weigh(10);
    const look = async (): Promise<RunReport> => {
      const handle = await harness.startDrift(region);
      return (await handle.result().catch((error: unknown) => reportOf(error))) as RunReport;
    };
    expect(await look()).toMatchObject({ outcome: 'done', measurements: { 'compared.edge': 7, findings: 0 } });
    const { listeners } = await there();
    await rig.elb(region).deleteListener(listeners[0]?.id ?? '');
    rig.authority.withhold(own);
    rig.ec2.forget();
    const report = await look();
    expect(report.outcome).toBe('failed');
    const places = report.problem?.problems.map(({ code, place }) => [code, place]);
    expect(places).toEqual([
      ['REGION_DRIFT', 'listener'],
      ['REGION_DRIFT', 'answers of the authority'],
    ]);
    expect(writes()).toEqual([]);
  });
});
