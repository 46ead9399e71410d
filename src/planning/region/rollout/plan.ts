import type { DraftOf, PlannedComponent, RegionPool, RegionRolloutData, RegionZone } from '../../../runs/index.ts';
import { edgeActions } from '../edge/plan.ts';
import type { RolloutExtent } from '../meant/region.ts';
import { boundsInWords } from '../metrics/judge.ts';
import { needsNat, regionAsMeant, zonesOf } from '../meant/region.ts';
import type { MeantRegion } from '../meant/types.ts';
import { sharesAddresses } from '../network/ranges.ts';
import type { Finding, RolloutPlanning } from '../types.ts';
import type { ComponentStanding, RolloutFacts } from './types.ts';

type Draft = DraftOf<'region.rollout', RegionRolloutData>;

/**
 * What the file says of a region and what is there → the network and the components that are to be, in the order of their graph, or
 * everything that is in the way. What is to be is the same however far an earlier run has come: what that one left undone is among the
 * facts. Pure. Runbook: docs/region/rollout.md.
 */
export function planRollout(intent: MeantRegion, facts: RolloutFacts, extent: RolloutExtent = {}): RolloutPlanning {
  const { withHosts = false, throughWave } = extent;
  const zones = zonesOf(intent);
  const natZones = zones.filter(needsNat).length;
  const findings = [...facts.findings, ...addressFindings(intent, zones, facts), ...quotaFindings(natZones, facts)];
  if (findings.length > 0) return { ok: false, findings };
  const { region } = intent;
  const data = regionAsMeant(intent, extent);
  const hosts = count(intent.pools);
  const external = intent.components.filter((one) => one.external !== undefined);
  return {
    ok: true,
    draft: {
      title: [
        `Bring up ${region}: ${zones.length} zones, ${data.groups.length} security groups, ${data.components.length} components`,
        ...(throughWave === undefined ? [] : [`no component beyond wave ${throughWave}`]),
        ...(withHosts ? [`${hosts} hosts`] : []),
        ...(data.edge ? ['its edge at weight 0'] : []),
      ].join(', '),
      actions: actionsOf(data),
      facts: [
        ...shown(data, facts),
        ...(hosts > 0 && !withHosts
          ? [{ label: 'hosts', value: `${hosts} in its pools, which this run leaves alone: \`withHosts\`` }]
          : []),
        ...external.map(({ name, external: by = '' }) => ({ label: `not applied: ${name}`, value: by })),
      ],
      warnings: warningsOf(data, facts, natZones),
      irreversible: [
        'Volume claims, stateful sets, namespaces and resource definitions stay when the run is undone: they hold data, or what holds it.',
        ...(data.pools.length > 0
          ? ['Hosts that have been taken in stay: an abort undoes only what is under way.']
          : []),
      ],
      voidIf: [
        'a changed platform file, flow or manifest gives another plan',
        'another client takes the addresses, or manages fields of the objects with other values',
      ],
      data,
    },
  };
}

function count(pools: readonly RegionPool[]): number {
  return pools.reduce((sum, { serials }) => sum + serials.length, 0);
}

function actionsOf({
  vpc,
  zones,
  groups,
  rules,
  components,
  pools,
  stores,
  edge,
}: RegionRolloutData): Draft['actions'] {
  return [
    { step: 'region.make-vpc', what: `Make the VPC ${vpc.cidr}`, reversible: true },
    { step: 'region.attach-gateway', what: 'Give it an internet gateway', reversible: true },
    { step: 'region.make-groups', what: `Make ${groups.length} security groups, all closed`, reversible: true },
    { step: 'region.set-rules', what: `Open exactly ${rules.length} rules: those of the flows`, reversible: true },
    ...zones.flatMap((zone): Draft['actions'] => [
      {
        step: 'region.make-subnets',
        what: `Make ${zone.subnets.length} subnets in ${zone.zone}`,
        reversible: true,
      },
      ...(needsNat(zone)
        ? [
            {
              step: 'region.make-nat' as const,
              what: `Give ${zone.zone} a NAT gateway with an address`,
              reversible: true,
            },
          ]
        : []),
      {
        step: 'region.make-routes',
        what: `Route ${zone.subnets.map(({ segment, outlet }) => `${segment} (${outlet})`).join(', ')}`,
        reversible: true,
      },
    ]),
    ...components.flatMap(({ component, objects, after, readyWithinMs, metrics }): Draft['actions'] => [
      {
        step: 'region.apply-component',
        what: `Apply ${component} (${objects.join(', ')})${after.length > 0 ? ` after ${after.join(', ')}` : ''}`,
        reversible: !objects.some(keepsData),
      },
      {
        step: 'region.component-ready',
        what: `See ${component} ready within ${Math.round(readyWithinMs / 1000)} s`,
        reversible: true,
      },
      ...metricActions(component, metrics),
    ]),
    ...pools.map(({ zone, class: hostClass, serials }) => ({
      step: 'host.fleet-onboard' as const,
      what: `Take in ${serials.length} hosts of ${zone}, class ${hostClass}: ${serials.join(', ')}`,
      reversible: false,
    })),
    ...(stores?.of ?? []).map((one) => ({
      step: storeGate[one.store].step,
      what: `See ${storeGate[one.store].noun} ${one.name} healthy within ${Math.round((stores?.withinMs ?? 0) / 1000)} s`,
      reversible: true,
    })),
    ...edgeActions(edge),
  ];
}

const storeGate = {
  clickhouse: { step: 'clickhouse.cluster-healthy', noun: 'ClickHouse cluster' },
  redis: { step: 'redis.group-healthy', noun: 'Redis group' },
} as const;

function metricActions(component: string, metrics: PlannedComponent['metrics']): Draft['actions'] {
  if (!metrics) return [];
  const seconds = (ms: number): number => Math.round(ms / 1000);
  const each = metrics.of.map((one) => {
    const held = one.holdsForMs > 0 ? ` for ${seconds(one.holdsForMs)} s` : '';
    return `${one.name} ${boundsInWords(one)}${held}`;
  });
  return [
    {
      step: 'region.metrics-clock',
      what: `Ask Prometheus what time it is once ${component} is ready`,
      reversible: true,
    },
    {
      step: 'region.metrics-hold',
      what: `See the metrics of ${component} within ${seconds(metrics.withinMs)} s: ${each.join(', ')}`,
      reversible: true,
    },
  ];
}

/** Kinds that an undo never deletes. */
export const keptKinds: readonly string[] = [
  'PersistentVolumeClaim',
  'Namespace',
  'CustomResourceDefinition',
  'StatefulSet',
];

function keepsData(object: string): boolean {
  return keptKinds.includes(object.split('/')[0] ?? '');
}

function addressFindings({ region, cidr }: MeantRegion, zones: readonly RegionZone[], facts: RolloutFacts): Finding[] {
  const own = facts.vpcs.filter((one) => one.own);
  const place = `rollout.regions.${region}`;
  if (own.length > 1) {
    const ids = own.map(({ id }) => id).join(', ');
    return [{ code: 'REGION_DUPLICATE', message: `several VPCs have the tags of ${region}: ${ids}`, place }];
  }
  const others = facts.vpcs.filter((one) => !one.own && !one.isDefault && sharesAddresses(one.cidr, cidr));
  const wrong = own.filter((one) => one.cidr !== cidr);
  const planned = zones.flatMap(({ zone, subnets }) => subnets.map((one) => ({ ...one, zone })));
  return [
    ...others.map((one): Finding => ({
      ...{ code: 'REGION_ADDRESSES_TAKEN', place },
      message: `${cidr} overlaps ${one.cidr} of ${one.id}, which is not Gantry's`,
    })),
    ...wrong.map((one): Finding => ({
      ...{ code: 'REGION_NETWORK_DIFFERS', place },
      message: `${one.id} of ${region} has ${one.cidr}, the file says ${cidr}`,
    })),
    ...facts.subnets.flatMap((there): Finding[] => {
      const meant = planned.find(({ zone, segment }) => segment === there.segment && zone === there.zone);
      if (meant?.cidr === there.cidr) return [];
      const inTheWay = planned.filter((one) => sharesAddresses(one.cidr, there.cidr));
      if (there.segment !== undefined && meant) {
        const message = `${there.id} (${there.segment} in ${there.zone}) has ${there.cidr}, the file says ${meant.cidr}`;
        return [{ code: 'REGION_NETWORK_DIFFERS', message, place }];
      }
      return inTheWay.map((one) => ({
        ...{ code: 'REGION_ADDRESSES_TAKEN' as const, place },
        message: `${one.cidr} (${one.segment} in ${one.zone}) overlaps the subnet ${there.id} with ${there.cidr}, which is not Gantry's`,
      }));
    }),
  ];
}

function quotaFindings(natZones: number, { addresses }: RolloutFacts): Finding[] {
  const { quota, there, own } = addresses;
  const needed = Math.max(0, natZones - own);
  if (quota === undefined || there + needed <= quota) return [];
  const message = `${needed} more elastic addresses are needed, ${there} of ${quota} are in use`;
  return [{ code: 'REGION_QUOTA', message }];
}

function shown({ components, groups, rules }: RegionRolloutData, facts: RolloutFacts): Draft['facts'] {
  const own = facts.vpcs.find((one) => one.own);
  return [
    { label: 'VPC', value: own ? `${own.id} is there` : 'is not there yet' },
    { label: 'security groups', value: `${groups.length} with ${rules.length} rules` },
    ...components.map(({ component }) => ({
      label: component,
      value: standingInWords(facts.standing[component]),
    })),
    ...facts.edge.map(({ place, words }) => ({ label: `edge: ${place}`, value: words })),
    { label: 'graph', value: mermaid(components) },
  ];
}

function standingInWords(standing: ComponentStanding | undefined): string {
  if (!standing) return 'not looked at';
  const { missing, different, same, untried } = standing;
  const parts = [
    ...(missing > 0 ? [`${missing} to make`] : []),
    ...(different > 0 ? [`${different} to change`] : []),
    ...(same > 0 ? [`${same} as they are`] : []),
  ];
  return `${parts.join(', ')}${untried > 0 ? `; ${untried} could not be tried beforehand` : ''}`;
}

/** The graph as Mermaid draws it; an edge that another way says already is left out. */
export function mermaid(components: readonly Pick<PlannedComponent, 'component' | 'after'>[]): string {
  const afterOf = new Map(components.map(({ component, after }) => [component, after]));
  const reaches = (from: string, to: string): boolean =>
    (afterOf.get(from) ?? []).some((next) => next === to || reaches(next, to));
  const edges = components.flatMap(({ component, after }) => {
    const direct = after.filter((one) => !after.some((other) => other !== one && reaches(other, one)));
    return (direct.length > 0 ? direct : ['network']).map((from) => `${from} --> ${component}`);
  });
  return ['graph LR', ...edges].join('\n');
}

function warningsOf({ components, edge }: RegionRolloutData, facts: RolloutFacts, natZones: number): string[] {
  const untried = components.filter(({ component }) => (facts.standing[component]?.untried ?? 0) > 0);
  return [
    ...(untried.length > 0
      ? [
          `The API server could not try ${untried.map(({ component }) => component).join(', ')} beforehand: it may refuse them in the middle of the run.`,
        ]
      : []),
    ...(facts.metricsUntried === undefined
      ? []
      : [`Prometheus could not be asked, so no query was tried: ${facts.metricsUntried}`]),
    ...(facts.addresses.quota === undefined
      ? ['EC2 does not say how many elastic addresses the account may have.']
      : []),
    ...(edge ? [`Its targets are registered in ${edge.balancer.name} by who runs them; Gantry raises no weight.`] : []),
    `${natZones} NAT gateways and their addresses cost money from the moment they are made.`,
  ];
}
