import { GantryError } from '../../../src/errors/index.ts';
import type { RegionEdge } from '../../../src/runs/index.ts';
import { blocked, defineStep, done, todo } from '../../../src/steps/index.ts';
import type { RegionDeps } from '../access/access.ts';
import { withEdge } from '../access/with-edge.ts';
import { mustOwnBalancer, ownBalancer } from './make-load-balancer.ts';

/** Puts the web ACL that the file names before the load balancer. One that another one put there stays, and stops the step. */
export const attachWebAcl = defineStep<RegionEdge, { webAcl: string | null }, RegionDeps>({
  name: 'region.attach-web-acl',
  // A load balancer that was just made is not known to WAF at once.
  settleMs: 60_000,
  settleEveryMs: 1_000,
  probe: (of, deps, context) =>
    withEdge(deps, of, context, async (clients) => {
      const wanted = wantedBy(of);
      const balancer = await ownBalancer(of, deps, clients);
      const there = balancer && (await clients.waf.webAclOf(balancer.id));
      const seen = { webAcl: there ?? null };
      if (there === undefined) return todo(seen, `no web ACL stands before ${of.balancer.name}`);
      if (there !== wanted)
        return blocked('REGION_EDGE_FOREIGN', seen, `${there} stands before ${of.balancer.name}, not ${wanted}`);
      return done(seen, `${wanted} stands before ${of.balancer.name}`);
    }),
  apply: (of, _seen, deps, context) =>
    withEdge(deps, of, context, async (clients) => {
      const { id } = await mustOwnBalancer(of, deps, clients);
      // It would take the place of one that was put there meanwhile.
      if ((await clients.waf.webAclOf(id)) === undefined) await clients.waf.associate(wantedBy(of), id);
    }),
  undo: (of, before, deps, context) =>
    withEdge(deps, of, context, async (clients) => {
      const balancer = before.webAcl === null ? await ownBalancer(of, deps, clients) : undefined;
      const there = balancer && (await clients.waf.webAclOf(balancer.id));
      if (!balancer || there === undefined) return;
      if (there !== wantedBy(of))
        throw new GantryError(
          'REGION_UNDO_DIFFERS',
          `${there} stands before ${of.balancer.name}, which this run did not put there`,
        );
      await clients.waf.disassociate(balancer.id);
    }),
});

function wantedBy({ region, webAcl }: RegionEdge): string {
  if (webAcl !== undefined) return webAcl;
  throw new GantryError('UNEXPECTED', `the edge of ${region} names no web ACL`);
}
