import { expect, test } from 'vitest';
import { pick } from '../../../lab/dns/records.ts';
import { dnsQuestions } from '../../../src/drivers/dns/index.ts';
import { describeWith } from '../../support/lab.ts';
import { edgeRig } from '../../support/edge-rig.ts';

await describeWith(['s3'], 'questions to a name server', () => {
  const rig = edgeRig();
  const dns = (timeoutMs = 2_000) => dnsQuestions({ timeoutMs, resolvers: [rig.authority.server] });
  const balancer = 'edge-1.us-east-1.elb.amazonaws.com';

  test('it answers with the addresses that an alias leads to, over DNS', async () => {
    const [route53, zone] = [rig.route53(), await rig.zone('dns.example')];
    const at = (name: string, zoneId: string) => ({ name, zoneId, evaluateHealth: true });
    await route53.createRecords(zone, [
      { name: 'r1.api.dns.example', type: 'A', alias: at(balancer, 'ZELB') },
      { name: 'api.dns.example', type: 'A', setIdentifier: 'r1', weight: 1, alias: at('r1.api.dns.example', zone) },
    ]);
    const { server } = rig.authority;
    const expected = await dns().resolve(balancer);
    expect(expected).toMatchObject({ addresses: [expect.stringMatching(/^198\.18\./)] });
    for (const name of ['r1.api.dns.example', 'api.dns.example'])
      expect(await dns().askEach([server], name)).toEqual([{ ...expected, server }]);
    rig.authority.withhold('api.dns.example');
    expect(await dns().askEach([server], 'api.dns.example')).toEqual([{ server, addresses: [] }]);
  });

  test('no such name is an answer; silence, a closed port and a server that does not know the zone are none', async () => {
    const { server } = rig.authority;
    expect(await dns().askEach([server, '127.0.0.1:1'], 'no.zone.test')).toEqual([
      { server, silent: expect.any(String) as string },
      { server: '127.0.0.1:1', silent: expect.any(String) as string },
    ]);
    rig.authority.fallSilent();
    expect(await dns(50).resolve(balancer)).toMatchObject({ silent: 'ETIMEOUT' });
  });

  test('a question that is cancelled ends with the reason', async () => {
    rig.authority.fallSilent();
    const controller = new AbortController();
    const asking = dnsQuestions({ resolvers: [rig.authority.server], signal: controller.signal }).resolve(balancer);
    controller.abort(new Error('the run was cancelled'));
    await expect(asking).rejects.toThrow('the run was cancelled');
  });

  test('the name server chooses as Route 53 does: by weight, and every member where all weights are 0', () => {
    const [a, b] = [
      { Name: 'n', Type: 'A' as const, SetIdentifier: 'a', Weight: 0 },
      { Name: 'n', Type: 'A' as const, SetIdentifier: 'b', Weight: 3 },
    ];
    for (const at of [0, 0.5, 0.99]) expect(pick([a, b], () => at)).toBe(b);
    expect(pick([a, { ...b, Weight: 0 }], () => 0)).toBe(a);
    expect(pick([a, { ...b, Weight: 0 }], () => 0.9)).toMatchObject({ SetIdentifier: 'b' });
  });
});
