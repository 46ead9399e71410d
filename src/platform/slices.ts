import { archivedTables } from './archive/look-ups.ts';
import type { Archive } from './archive/schema.ts';
import { digestOf } from './digest.ts';
import { hostPool, hostRegion, hostsNamed } from './host/look-ups.ts';
import type { ClickHouseCluster } from './clickhouse/schema.ts';
import { allRegions } from '../runs/index.ts';
import { regionPools, regionStores } from './region/look-ups.ts';
import type { Platform } from './schema/platform.ts';

/** Digests of the parts of one platform file that runs depend on. */
export type PlatformDigests = {
  /** Of what a run of `kind` over `target` depends on. A target that the file does not name has a digest too. */
  digestOf: (kind: string, target: string) => string;
  /** Whether a part of this file has this digest: whoever has it, in whatever file, says the same of the same target. */
  hasDigest: (digest: string) => boolean;
};

/**
 * What the steps and planners of a kind of run over a target read from the platform file: nothing else in the file may stop
 * a run. Policies are no part of it, since a run keeps those that it was admitted with; neither are freezes and windows, which
 * are always read as they are now.
 */
export function sliceOf(platform: Platform, kind: string, target: string): unknown {
  const [domain = ''] = kind.split('.');
  const [whole = '', table] = target.split('/');
  const part = slices[domain]?.(platform, whole, table);
  return { domain, target: table === undefined ? whole : `${whole}/${table}`, part };
}

/** The digests of all parts of a platform file, made once. */
export function platformDigests(platform: Platform): PlatformDigests {
  const digest = (kind: string, target: string): string => digestOf(sliceOf(platform, kind, target));
  const { clusters } = platform.clickhouse;
  const known = new Set([
    ...Object.keys(platform.redis.groups).map((group) => digest('redis.*', group)),
    ...Object.entries(clusters).flatMap(([cluster, { tables }]) =>
      [cluster, ...Object.keys(tables).map((table) => `${cluster}/${table}`)].map((one) => digest('clickhouse.*', one)),
    ),
    ...[...Object.keys(platform.hosts.inventory), ...zonesWithHosts(platform), ...poolsOf(platform)].map((name) =>
      digest('host.*', name),
    ),
    ...Object.entries(platform.archive.archives).flatMap(([name, archive]) =>
      [name, ...restorable(platform, archive).map((what) => `${name}/${what}`)].map((one) => digest('archive.*', one)),
    ),
    ...[allRegions, ...Object.keys(platform.rollout.regions)].map((name) => digest('region.*', name)),
  ]);
  return { digestOf: digest, hasDigest: (one) => known.has(one) };
}

/** By domain; nothing for a target that the file does not name. */
const slices: Readonly<Record<string, (platform: Platform, whole: string, table: string | undefined) => unknown>> = {
  redis: redisSlice,
  clickhouse: clickhouseSlice,
  host: hostSlice,
  archive: archiveSlice,
  region: regionSlice,
};

/** A group, without what only its guard reads. */
function redisSlice({ redis: { groups } }: Platform, name: string): unknown {
  const group = Object.hasOwn(groups, name) ? groups[name] : undefined;
  if (!group) return undefined;
  return { ...group, guard: undefined };
}

function zonesWithHosts({ hosts }: Platform): string[] {
  return [...new Set(Object.values(hosts.inventory).map(({ zone }) => zone))];
}

/** Every zone with every class that it has hosts of, as fleet runs name them. */
function poolsOf({ hosts }: Platform): string[] {
  return [...new Set(Object.values(hosts.inventory).map((host) => `${host.zone}/${host.class}`))];
}

/** A host with its class, its bastion and the API that admits it: another host's lines have nothing to do with it. */
function hostSlice(platform: Platform, serial: string, poolClass?: string): unknown {
  if (poolClass !== undefined) return poolSlice(platform, serial, poolClass);
  if (!Object.hasOwn(platform.hosts.inventory, serial)) {
    const { quarantine } = platform.hosts;
    return { hosts: hostsNamed(platform, serial).map((one) => hostSlice(platform, one)), quarantine };
  }
  const { inventory, classes, bastions } = platform.hosts;
  const config = inventory[serial];
  // A digest is made of any file, also of one whose names do not fit together.
  const hostClass = classes[config?.class ?? ''];
  const bastion = bastions[config?.bastion ?? ''];
  const region = hostRegion(platform, serial);
  return { config, class: hostClass, bastion, region, kubernetes: platform.hosts.kubernetes[region ?? ''] };
}

/** The hosts of a pool, where they stand, and how many of them may be worked on at once. */
function poolSlice({ hosts }: Platform, zone: string, hostClass: string): unknown {
  return { hosts: hostPool(hosts, zone, hostClass), fleet: hosts.fleet };
}

/** What a restore or a drill may be about: `all`, a table, a group. */
function restorable(platform: Platform, archive: Archive): readonly string[] {
  return ['all', ...archivedTables(platform, archive).map(({ table }) => table), ...archive.sources.redis];
}

/** An archive, what its bucket is to do, and the clusters and groups that it holds: their addresses above all. */
function archiveSlice({ archive, clickhouse, redis, storage }: Platform, name: string): unknown {
  const found = Object.hasOwn(archive.archives, name) ? archive.archives[name] : undefined;
  if (!found) return undefined;
  const { sources, bucket } = found;
  return {
    archive: found,
    bucket: storage.buckets[bucket],
    clusters: sources.clickhouse.map(({ cluster }) => clickhouse.clusters[cluster]),
    groups: sources.redis.map((group) => ({ ...redis.groups[group], guard: undefined })),
  };
}

/** A region, the flows that its security groups are made of, the components that it has with what they name, and its stores. */
function regionSlice(platform: Platform, name: string): unknown {
  if (name === allRegions) return Object.keys(platform.rollout.regions).map((one) => regionSlice(platform, one));
  const { rollout, regions, network, kubernetes, clickhouse } = platform;
  const { regions: all, components, ...shared } = rollout;
  const found = Object.hasOwn(all, name) ? all[name] : undefined;
  if (!found) return undefined;
  const own = Object.entries(components).filter(([, { regions: only }]) => only?.includes(name) ?? true);
  const namespace = kubernetes?.namespace;
  const stores = regionStores(platform, name);
  return {
    region: found,
    zones: regions[name]?.zones,
    network,
    namespace,
    ...shared,
    components: Object.fromEntries(own),
    pools: regionPools(platform, name),
    // Its gates look at them: at their addresses above all.
    stores: stores.map(({ store, name: one }) =>
      store === 'clickhouse' ? clickhouse.clusters[one] : redisSlice(platform, one),
    ),
  };
}

/** A cluster; for a run over one of its tables, without the tables and families that have nothing to do with it. */
function clickhouseSlice(
  { clickhouse: { clusters } }: Platform,
  name: string,
  table: string | undefined,
): ClickHouseCluster | undefined {
  const cluster = Object.hasOwn(clusters, name) ? clusters[name] : undefined;
  if (!cluster || table === undefined) return cluster;
  const families = Object.entries(cluster.families).filter(([, { levels }]) =>
    levels.some((one) => one.table === table),
  );
  const related = new Set([table, ...families.flatMap(([, { levels }]) => levels.map((one) => one.table))]);
  const tables = Object.entries(cluster.tables).filter(([one]) => related.has(one));
  return { ...cluster, families: Object.fromEntries(families), tables: Object.fromEntries(tables) };
}
