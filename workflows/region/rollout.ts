import type { ClickHouseActivities } from '../../activities/clickhouse/index.ts';
import type { RedisActivities } from '../../activities/redis/index.ts';
import type { RegionActivities } from '../../activities/region/index.ts';
import type {
  PlannedComponent,
  PlannedEdge,
  PlannedStep,
  RegionComponent,
  RegionRolloutData,
  RegionRolloutInput,
  RunReport,
} from '../../src/runs/index.ts';
import { fleetHosts } from '../../src/runs/index.ts';
import { domainRefs } from '../run/call.ts';
import type { ChildSpec } from '../run/children.ts';
import type { GraphNode } from '../run/graph.ts';
import { onBehalf } from '../run/on-behalf.ts';
import { openRun } from '../run/open-run.ts';
import type { Lane } from '../run/run.ts';

const region = domainRefs<RegionActivities, 'region'>('region');
const clickhouse = domainRefs<ClickHouseActivities, 'clickhouse'>('clickhouse');
const redis = domainRefs<RedisActivities, 'redis'>('redis');

type Node = GraphNode<Lane<PlannedStep<'region.rollout'>>>;

/** What a run made is taken back where nothing stands in it, and looked at again after a pause. */
const made = { undo: true, invariant: true, profile: 'slow' } as const;
/** Lanes at once: the API servers and the account's request limit bear more, a person who follows does not. */
const window = 8;
/** Of a gate: a look is eleven events of the history, however long it lasts; pause and abort wait for its end. Milliseconds. */
const lookForMs = 10_000;
/** Between two looks at metrics, which are scraped every few seconds at the most. Milliseconds. */
const metricsEveryMs = [1_000, 15_000] as const;
/** A replica catches up within seconds or minutes. Milliseconds. */
const storesEveryMs = [1_000, 15_000] as const;
/** Pools of hosts at once; each has a window of its own. */
const poolsAtOnce = 4;

/**
 * Brings one region up, or to what the platform file says: its network, then its components along their graph, each followed by its gate,
 * then its hosts where they are asked for, then the gates of the stores that stand in it, then its edge, which takes no traffic yet. It
 * holds the region. Runbook: docs/region/rollout.md.
 */
export async function regionRollout(input: RegionRolloutInput): Promise<RunReport> {
  return openRun('region.rollout', input, async (run) => {
    const plan = await run.plan(region.planRollout, input);
    await run.approval(plan);
    const { pools, stores, edge } = plan.data;
    await run.graph([...network(plan.data), ...components(plan.data)], { window });
    if (pools.length > 0) await run.children(hosts(plan.data, input), { window: poolsAtOnce, pauseMs: 0 });
    if (stores) await run.graph(storeGates(stores), { window });
    if (edge) await run.graph([edgeNode(edge)], { window });
  });
}

function network({ region: name, vpc, zones, groups, rules }: RegionRolloutData): Node[] {
  return [
    {
      name: 'network',
      after: [],
      body: async (lane) => {
        await lane.step('make the VPC', region.makeVpc, vpc, made);
        await lane.step('attach the internet gateway', region.attachGateway, vpc, made);
      },
    },
    {
      name: 'network/groups',
      after: ['network'],
      body: async (lane) => {
        const of = { region: name, groups };
        await lane.step('make the security groups', region.makeGroups, of, made);
        await lane.step('set their rules', region.setRules, { ...of, rules }, made);
      },
    },
    ...zones.map((zone): Node => ({
      name: `network/${zone.zone}`,
      after: ['network'],
      body: async (lane) => {
        await lane.step(`make the subnets of ${zone.zone}`, region.makeSubnets, zone, made);
        if (zone.natIn !== undefined)
          await lane.step(`make the NAT gateway of ${zone.zone}`, region.makeNat, zone, made);
        await lane.step(`set the routes of ${zone.zone}`, region.makeRoutes, zone, made);
      },
    })),
  ];
}

function components({ zones, components: all }: RegionRolloutData): Node[] {
  const wholeNetwork = ['network/groups', ...zones.map(({ zone }) => `network/${zone}`)];
  return all.map(({ after, readyWithinMs, metrics, ...of }) => ({
    name: `component/${of.component}`,
    after: [...wholeNetwork, ...after.map((name) => `component/${name}`)],
    body: async (lane) => {
      await lane.step(`apply ${of.component}`, region.applyComponent, of, made);
      const gate = { ...of, lookForMs: Math.min(lookForMs, readyWithinMs) };
      await lane.gate(`${of.component} is ready`, region.componentReady, gate, {
        everyMs: [500, 2_000],
        deadlineMs: readyWithinMs,
      });
      if (metrics) await metricGate(lane, of, metrics);
    },
  }));
}

/** By one clock, that of Prometheus: what it says of before the component was ready is gone by in nothing. */
async function metricGate(
  lane: Lane<PlannedStep<'region.rollout'>>,
  { region: name, component }: RegionComponent,
  { of: metrics, withinMs }: NonNullable<PlannedComponent['metrics']>,
): Promise<void> {
  const of = { region: name, component, metrics };
  const options = { everyMs: metricsEveryMs, deadlineMs: withinMs };
  const ready = await lane.gate(`what time it is for ${component}'s metrics`, region.metricsClock, of, options);
  const sinceMs = ready?.after.nowMs;
  const gate = { ...of, ...(sinceMs === undefined ? {} : { sinceMs }) };
  await lane.gate(`the metrics of ${component} hold`, region.metricsHold, gate, options);
}

/** One run for each pool, in parts where it has more hosts than one run takes; the parts share a lock and follow each other. */
function hosts({ pools }: RegionRolloutData, input: RegionRolloutInput): ChildSpec<PlannedStep<'region.rollout'>>[] {
  return pools.flatMap(({ zone, class: hostClass, serials }) =>
    Array.from({ length: Math.ceil(serials.length / fleetHosts) }, (_, part) => {
      const some = serials.slice(part * fleetHosts, (part + 1) * fleetHosts);
      return {
        title: `take in ${some.length} hosts of ${zone}, ${hostClass}`,
        ...{
          kind: 'host.fleet-onboard' as const,
          input: { zone, class: hostClass, serials: some, ...onBehalf(input) },
        },
        ...{ wave: 1, alone: [`${zone}/${hostClass}`] },
      };
    }),
  );
}

/** Workers of the store's own domain look, which reach it and have its password. */
function storeGates({ of, withinMs }: NonNullable<RegionRolloutData['stores']>): Node[] {
  const options = { everyMs: storesEveryMs, deadlineMs: withinMs };
  return of.map(({ store, name }) => ({
    name: `store/${store}/${name}`,
    after: [],
    body: async (lane) => {
      if (store === 'redis')
        await lane.gate(`Redis group ${name} is healthy`, redis.groupHealthy, { group: name }, options);
      else
        await lane.gate(`ClickHouse cluster ${name} is healthy`, clickhouse.clusterHealthy, { cluster: name }, options);
    },
  }));
}

/** What lets traffic in comes last: a graph of its own, begun when all else is done. */
function edgeNode({ servedWithinMs, ...of }: PlannedEdge): Node {
  const { name } = of.balancer;
  return {
    name: 'edge',
    after: [],
    body: async (lane) => {
      await lane.step(`make the target group ${name}`, region.makeTargetGroup, of, made);
      await lane.step(`make the load balancer ${name}`, region.makeLoadBalancer, of, made);
      await lane.step(`have ${name} listen`, region.makeListener, of, made);
      if (of.webAcl !== undefined) await lane.step('put the web ACL before it', region.attachWebAcl, of, made);
      if (of.health) await lane.step('make its health check', region.makeHealthCheck, of, made);
      await lane.step('set its records, at weight 0', region.setEdgeRecords, of, made);
      await lane.gate(`${of.names.own} is served`, region.edgeServed, of, {
        everyMs: [500, 10_000],
        deadlineMs: servedWithinMs,
      });
    },
  };
}
