import { GantryError } from '../../../src/errors/index.ts';
import type { RegionEdge } from '../../../src/runs/index.ts';
import type { StepContext } from '../../../src/steps/index.ts';
import { defineStep } from '../../../src/steps/index.ts';
import type { RegionDeps } from '../access/access.ts';
import { withEdge } from '../access/with-edge.ts';
import { attachWebAcl } from '../edge/attach-web-acl.ts';
import { makeHealthCheck } from '../edge/make-health-check.ts';
import { makeListener, otherListeners } from '../edge/make-listener.ts';
import { makeLoadBalancer, ownBalancer } from '../edge/make-load-balancer.ts';
import { makeTargetGroup } from '../edge/make-target-group.ts';
import { namesOf, takesTraffic } from '../edge/records.ts';
import { setEdgeRecords } from '../edge/set-edge-records.ts';
import { takeAway } from './take-away.ts';

const records = takeAway(setEdgeRecords, {
  name: 'region.remove-edge-records',
  nothing: { own: false, member: false, weight: null, members: [] },
  isThere: ({ own, member }) => own || member,
  inTheWay: traffic,
});

/**
 * Removes the region's own name and its record in the group, in one change, which Route 53 refuses where one of them is no longer as it was
 * read. A region that takes traffic keeps them.
 */
export const removeEdgeRecords = defineStep({
  ...records,
  apply: async (of, seen, deps, context) => {
    // As the last look before the change: the weights of the others may have been taken away meanwhile.
    const problem = await traffic(of, deps, context);
    if (problem) throw new GantryError(problem.code, problem.words);
    await records.apply?.(of, seen, deps, context);
  },
} satisfies typeof records);

async function traffic(of: RegionEdge, deps: RegionDeps, context: StepContext) {
  const taken = await withEdge(deps, of, context, async (clients) =>
    takesTraffic(of, await namesOf(of, deps, clients)),
  );
  return taken.length === 0 ? undefined : { code: 'REGION_TAKES_TRAFFIC' as const, words: taken.join('; ') };
}

/** Removes the health check of a region. */
export const removeHealthCheck = takeAway(makeHealthCheck, {
  name: 'region.remove-health-check',
  nothing: { id: null, tagged: false },
  isThere: ({ id }) => id !== null,
});

/** Has the load balancer of a region no longer listen on its port. */
export const removeListener = takeAway(makeListener, {
  name: 'region.remove-listener',
  nothing: { id: null },
  isThere: ({ id }) => id !== null,
});

/** Takes the web ACL that the file names away from the load balancer. The ACL itself is its operator's. */
export const detachWebAcl = takeAway(attachWebAcl, {
  name: 'region.detach-web-acl',
  nothing: { webAcl: null },
  isThere: ({ webAcl }) => webAcl !== null,
});

/** Removes the load balancer of a region. One that listens for another client as well stays, and stops the step. */
export const removeLoadBalancer = takeAway(makeLoadBalancer, {
  name: 'region.remove-load-balancer',
  nothing: { id: null, state: null },
  isThere: ({ id }) => id !== null,
  foreignStays: true,
  inTheWay: (of, deps, context) =>
    withEdge(deps, of, context, async (clients) => {
      const balancer = await ownBalancer(of, deps, clients);
      const others = balancer ? await otherListeners(of, deps, clients, balancer) : [];
      if (others.length === 0) return undefined;
      const ports = others.map(({ port }) => port).join(', ');
      return {
        code: 'REGION_EDGE_FOREIGN' as const,
        words: `${of.balancer.name} listens on ${ports} for another client`,
      };
    }),
});

/** Removes the target group of a region; what is registered in it goes with it. */
export const removeTargetGroup = takeAway(makeTargetGroup, {
  name: 'region.remove-target-group',
  nothing: { id: null },
  isThere: ({ id }) => id !== null,
  foreignStays: true,
});

/** The parts of an edge by the names that a plan gives them, each with the step that removes it, in the order in which they go. */
export function edgeParts({ health, webAcl }: RegionEdge) {
  return [
    { place: 'records', step: removeEdgeRecords },
    ...(health ? [{ place: 'health check', step: removeHealthCheck }] : []),
    { place: 'listener', step: removeListener },
    ...(webAcl === undefined ? [] : [{ place: 'web ACL', step: detachWebAcl }]),
    { place: 'load balancer', step: removeLoadBalancer },
    { place: 'target group', step: removeTargetGroup },
  ];
}
