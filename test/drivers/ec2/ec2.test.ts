import { expect, test } from 'vitest';
import type { GantryError } from '../../../src/errors/index.ts';
import { sessionTo } from '../../../src/drivers/ec2/session.ts';
import { describeWith } from '../../support/lab.ts';
import { ec2Rig } from '../../support/ec2-rig.ts';

const tags = { 'gantry:owner': 'lab', 'gantry:region': 'us-east-1' };

await describeWith(['s3'], 'EC2', () => {
  const rig = ec2Rig();
  const codeOf = (act: Promise<unknown>): Promise<string> =>
    act.then(
      () => 'done',
      (error: unknown) => (error as GantryError).code,
    );

  test('what is made has its tags from the first, and is found again by them', async () => {
    const ec2 = rig.open();
    const vpc = await ec2.createVpc('10.1.0.0/16', { ...tags, 'gantry:name': 'vpc' });
    expect((await ec2.vpcs()).find(({ id }) => id === vpc)).toMatchObject({
      cidr: '10.1.0.0/16',
      isDefault: false,
      tags: { ...tags, 'gantry:name': 'vpc' },
    });
    const subnet = await ec2.createSubnet({ vpcId: vpc, cidr: '10.1.1.0/24', zone: 'us-east-1a' }, { ...tags, n: 's' });
    expect(await ec2.subnets(vpc)).toEqual([
      { id: subnet, vpcId: vpc, cidr: '10.1.1.0/24', zone: 'us-east-1a', tags: { ...tags, n: 's' } },
    ]);
    const gateway = await ec2.createInternetGateway({ ...tags, n: 'one' });
    await ec2.attachInternetGateway(gateway, vpc);
    expect(await ec2.internetGateways({ n: 'one' })).toMatchObject([{ id: gateway, vpcIds: [vpc] }]);
    const address = await ec2.allocateAddress({ ...tags, n: 'a' });
    const nat = await ec2.createNatGateway({ subnetId: subnet, allocationId: address }, { ...tags, n: 'nat' });
    expect(await ec2.natGateways(vpc)).toMatchObject([{ id: nat, subnetId: subnet, tags: { n: 'nat' } }]);
    expect((await ec2.addresses()).find(({ id }) => id === address)).toMatchObject({ tags: { n: 'a' } });
    const table = await ec2.createRouteTable(vpc, { ...tags, n: 'out' });
    await ec2.createRoute(table, { to: '0.0.0.0/0', via: nat, kind: 'nat' });
    await ec2.associate(table, subnet);
    const own = (await ec2.routeTables(vpc)).find(({ id }) => id === table);
    expect(own).toMatchObject({ routes: [{ to: '0.0.0.0/0', via: nat }], isMain: false, tags: { n: 'out' } });
    expect(own?.subnets.map(({ subnetId }) => subnetId)).toEqual([subnet]);
    // And all of it goes again, in the other order.
    for (const { associationId } of own?.subnets ?? []) await ec2.disassociate(associationId);
    await ec2.deleteRouteTable(table);
    await ec2.deleteNatGateway(nat);
    expect(await ec2.natGateways(vpc)).toEqual([]);
    await ec2.releaseAddress(address);
    await ec2.detachInternetGateway(gateway, vpc);
    await ec2.deleteInternetGateway(gateway);
    await ec2.deleteSubnet(subnet);
    await ec2.deleteVpc(vpc);
    expect((await ec2.vpcs()).some(({ id }) => id === vpc)).toBe(false);
  });

  test('a new group lets everything out until that is revoked; a rule has a direction, ports, a peer and tags', async () => {
    const ec2 = rig.open();
    const vpcId = await ec2.createVpc('10.2.0.0/16', tags);
    const [a, b] = [
      await ec2.createSecurityGroup({ vpcId, name: 'a', description: 'a' }, tags),
      await ec2.createSecurityGroup({ vpcId, name: 'b', description: 'b' }, tags),
    ];
    const born = await ec2.rules([a]);
    expect(born).toMatchObject([{ direction: 'out', protocol: '-1', peer: { cidr: '0.0.0.0/0' } }]);
    await ec2.revoke(a, born);
    expect(await ec2.rules([a])).toEqual([]);
    const tcp = { protocol: 'tcp', fromPort: 8080, toPort: 8083 };
    await ec2.allow(
      a,
      [
        { direction: 'in', ...tcp, peer: { group: b } },
        { direction: 'out', ...tcp, peer: { cidr: '10.9.0.0/24' } },
      ],
      { n: 'rule' },
    );
    const rules = await ec2.rules([a]);
    expect(rules.map(({ direction, peer, tags: given }) => ({ direction, peer, given }))).toEqual(
      expect.arrayContaining([
        { direction: 'in', peer: { group: b }, given: { n: 'rule' } },
        { direction: 'out', peer: { cidr: '10.9.0.0/24' }, given: { n: 'rule' } },
      ]),
    );
    await ec2.revoke(a, rules);
    expect(await ec2.rules([a])).toEqual([]);
  });

  test('a region is a world of its own', async () => {
    const id = await rig.open('eu-west-1').createVpc('10.3.0.0/16', tags);
    expect((await rig.open('us-east-1').vpcs()).some((vpc) => vpc.id === id)).toBe(false);
    expect((await rig.open('eu-west-1').vpcs()).some((vpc) => vpc.id === id)).toBe(true);
  });

  test('lists are read to their last page, which moto never has two of', async () => {
    const session = sessionTo({ region: 'us-east-1' }, { accessKeyId: 'a', secretAccessKey: 'b' }, {});
    const asked: (string | undefined)[] = [];
    const pages = await session.pages('list', async (_client, { NextToken }) => {
      asked.push(NextToken);
      return { found: asked.length, NextToken: asked.length < 3 ? `page-${asked.length + 1}` : undefined };
    });
    expect(asked).toEqual([undefined, 'page-2', 'page-3']);
    expect(pages.map(({ found }) => found)).toEqual([1, 2, 3]);
    const endless = session.pages('list', async () => ({ NextToken: 'again' }));
    expect(await codeOf(endless)).toBe('EC2_REFUSED');
    session.close();
  });

  test('a throttled request is sent again, a bounded number of times, and a change that was lost is not', async () => {
    const ec2 = rig.open();
    rig.ec2.fault('CreateVpc', { status: 503, code: 'RequestLimitExceeded' }, 2);
    expect(await codeOf(ec2.createVpc('10.5.0.0/16', tags))).toBe('done');
    rig.ec2.fault('CreateVpc', { status: 503, code: 'RequestLimitExceeded' }, 100);
    rig.ec2.forget();
    expect(await codeOf(ec2.createVpc('10.6.0.0/16', tags))).toBe('EC2_THROTTLED');
    expect(rig.ec2.actions).toHaveLength(5);
    rig.ec2.clear();
    rig.ec2.forget();
    rig.ec2.fault('CreateVpc', { reset: 'after' });
    expect(await codeOf(ec2.createVpc('10.7.0.0/16', { n: 'lost' }))).toBe('EC2_UNREACHABLE');
    expect(rig.ec2.actions).toEqual(['CreateVpc']);
    // It took effect, and by its tags it is found.
    expect((await ec2.vpcs()).filter((vpc) => vpc.tags['n'] === 'lost')).toHaveLength(1);
    rig.ec2.fault('DescribeVpcs', { reset: 'before' });
    expect(await codeOf(ec2.vpcs())).toBe('done');
  });

  test.each([
    ['VpcLimitExceeded', 400, 'EC2_QUOTA'],
    ['AddressLimitExceeded', 400, 'EC2_QUOTA'],
    ['UnauthorizedOperation', 403, 'EC2_NO_PERMISSION'],
    ['AuthFailure', 401, 'EC2_AUTH_FAILED'],
    ['InvalidSubnet.Conflict', 400, 'EC2_CONFLICT'],
    ['InvalidVpcID.NotFound', 400, 'EC2_MISSING'],
    ['InvalidParameterValue', 400, 'EC2_REFUSED'],
    ['InternalError', 500, 'EC2_UNREACHABLE'],
  ])('%s is %i and %s', async (code, status, expected) => {
    rig.ec2.fault('CreateVpc', { status, code, message: 'in words' });
    const failed = await rig
      .open()
      .createVpc('10.8.0.0/16', tags)
      .catch((error: unknown) => error as GantryError);
    expect(failed).toMatchObject({ code: expected });
    expect(JSON.stringify(failed)).not.toContain('lab-secret');
  });

  test('what is in use is a conflict; nothing is sent that must not be', async () => {
    const ec2 = rig.open();
    const vpcId = await ec2.createVpc('10.10.0.0/16', tags);
    await ec2.createSubnet({ vpcId, cidr: '10.10.0.0/24', zone: 'us-east-1a' }, tags);
    const twice = ec2.createSubnet({ vpcId, cidr: '10.10.0.0/25', zone: 'us-east-1a' }, tags);
    expect(await codeOf(twice)).toBe('EC2_CONFLICT');
    const guarded = rig.open('us-east-1', {
      beforeChange: () => {
        throw new Error('another process has the attempt');
      },
    });
    rig.ec2.forget();
    expect(await codeOf(guarded.deleteVpc(vpcId))).not.toBe('done');
    expect(rig.ec2.actions).toEqual([]);
    expect(await codeOf(guarded.vpcs())).toBe('done');
  });

  test('a server that says nothing is given up after the time of one request', async () => {
    const silent = rig.open('us-east-1', { timeoutMs: 1 });
    expect(await codeOf(silent.createVpc('10.11.0.0/16', tags))).toBe('EC2_UNREACHABLE');
  });
});
