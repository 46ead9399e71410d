import { createHash } from 'node:crypto';
import type { HealthCheck, StandingHealthCheck } from '../../../src/drivers/route53/index.ts';
import { GantryError } from '../../../src/errors/index.ts';
import type { RegionEdge } from '../../../src/runs/index.ts';
import { blocked, defineStep, done, todo } from '../../../src/steps/index.ts';
import type { RegionDeps } from '../access/access.ts';
import { tagsFor } from '../access/tags.ts';
import { untilVisible } from '../access/with-ec2.ts';
import type { EdgeClients } from '../access/with-edge.ts';
import { withEdge } from '../access/with-edge.ts';
import { mustOwnBalancer, ownBalancer } from './make-load-balancer.ts';
import { wrongOnes } from './standing.ts';

type Seen = { id: string | null; tagged: boolean };
const what = 'edge/health-check';

/**
 * The health check of a region, by the name of its load balancer. It is made without tags, so that its caller reference says whose it is;
 * tags are for people.
 */
export const makeHealthCheck = defineStep<RegionEdge, Seen, RegionDeps>({
  name: 'region.make-health-check',
  probe: (of, deps, context) =>
    withEdge(deps, of, context, async (clients) => {
      const found = await ownHealthCheck(of, deps, clients);
      if (!found) return todo({ id: null, tagged: false }, `there is no health check of ${of.region}`);
      const seen = { id: found.id, tagged: 'gantry:name' in (await clients.route53.healthCheckTags(found.id)) };
      const wrong = await differs(of, found, deps, clients);
      if (wrong.length > 0) return blocked('REGION_EDGE_DIFFERS', seen, `${found.id}: ${wrong.join('; ')}`);
      if (!seen.tagged) return todo(seen, `${found.id} has no tags`, { begun: true });
      return done(seen, `${found.id} asks ${found.host}:${found.port}${found.path ?? ''} by ${found.protocol}`);
    }),
  apply: (of, _seen, deps, context) =>
    withEdge(deps, of, context, async (clients) => {
      await untilVisible(context);
      const found = await ownHealthCheck(of, deps, clients);
      const { dnsName } = await mustOwnBalancer(of, deps, clients);
      // By the step of the run: another attempt is answered with what the first one made. One that was deleted is never reused.
      const reference = `${prefixOf(of, deps)}${digest(context.unit).slice(0, 12)}`;
      const id = found?.id ?? (await clients.route53.createHealthCheck(wantedBy(of, dnsName), reference));
      await clients.route53.tagHealthCheck(id, tagsFor(deps.owner, of.region, what));
    }),
  undo: (of, before, deps, context) =>
    withEdge(deps, of, context, async (clients) => {
      const found = before.id === null ? await ownHealthCheck(of, deps, clients) : undefined;
      if (!found) return;
      const wrong = await differs(of, found, deps, clients);
      if (wrong.length > 0) throw new GantryError('REGION_UNDO_DIFFERS', `${found.id}: ${wrong.join('; ')}`);
      await clients.route53.deleteHealthCheck(found.id);
    }),
});

/** The health check of the region, if it is there. @throws REGION_DUPLICATE */
export async function ownHealthCheck(
  of: RegionEdge,
  deps: RegionDeps,
  { route53 }: Pick<EdgeClients, 'route53'>,
): Promise<StandingHealthCheck | undefined> {
  const found = await route53.healthChecks(prefixOf(of, deps));
  if (found.length < 2) return found[0];
  const ids = found.map(({ id }) => id).join(', ');
  throw new GantryError('REGION_DUPLICATE', `several health checks are of ${of.region}: ${ids}`, { evidence: { ids } });
}

async function differs(
  of: RegionEdge,
  found: StandingHealthCheck,
  deps: RegionDeps,
  clients: EdgeClients,
): Promise<readonly string[]> {
  const balancer = await ownBalancer(of, deps, clients);
  if (!balancer) return [];
  const wanted = wantedBy(of, balancer.dnsName);
  return wrongOnes([
    ['host', found.host.toLowerCase(), wanted.host.toLowerCase()],
    ['protocol', found.protocol, wanted.protocol],
    ['port', found.port, wanted.port],
    ['path', found.path, wanted.path],
  ]);
}

function wantedBy({ region, health }: RegionEdge, dnsName: string): HealthCheck {
  if (!health) throw new GantryError('UNEXPECTED', `the edge of ${region} names no health check`);
  return { ...health, host: dnsName };
}

/** A caller reference has 64 characters at the most, names may have as many: so it begins with a digest of them. */
function prefixOf({ region }: RegionEdge, { owner }: RegionDeps): string {
  return `gantry-edge-${digest(`${owner}/${region}`).slice(0, 16)}-`;
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
