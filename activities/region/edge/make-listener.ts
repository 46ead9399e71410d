import type { Listener } from '../../../src/drivers/elb/index.ts';
import { GantryError } from '../../../src/errors/index.ts';
import type { RegionEdge } from '../../../src/runs/index.ts';
import { defineStep, done, todo } from '../../../src/steps/index.ts';
import type { RegionDeps } from '../access/access.ts';
import { ownName, tagsFor } from '../access/tags.ts';
import { untilVisible } from '../access/with-ec2.ts';
import type { EdgeClients } from '../access/with-edge.ts';
import { withEdge } from '../access/with-edge.ts';
import { mustOwnBalancer, ownBalancer } from './make-load-balancer.ts';
import { targetGroupOf } from './make-target-group.ts';
import type { Standing } from './standing.ts';
import { asItWasMade, inTheWay, standingBy, wrongOnes } from './standing.ts';

const what = 'edge/listener';

/** The port that the load balancer of a region listens on. Those on other ports are another one's, and stay. */
export const makeListener = defineStep<RegionEdge, { id: string | null }, RegionDeps>({
  name: 'region.make-listener',
  probe: (of, deps, context) =>
    withEdge(deps, of, context, async (clients) => {
      const standing = await listenerOf(of, deps, clients);
      const seen = { id: standing.state === 'missing' ? null : standing.one.id };
      const problem = inTheWay(standing, seen);
      if (problem) return problem;
      const { protocol, port } = of.balancer;
      if (seen.id === null) return todo(seen, `${of.balancer.name} does not listen on ${port}`);
      return done(seen, `${of.balancer.name} listens on ${port} (${protocol})`);
    }),
  apply: (of, _seen, deps, context) =>
    withEdge(deps, of, context, async (clients) => {
      await untilVisible(context);
      if ((await listenerOf(of, deps, clients)).state !== 'missing') return;
      const balancer = await mustOwnBalancer(of, deps, clients);
      const targets = await targetGroupOf(of, deps, clients);
      if (targets.state !== 'same')
        throw new GantryError('AWS_MISSING', `the target group ${of.balancer.name} is not there as it should be`);
      const { protocol, port, certificate } = of.balancer;
      await clients.elb.createListener(
        {
          ...{ loadBalancer: balancer.id, protocol, port, targetGroup: targets.one.id },
          ...(certificate === undefined ? {} : { certificate }),
        },
        tagsFor(deps.owner, of.region, what),
      );
    }),
  undo: (of, before, deps, context) =>
    withEdge(deps, of, context, async (clients) => {
      if (before.id !== null) return;
      const made = asItWasMade(await listenerOf(of, deps, clients));
      if (made) await clients.elb.deleteListener(made.id);
    }),
});

/** What else a load balancer listens on: not Gantry's. */
export async function otherListeners(
  { region }: Pick<RegionEdge, 'region'>,
  { owner }: RegionDeps,
  { elb }: Pick<EdgeClients, 'elb'>,
  { id }: { id: string },
): Promise<readonly Listener[]> {
  return (await elb.listeners(id)).filter((one) => ownName(owner, region, one) !== what);
}

/** The listener on this port, whoever made it. */
async function listenerOf(of: RegionEdge, deps: RegionDeps, clients: EdgeClients): Promise<Standing<Listener>> {
  const balancer = await ownBalancer(of, deps, clients);
  if (!balancer) return { state: 'missing' };
  const found = (await clients.elb.listeners(balancer.id)).find(({ port }) => port === of.balancer.port);
  const targets = found && (await targetGroupOf(of, deps, clients));
  const { protocol, certificate } = of.balancer;
  return standingBy(deps, of, what, found, (one) =>
    wrongOnes([
      ['protocol', one.protocol, protocol],
      ['certificate', one.certificates, certificate === undefined ? [] : [certificate]],
      ['target', one.targetGroup, targets && targets.state !== 'missing' ? targets.one.id : undefined],
    ]),
  );
}
