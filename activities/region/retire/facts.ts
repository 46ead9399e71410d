import type { Finding, MeantRegion, RetireFacts } from '../../../src/planning/region/index.ts';
import { regionAsMeant } from '../../../src/planning/region/index.ts';
import type { RegionEdge, RetireStage } from '../../../src/runs/index.ts';
import type { StepContext } from '../../../src/steps/index.ts';
import type { RegionDeps } from '../access/access.ts';
import { withEc2 } from '../access/with-ec2.ts';
import { lookingWith, withEdge } from '../access/with-edge.ts';
import { meantOf } from '../components/meant.ts';
import { targetGroupOf } from '../edge/make-target-group.ts';
import { componentsThere } from './components-there.ts';
import { edgeParts } from './edge-steps.ts';
import { networkThere } from './network-there.ts';

/** What the file says of a region, what of it is there, and what keeps it from being retired. It changes nothing. */
export async function lookForRetire(
  deps: RegionDeps,
  region: string,
  { stage, withData }: { stage: RetireStage; withData: boolean },
  signal: AbortSignal,
): Promise<{ meant: MeantRegion; facts: RetireFacts }> {
  const { meant, rendered, findings } = await meantOf(deps, region);
  const context = lookingWith(signal);
  const edge = await edgeThere(regionAsMeant(meant).edge, deps, context);
  const cluster = deps.cluster(region, signal);
  const noCluster: Finding[] =
    cluster || rendered.size === 0
      ? []
      : [
          {
            code: 'REGION_NO_CLUSTER',
            message: `${region} has components, and no Kubernetes API`,
            place: placeOf(region),
          },
        ];
  const readsAll = withData && stage !== 'components';
  const there = cluster
    ? await componentsThere(cluster, rendered, deps.intent(region).namespace, { readsAll })
    : { components: [], otherClaims: [], inNamespaces: {} };
  const network = await withEc2(deps, region, context, (client) => networkThere(deps, meant, client));
  return {
    meant,
    facts: {
      ...{ edge: edge.parts, targets: edge.targets, ...there, ...network },
      findings: [
        ...findings,
        ...noCluster,
        ...edge.findings,
        ...(stage === 'edge' ? [] : namedAgain(region, edge)),
        ...(await hostsThere(deps, region, signal)),
        ...neededElsewhere(deps, region),
      ],
    },
  };
}

function placeOf(region: string): string {
  return `rollout.regions.${region}`;
}

type EdgeThere = { parts: RetireFacts['edge']; targets: readonly string[]; findings: readonly Finding[] };

/** Every part as the step that removes it finds it. */
async function edgeThere(edge: RegionEdge | undefined, deps: RegionDeps, context: StepContext): Promise<EdgeThere> {
  if (!edge) return { parts: [], targets: [], findings: [] };
  const parts: { place: string; words: string; there: boolean }[] = [];
  const findings: Finding[] = [];
  for (const { place, step } of edgeParts(edge)) {
    const seen = await step.probe(edge, deps, context);
    parts.push({ place, words: seen.summary, there: seen.verdict !== 'done' });
    if (seen.verdict === 'blocked')
      findings.push({ code: seen.code, message: seen.summary, place: `${placeOf(edge.region)}.edge: ${place}` });
  }
  const targets = await withEdge(deps, edge, context, async (clients) => {
    const group = await targetGroupOf(edge, deps, clients);
    return group.state === 'same' ? clients.elb.targets(group.one.id) : [];
  });
  return { parts, targets, findings };
}

/** Records that came back after they were removed lead to what is about to go. */
function namedAgain(region: string, { parts }: EdgeThere): Finding[] {
  return parts
    .filter(({ place, there }) => place === 'records' && there)
    .map(({ words }) => ({ code: 'REGION_TAKES_TRAFFIC', message: words, place: `${placeOf(region)}.edge: records` }));
}

/** A host that is still a Node may hold VMs, cordoned or not: they cannot be seen from outside. */
async function hostsThere(deps: RegionDeps, region: string, signal: AbortSignal): Promise<Finding[]> {
  const hosts = deps.hosts(region);
  if (hosts.length === 0) return [];
  const place = `hosts of ${region}`;
  const nodes = deps.nodes(region, signal);
  if (!nodes) {
    const message = `${hosts.length} hosts are in the inventory, and hosts.kubernetes has no line for ${region}: whether they are in service cannot be asked`;
    return [{ code: 'REGION_HAS_HOSTS', message, place }];
  }
  const there: string[] = [];
  for (const { serial, node } of hosts) {
    const found = await nodes.get(node);
    if (found) there.push(`${serial} (${node}, ${found.unschedulable ? 'cordoned' : 'schedulable'})`);
  }
  if (there.length === 0) return [];
  const more = there.length > 20 ? ` and ${there.length - 20} more` : '';
  return [{ code: 'REGION_HAS_HOSTS', message: `still Nodes: ${there.slice(0, 20).join(', ')}${more}`, place }];
}

function neededElsewhere(deps: RegionDeps, region: string): Finding[] {
  const place = placeOf(region);
  const apiOf = (name: string): string | undefined => deps.intent(name).config.kubernetes?.api;
  const api = apiOf(region);
  const sharing = deps.regions().filter((name) => name !== region && api !== undefined && apiOf(name) === api);
  const uses = deps.uses(region);
  return [
    ...(uses.length > 0
      ? [{ code: 'REGION_IN_USE' as const, message: `stands in ${region}: ${uses.join(', ')}`, place }]
      : []),
    ...(sharing.length > 0
      ? [
          {
            code: 'REGION_CLUSTER_SHARED' as const,
            message: `${api ?? ''} is also that of ${sharing.join(', ')}`,
            place,
          },
        ]
      : []),
  ];
}
