import { expect, test } from 'vitest';
import type { GantryError } from '../../../src/errors/index.ts';
import { describeWith } from '../../support/lab.ts';
import { edgeRig } from '../../support/edge-rig.ts';

const tags = { 'gantry:owner': 'lab', 'gantry:name': 'one' };

await describeWith(['s3'], 'Elastic Load Balancing', () => {
  const rig = edgeRig();
  const codeOf = (act: Promise<unknown>): Promise<string> =>
    act.then(
      () => 'done',
      (error: unknown) => (error as GantryError).code,
    );
  /** A VPC with two subnets in two zones, and a security group. */
  const network = async (cidr: string) => {
    const ec2 = rig.open();
    const vpcId = await ec2.createVpc(`${cidr}.0.0/16`, tags);
    const subnets = [
      await ec2.createSubnet({ vpcId, cidr: `${cidr}.0.0/24`, zone: 'us-east-1a' }, tags),
      await ec2.createSubnet({ vpcId, cidr: `${cidr}.1.0/24`, zone: 'us-east-1b' }, tags),
    ];
    const group = await ec2.createSecurityGroup({ vpcId, name: 'balancers', description: 'balancers' }, tags);
    return { vpcId, subnets, group };
  };

  test('what is made has its tags from the first, is found again by its name, and goes again', async () => {
    const elb = rig.elb();
    const { vpcId, subnets, group } = await network('10.1');
    expect(await elb.loadBalancer('edge-1')).toBeUndefined();
    expect(await elb.targetGroup('edge-1')).toBeUndefined();
    const health = { protocol: 'HTTP', path: '/ready' };
    const targets = await elb.createTargetGroup({ name: 'edge-1', protocol: 'HTTP', port: 8000, vpcId, health }, tags);
    expect(await elb.targetGroup('edge-1')).toEqual({
      ...{ id: targets, name: 'edge-1', protocol: 'HTTP', port: 8000, targetType: 'ip', vpcId, health, tags },
    });
    const of = { name: 'edge-1', kind: 'application', subnets, groups: [group] } as const;
    const balancer = await elb.createLoadBalancer(of, tags);
    expect(await elb.loadBalancer('edge-1')).toMatchObject({
      ...{ id: balancer, kind: 'application', scheme: 'internet-facing', vpcId, groups: [group], tags },
      subnets: expect.arrayContaining(subnets) as string[],
      ...{ dnsName: expect.stringContaining('edge-1') as string, zoneId: expect.stringMatching(/^Z/) as string },
    });
    expect(await elb.listeners(balancer)).toEqual([]);
    const on = { loadBalancer: balancer, protocol: 'HTTP', port: 80, targetGroup: targets };
    const listener = await elb.createListener(on, tags);
    expect(await elb.listeners(balancer)).toEqual([
      { id: listener, protocol: 'HTTP', port: 80, certificates: [], targetGroup: targets, tags },
    ]);
    await elb.deleteListener(listener);
    await elb.deleteLoadBalancer(balancer);
    await elb.deleteTargetGroup(targets);
    expect(await elb.loadBalancer('edge-1')).toBeUndefined();
    expect(await elb.targetGroup('edge-1')).toBeUndefined();
  });

  test.each([
    ['TooManyLoadBalancers', 400, 'AWS_QUOTA'],
    ['DuplicateLoadBalancerName', 400, 'AWS_CONFLICT'],
    ['ResourceInUse', 400, 'AWS_CONFLICT'],
    ['AccessDenied', 403, 'AWS_NO_PERMISSION'],
    ['LoadBalancerNotFound', 400, 'AWS_MISSING'],
    ['InvalidSubnet', 400, 'AWS_REFUSED'],
    ['ServiceUnavailable', 503, 'AWS_UNREACHABLE'],
  ])('%s is %i and %s, and no secret is in it', async (code, status, expected) => {
    rig.ec2.fault('CreateLoadBalancer', { status, code, message: 'in words' });
    const of = { name: 'never', kind: 'network', subnets: ['subnet-1'], groups: [] } as const;
    const failed = await rig
      .elb()
      .createLoadBalancer(of, tags)
      .catch((error: unknown) => error as GantryError);
    expect(failed).toMatchObject({ code: expected });
    expect(JSON.stringify(failed)).not.toContain('lab-secret');
  });

  test('a throttled change is sent again, one whose answer was lost is not', async () => {
    const { vpcId } = await network('10.2');
    const of = { name: 'lost', protocol: 'TCP', port: 8000, vpcId, health: { protocol: 'TCP' } };
    rig.ec2.fault('CreateTargetGroup', { status: 400, code: 'Throttling' }, 2);
    rig.ec2.fault('CreateTargetGroup', { reset: 'after' });
    rig.ec2.forget();
    expect(await codeOf(rig.elb().createTargetGroup(of, tags))).toBe('AWS_UNREACHABLE');
    expect(rig.ec2.actions).toEqual(['CreateTargetGroup', 'CreateTargetGroup', 'CreateTargetGroup']);
    expect(await rig.elb().targetGroup('lost')).toMatchObject({ tags });
  });
});
