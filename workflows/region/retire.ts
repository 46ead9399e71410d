import type { RegionActivities } from '../../activities/region/index.ts';
import type {
  PlannedStep,
  RegionEdge,
  RegionRetireData,
  RegionRetireInput,
  RetiredNetwork,
  RunReport,
} from '../../src/runs/index.ts';
import { domainRefs } from '../run/call.ts';
import { openRun } from '../run/open-run.ts';
import type { Run } from '../run/run.ts';

const region = domainRefs<RegionActivities, 'region'>('region');

type RetireRun = Run<PlannedStep<'region.retire'>>;

/** What can be made again as it was is put back by an abort. */
const removed = { undo: true, profile: 'slow' } as const;
/** An edge that came back by itself would take traffic to what is no longer there. */
const withdrawn = { ...removed, invariant: true } as const;
/** Data, and addresses that others may know, do not come back. */
const crossing = { pointOfNoReturn: true, profile: 'slow' } as const;
/** Components at once. */
const window = 8;
/** AWS lets go of the interfaces of a load balancer some minutes after it. Milliseconds. */
const unusedWithinMs = 600_000;

/**
 * Takes one region away, in the reverse order of its rollout, with an approval for each stage: its edge; what holds no data, and the network
 * if no data stays in it; with `withData`, what holds data, and the network. It holds the region. Runbook: docs/region/retire.md.
 */
export async function regionRetire(input: RegionRetireInput): Promise<RunReport> {
  return openRun('region.retire', input, async (run) => {
    const plan = await run.plan(region.planRetire, input);
    await run.approval(plan);
    if (plan.data.edge) await edge(run, plan.data.edge);
    await stage(run, input, 'components');
    if (input.withData) await stage(run, input, 'data');
  });
}

/** A stage of its own: what is there by now is planned and approved. Where nothing is there, no approval is asked for. */
async function stage(run: RetireRun, input: RegionRetireInput, name: 'components' | 'data'): Promise<void> {
  const plan = await run.plan(region.planRetire, { ...input, at: { stage: name } });
  if (plan.actions.length === 0) return;
  await run.approval(plan);
  await (name === 'data' ? data(run, plan.data) : components(run, plan.data));
  if (plan.data.network) await network(run, plan.data.network);
}

/** The names first: clients are no longer sent to what goes after them. */
async function edge(run: RetireRun, of: RegionEdge): Promise<void> {
  const { name } = of.balancer;
  await run.step('remove its records', region.removeEdgeRecords, of, withdrawn);
  if (of.health) await run.step('remove its health check', region.removeHealthCheck, of, withdrawn);
  await run.step(`have ${name} listen no more`, region.removeListener, of, withdrawn);
  if (of.webAcl !== undefined) await run.step('take the web ACL away from it', region.detachWebAcl, of, withdrawn);
  await run.step(`remove the load balancer ${name}`, region.removeLoadBalancer, of, withdrawn);
  await run.step(`remove the target group ${name}`, region.removeTargetGroup, of, withdrawn);
}

async function components(run: RetireRun, { components: all }: RegionRetireData): Promise<void> {
  const nodes = all.map((of) => ({
    name: of.component,
    after: of.after,
    body: async (lane: Pick<RetireRun, 'step'>) => {
      await lane.step(`remove ${of.component}`, region.removeComponent, of, removed);
    },
  }));
  await run.graph(nodes, { window });
}

/** One after the other: of what does not come back, no two are under way at once. */
async function data(run: RetireRun, { components: all, claims, namespaces }: RegionRetireData): Promise<void> {
  for (const of of all)
    await run.step(`remove ${of.component}, which holds data`, region.removeComponent, of, crossing);
  for (const of of claims) await run.step(`remove the volumes of ${of.component}`, region.removeClaims, of, crossing);
  for (const of of namespaces)
    await run.step(`remove the namespace ${of.namespace.name}`, region.removeNamespace, of, crossing);
}

async function network(run: RetireRun, of: RetiredNetwork): Promise<void> {
  const { vpc, zones } = of;
  await run.gate('nothing else is in the network', region.networkUnused, vpc, {
    everyMs: [500, 10_000],
    deadlineMs: unusedWithinMs,
  });
  for (const zone of zones) {
    await run.step(`remove the routes of ${zone.zone}`, region.removeRoutes, zone, crossing);
    await run.step(`remove the NAT gateway of ${zone.zone}`, region.removeNat, zone, crossing);
    await run.step(`remove the subnets of ${zone.zone}`, region.removeSubnets, zone, crossing);
  }
  await run.step('remove the security groups', region.removeGroups, vpc, crossing);
  await run.step('remove the internet gateway', region.removeGateway, vpc, crossing);
  await run.step('remove the VPC', region.removeVpc, vpc, crossing);
}
