import type { DnsAnswer } from '../../../src/drivers/dns/index.ts';
import type { RegionEdge } from '../../../src/runs/index.ts';
import { defineStep, done, todo, unknown } from '../../../src/steps/index.ts';
import type { RegionDeps } from '../access/access.ts';
import type { EdgeClients } from '../access/with-edge.ts';
import { withEdge } from '../access/with-edge.ts';
import { ownBalancer } from './make-load-balancer.ts';

type Seen = { expected: readonly string[]; answers: readonly DnsAnswer[] };

/**
 * A gate: whether the authority serves what its API has accepted. Each of its servers is asked over DNS for the region's own name, and has to
 * answer with an address of the load balancer. The record in the group cannot be seen that way, since a member of weight 0 is not
 * answered with; it was made in the same change. One that says nothing leaves the gate inconclusive.
 */
export const edgeServed = defineStep<RegionEdge, Seen, RegionDeps>({
  name: 'region.edge-served',
  probe: (of, deps, context) =>
    withEdge(deps, of, context, async (clients) => {
      const balancer = await ownBalancer(of, deps, clients);
      if (!balancer) return todo({ expected: [], answers: [] }, `the load balancer ${of.balancer.name} is not there`);
      const reference = await clients.dns.resolve(balancer.dnsName);
      if ('silent' in reference || reference.addresses.length === 0) {
        const why = 'silent' in reference ? reference.silent : 'it has none yet';
        return unknown({ expected: [], answers: [] }, `the addresses of ${balancer.dnsName} are not known: ${why}`);
      }
      const expected = reference.addresses;
      const servers = await serversOf(of, clients);
      if (servers.length === 0) return unknown({ expected, answers: [] }, `${of.names.zone} names no server`);
      const answers = await clients.dns.askEach(servers, of.names.own);
      const seen = { expected, answers };
      const wrong = answers.filter((one) => 'addresses' in one && !one.addresses.some((at) => expected.includes(at)));
      if (wrong.length > 0)
        return todo(seen, `${of.names.own}: ${wrong.map(inWords).join('; ')}, not ${expected.join(', ')}`);
      const silent = answers.filter((one) => 'silent' in one);
      if (silent.length > 0) return unknown(seen, `${of.names.own}: ${silent.map(inWords).join('; ')}`);
      return done(seen, `${servers.length} servers answer ${of.names.own} with ${expected.join(', ')}`);
    }),
});

async function serversOf(
  { names: { zone, authority } }: RegionEdge,
  { route53 }: EdgeClients,
): Promise<readonly string[]> {
  return authority ?? (await route53.zone(zone)).nameServers;
}

function inWords(answer: DnsAnswer): string {
  if ('silent' in answer) return `${answer.server} does not answer (${answer.silent})`;
  return `${answer.server} says ${answer.addresses.join(', ') || 'that there is no such name'}`;
}
