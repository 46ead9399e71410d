import { expect, test } from 'vitest';
import type { AliasRecord } from '../../../src/drivers/route53/index.ts';
import { describeWith } from '../../support/lab.ts';
import { edgeRig } from '../../support/edge-rig.ts';

await describeWith(['s3'], 'Route 53', () => {
  const rig = edgeRig();
  const alias = (name: string, zoneId: string) => ({ name, zoneId, evaluateHealth: true });
  const member = (name: string, zone: string, region: string, weight: number): AliasRecord => ({
    ...{ name, type: 'A', setIdentifier: region, weight },
    alias: alias(`${region}.${name}`, zone),
  });

  test('records are made together, read by their very name, and taken away together', async () => {
    const [route53, zone] = [rig.route53(), await rig.zone('one.example')];
    expect(await route53.zone(zone)).toMatchObject({ name: 'one.example' });
    expect((await route53.zone(zone)).nameServers.length).toBeGreaterThan(0);
    const own: AliasRecord = { name: 'r1.api.one.example', type: 'A', alias: alias('x.elb.amazonaws.com', 'ZELB') };
    const records = [own, member('api.one.example', zone, 'r1', 0), member('api.one.example', zone, 'r2', 5)];
    await route53.createRecords(zone, records);
    expect(await route53.records(zone, 'r1.api.one.example')).toEqual([own]);
    const found = await route53.records(zone, 'api.one.example');
    expect(found.map(({ setIdentifier, weight }) => [setIdentifier, weight]).sort()).toEqual([
      ['r1', 0],
      ['r2', 5],
    ]);
    expect(found.find(({ setIdentifier }) => setIdentifier === 'r1')).toEqual(records[1]);
    expect(await route53.records(zone, 'other.one.example')).toEqual([]);
    await route53.deleteRecords(zone, records);
    expect(await route53.records(zone, 'api.one.example')).toEqual([]);
  });

  test('a health check is found by the beginning of its reference, and has tags', async () => {
    const route53 = rig.route53();
    const of = { protocol: 'HTTPS', host: 'x.elb.amazonaws.com', port: 443, path: '/ready' } as const;
    const id = await route53.createHealthCheck(of, 'gantry-edge-1-a');
    await route53.createHealthCheck({ protocol: 'TCP', host: 'y.elb.amazonaws.com', port: 443 }, 'of-another');
    expect(await route53.healthChecks('gantry-edge-1-')).toEqual([{ ...of, id, reference: 'gantry-edge-1-a' }]);
    expect(await route53.healthCheckTags(id)).toEqual({});
    await route53.tagHealthCheck(id, { Name: 'edge' });
    expect(await route53.healthCheckTags(id)).toEqual({ Name: 'edge' });
    await route53.deleteHealthCheck(id);
    expect(await route53.healthChecks('gantry-edge-1-')).toEqual([]);
  });

  test('a zone that is not there is missing; a change that has to wait for another one is sent again', async () => {
    await expect(rig.route53().records('Z000NONE', 'a.example')).rejects.toMatchObject({ code: 'AWS_MISSING' });
    const zone = await rig.zone('three.example');
    rig.ec2.fault('ChangeResourceRecordSets', { status: 400, code: 'PriorRequestNotComplete' }, 2);
    rig.ec2.forget();
    await rig.route53().createRecords(zone, [member('api.three.example', zone, 'r1', 0)]);
    expect(rig.ec2.actions.filter((one) => one === 'ChangeResourceRecordSets')).toHaveLength(3);
    rig.ec2.fault('ChangeResourceRecordSets', { status: 400, code: 'InvalidChangeBatch' });
    const again = rig.route53().createRecords(zone, [member('api.three.example', zone, 'r3', 0)]);
    await expect(again).rejects.toMatchObject({ code: 'AWS_CONFLICT' });
  });
});
