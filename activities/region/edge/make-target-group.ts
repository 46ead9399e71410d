import type { TargetGroup } from '../../../src/drivers/elb/index.ts';
import type { RegionEdge } from '../../../src/runs/index.ts';
import { defineStep, done, todo } from '../../../src/steps/index.ts';
import type { RegionDeps } from '../access/access.ts';
import { tagsFor } from '../access/tags.ts';
import { findVpc, mustFindVpc, untilVisible } from '../access/with-ec2.ts';
import type { EdgeClients } from '../access/with-edge.ts';
import { withEdge } from '../access/with-edge.ts';
import type { Standing } from './standing.ts';
import { asItWasMade, inTheWay, standingBy, wrongOnes } from './standing.ts';

const what = 'edge/targets';

/** The target group of a region: where its load balancer sends what it takes. Its targets are registered by their operator. */
export const makeTargetGroup = defineStep<RegionEdge, { id: string | null }, RegionDeps>({
  name: 'region.make-target-group',
  probe: (of, deps, context) =>
    withEdge(deps, of, context, async (clients) => {
      const standing = await targetGroupOf(of, deps, clients);
      const seen = { id: standing.state === 'missing' ? null : standing.one.id };
      const problem = inTheWay(standing, seen);
      if (problem) return problem;
      const { name } = of.balancer;
      return seen.id === null ? todo(seen, `there is no target group ${name}`) : done(seen, `${seen.id} is there`);
    }),
  apply: (of, _seen, deps, context) =>
    withEdge(deps, of, context, async (clients) => {
      await untilVisible(context);
      if ((await targetGroupOf(of, deps, clients)).state !== 'missing') return;
      const { id: vpcId } = await mustFindVpc(deps, of.region, clients.ec2);
      const { protocol, port } = of.targets;
      await clients.elb.createTargetGroup(
        { name: of.balancer.name, protocol, port, vpcId, health: healthOf(of) },
        tagsFor(deps.owner, of.region, what),
      );
    }),
  undo: (of, before, deps, context) =>
    withEdge(deps, of, context, async (clients) => {
      if (before.id !== null) return;
      const made = asItWasMade(await targetGroupOf(of, deps, clients));
      if (made) await clients.elb.deleteTargetGroup(made.id);
    }),
});

/** The target group of this name, whoever made it. */
export async function targetGroupOf(
  of: RegionEdge,
  deps: RegionDeps,
  { elb, ec2 }: Pick<EdgeClients, 'elb' | 'ec2'>,
): Promise<Standing<TargetGroup>> {
  const found = await elb.targetGroup(of.balancer.name);
  const vpc = found && (await findVpc(deps, of.region, ec2));
  const health = healthOf(of);
  return standingBy(deps, of, what, found, (one) =>
    wrongOnes([
      ['protocol', one.protocol, of.targets.protocol],
      ['port', one.port, of.targets.port],
      ['type of targets', one.targetType, 'ip'],
      ['VPC', one.vpcId, vpc?.id],
      ['protocol of health checks', one.health.protocol, health.protocol],
      ['path of health checks', one.health.path, health.path],
    ]),
  );
}

function healthOf({ targets: { path } }: RegionEdge): TargetGroup['health'] {
  return path === undefined ? { protocol: 'TCP' } : { protocol: 'HTTP', path };
}
