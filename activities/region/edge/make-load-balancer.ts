import type { LoadBalancer } from '../../../src/drivers/elb/index.ts';
import { GantryError } from '../../../src/errors/index.ts';
import type { RegionEdge } from '../../../src/runs/index.ts';
import { blocked, defineStep, done, todo, wait } from '../../../src/steps/index.ts';
import type { RegionDeps } from '../access/access.ts';
import { tagsFor, theOne } from '../access/tags.ts';
import { findVpc, mustFindVpc, untilVisible } from '../access/with-ec2.ts';
import type { EdgeClients } from '../access/with-edge.ts';
import { withEdge } from '../access/with-edge.ts';
import { subnetName } from '../network/make-subnets.ts';
import type { Standing } from './standing.ts';
import { asItWasMade, inTheWay, standingBy, wrongOnes } from './standing.ts';

const what = 'edge/balancer';
/** AWS makes a load balancer within some minutes, and deletes one as slowly. */
const withinMs = 600_000;
const everyMs = 2_000;
/** `active_impaired` takes traffic as well: it could not grow (API reference, "LoadBalancerState"). */
const takesTraffic: readonly string[] = ['active', 'active_impaired'];

/** The load balancer of a region, open to the internet, in one segment of every zone. */
export const makeLoadBalancer = defineStep<RegionEdge, { id: string | null; state: string | null }, RegionDeps>({
  name: 'region.make-load-balancer',
  settleMs: withinMs,
  settleEveryMs: everyMs,
  probe: (of, deps, context) =>
    withEdge(deps, of, context, async (clients) => {
      const standing = await balancerOf(of, deps, clients);
      if (standing.state === 'missing')
        return todo({ id: null, state: null }, `there is no load balancer ${of.balancer.name}`);
      const { id, state } = standing.one;
      const seen = { id, state };
      const problem = inTheWay(standing, seen);
      if (problem) return problem;
      if (state === 'failed') return blocked('REGION_EDGE_DIFFERS', seen, `${id} has failed: delete it, then retry`);
      return takesTraffic.includes(state)
        ? done(seen, `${id} is ${state}`)
        : todo(seen, `${id} is ${state}`, { begun: true });
    }),
  apply: (of, _seen, deps, context) =>
    withEdge(deps, of, context, async (clients) => {
      await untilVisible(context);
      if ((await balancerOf(of, deps, clients)).state !== 'missing') return;
      const { id: vpcId } = await mustFindVpc(deps, of.region, clients.ec2);
      const { subnets, group } = await placeOf(of, deps, clients, vpcId);
      if (group === undefined || subnets.length < of.balancer.zones.length)
        throw new GantryError('EC2_MISSING', `the subnets or the security group of ${of.balancer.name} are not there`);
      const { name, kind } = of.balancer;
      await clients.elb.createLoadBalancer(
        { name, kind, subnets, groups: [group] },
        tagsFor(deps.owner, of.region, what),
      );
    }),
  undo: (of, before, deps, context) =>
    withEdge(deps, of, context, async (clients) => {
      if (before.id !== null) return;
      const made = asItWasMade(await balancerOf(of, deps, clients));
      if (!made) return;
      const others = await clients.elb.listeners(made.id);
      if (others.length > 0) {
        const ports = others.map(({ port }) => port).join(', ');
        throw new GantryError('REGION_UNDO_DIFFERS', `${made.id} listens on ${ports}, which this run did not make`);
      }
      await clients.elb.deleteLoadBalancer(made.id);
      // Its target group and its network cannot go before it has gone.
      while (await clients.elb.loadBalancer(of.balancer.name)) await wait(everyMs, context.signal);
    }),
});

/** The load balancer of this name, whoever made it. */
export async function balancerOf(
  of: RegionEdge,
  deps: RegionDeps,
  clients: Pick<EdgeClients, 'elb' | 'ec2'>,
): Promise<Standing<LoadBalancer>> {
  const found = await clients.elb.loadBalancer(of.balancer.name);
  const vpc = found && (await findVpc(deps, of.region, clients.ec2));
  const place = vpc ? await placeOf(of, deps, clients, vpc.id) : { subnets: [], group: undefined };
  return standingBy(deps, of, what, found, (one) =>
    wrongOnes([
      ['type', one.kind, of.balancer.kind],
      ['scheme', one.scheme, 'internet-facing'],
      ['VPC', one.vpcId, vpc?.id],
      ['subnets', one.subnets, place.subnets],
      ['security groups', one.groups, [place.group]],
    ]),
  );
}

/** The load balancer, which an earlier step made, as it should be; nothing where it is not. */
export async function ownBalancer(
  of: RegionEdge,
  deps: RegionDeps,
  clients: Pick<EdgeClients, 'elb' | 'ec2'>,
): Promise<LoadBalancer | undefined> {
  const standing = await balancerOf(of, deps, clients);
  return standing.state === 'same' ? standing.one : undefined;
}

/** As `ownBalancer`. @throws AWS_MISSING */
export async function mustOwnBalancer(
  of: RegionEdge,
  deps: RegionDeps,
  clients: Pick<EdgeClients, 'elb' | 'ec2'>,
): Promise<LoadBalancer> {
  const found = await ownBalancer(of, deps, clients);
  if (found) return found;
  throw new GantryError(
    'AWS_MISSING',
    `the load balancer ${of.balancer.name} of ${of.region} is not there as it should be`,
  );
}

async function placeOf(
  { region, balancer: { segment, zones, group } }: RegionEdge,
  deps: RegionDeps,
  { ec2 }: Pick<EdgeClients, 'ec2'>,
  vpcId: string,
): Promise<{ subnets: readonly string[]; group: string | undefined }> {
  const all = await ec2.subnets(vpcId);
  const found = zones.map((zone) => theOne(deps.owner, region, subnetName(zone, segment), all));
  const subnets = found.flatMap((one) => (one ? [one.id] : []));
  const groups = await ec2.securityGroups(vpcId);
  return { subnets, group: theOne(deps.owner, region, `group/${group}`, groups)?.id };
}
