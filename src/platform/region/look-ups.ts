import { GantryError } from '../../errors/index.ts';
import type { RegionStore } from '../../runs/index.ts';
import type { Platform } from '../schema/platform.ts';
import { hostPool } from '../host/look-ups.ts';
import type { RolloutRegion } from './schema.ts';

/**
 * What the platform file says of a region that is rolled out.
 * @throws GantryError REGION_UNKNOWN, naming the regions that there are
 */
export function rolloutRegion({ rollout: { regions } }: Platform, name: string): RolloutRegion {
  const found = Object.hasOwn(regions, name) ? regions[name] : undefined;
  if (found) return found;
  const known = Object.keys(regions).join(', ') || 'none';
  throw new GantryError('REGION_UNKNOWN', `rollout.regions of the platform file has no ${name}; known: ${known}`, {
    evidence: { region: name },
  });
}

/** The hosts of a region's zones, by zone and class: those of the inventory, in the order of the zones and classes. */
export function regionPools(
  { regions, hosts }: Platform,
  name: string,
): { zone: string; class: string; serials: string[] }[] {
  const zones = Object.keys((Object.hasOwn(regions, name) ? regions[name] : undefined)?.zones ?? {});
  return zones.flatMap((zone) =>
    Object.keys(hosts.classes).flatMap((hostClass) => {
      const serials = hostPool(hosts, zone, hostClass).map(({ serial }) => serial);
      return serials.length > 0 ? [{ zone, class: hostClass, serials }] : [];
    }),
  );
}

/** The hosts of a region's zones with the names of their Nodes, in order. */
export function regionHosts({ regions, hosts }: Platform, name: string): { serial: string; node: string }[] {
  const zones = Object.keys((Object.hasOwn(regions, name) ? regions[name] : undefined)?.zones ?? {});
  return Object.entries(hosts.inventory)
    .filter(([, { zone }]) => zones.includes(zone))
    .map(([serial, { node }]) => ({ serial, node }))
    .sort((a, b) => (a.serial < b.serial ? -1 : 1));
}

/** The clusters and groups that stand in a region themselves; its copies of others are none of them. */
export function regionStores({ clickhouse, redis }: Platform, name: string): RegionStore[] {
  const there = (store: RegionStore['store'], all: Readonly<Record<string, { region: string }>>): RegionStore[] =>
    Object.entries(all).flatMap(([key, { region }]) => (region === name ? [{ store, name: key }] : []));
  return [...there('clickhouse', clickhouse.clusters), ...there('redis', redis.groups)];
}

/** The places of the file that say that a store stands in a region, or has a copy there. */
export function regionUses({ clickhouse, redis, zookeeper }: Platform, name: string): string[] {
  const at = (section: string, all: Readonly<Record<string, { region: string }>>): string[] =>
    Object.entries(all).flatMap(([key, { region }]) => (region === name ? [`${section}.${key}`] : []));
  return [
    ...at('redis.groups', redis.groups),
    ...at('clickhouse.clusters', clickhouse.clusters),
    ...Object.entries(clickhouse.clusters).flatMap(([key, { copies }]) =>
      copies.some(({ region }) => region === name) ? [`clickhouse.clusters.${key}.copies`] : [],
    ),
    ...at('zookeeper', zookeeper.ensembles),
  ];
}
