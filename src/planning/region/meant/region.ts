import type { PlannedComponent, RegionRolloutData, RegionRolloutInput, RegionZone } from '../../../runs/index.ts';
import { edgeAsMeant } from '../edge/meant.ts';
import { outletOf, securityGroups, securityRules } from '../network/groups.ts';
import { waitsFor } from './order.ts';
import type { MeantRegion } from './types.ts';

/** How far a rollout goes: all components, the edge and no hosts, unless it says otherwise. */
export type RolloutExtent = Pick<RegionRolloutInput, 'withHosts' | 'throughWave'>;

/** What the file alone says that a region is made of; its hosts where they are asked for, its stores and its edge after the last wave alone. Pure. */
export function regionAsMeant(intent: MeantRegion, { withHosts, throughWave }: RolloutExtent = {}): RegionRolloutData {
  const { region, cidr, network, zones, stores, edge } = intent;
  return {
    ...{ region, vpc: { region, cidr }, zones: zonesOf(intent) },
    ...{
      groups: securityGroups(network),
      rules: securityRules(network),
      components: componentsOf(intent, throughWave),
    },
    pools: withHosts ? intent.pools : [],
    ...(stores.of.length > 0 && throughWave === undefined ? { stores } : {}),
    ...(edge && throughWave === undefined ? { edge: edgeAsMeant(region, Object.keys(zones), edge) } : {}),
  };
}

/** The zones of a region with the segments of each. */
export function zonesOf({ region, zones, network }: MeantRegion): RegionZone[] {
  const home = Object.entries(network.segments).find(([, { members }]) => members.includes('nat-gateways'))?.[0];
  return Object.entries(zones).map(([zone, segments]) => {
    const subnets = Object.entries(segments).map(([segment, cidr]) => {
      return { segment, cidr, outlet: outletOf(network, segment) };
    });
    const needsNat = home !== undefined && subnets.some(({ outlet }) => outlet === 'nat');
    return { region, zone, subnets, ...(needsNat ? { natIn: home } : {}) };
  });
}

/** Whether some segment of the zone has its way out through NAT. */
export function needsNat({ natIn }: RegionZone): boolean {
  return natIn !== undefined;
}

function componentsOf({ region, components: all }: MeantRegion, throughWave = Infinity): PlannedComponent[] {
  const components = all.filter(({ wave }) => wave <= throughWave);
  const order = waitsFor(components.map((one) => ({ ...one, applied: one.rendered !== undefined })));
  return order.flatMap(({ name, after }) => {
    const found = components.find((one) => one.name === name);
    if (!found?.rendered) return [];
    const { rendered, readyWithinMs, metrics } = found;
    return [{ region, component: name, ...rendered, after, readyWithinMs, ...(metrics ? { metrics } : {}) }];
  });
}
