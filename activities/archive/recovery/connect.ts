import { connectClickHouse } from '../../../src/drivers/clickhouse/index.ts';
import type { ClickHouseConnectOptions } from '../../../src/drivers/clickhouse/index.ts';
import { confirmedPrograms } from '../../../src/drivers/programs/index.ts';
import type { SnapshotNode } from '../../../src/drivers/redis/load-snapshot.ts';
import { openSnapshotNode } from '../../../src/drivers/redis/load-snapshot.ts';
import type { ObjectStore } from '../../../src/drivers/s3/index.ts';
import { GantryError } from '../../../src/errors/index.ts';
import type { Platform, SecretRef } from '../../../src/platform/index.ts';
import { archiveOf } from '../../../src/platform/index.ts';
import type { RedisGroupAccess } from '../../redis/access/access.ts';
import type { RecoveryAccess, SnapshotTarget, StoreOptions, TableServer } from './access.ts';

/** How the parts of a platform file are reached. */
export type RecoveryGiven = {
  platform: Platform;
  secret: (ref: SecretRef) => string;
  store: (archive: string, options?: StoreOptions) => ObjectStore;
  /** A server of a cluster of production. */
  server: (cluster: string, name: string, options?: ClickHouseConnectOptions) => Promise<TableServer>;
  /** A group of production. @throws REDIS_UNKNOWN_GROUP */
  group: (name: string) => RedisGroupAccess;
};

const closedFailure = { what: 'program', code: 'ARCHIVE_STAGING_UNPROVEN' } as const;

/** An archive of the platform file → access to it, to its staging, and to the production that it is restored to. @throws ARCHIVE_UNKNOWN */
export function recoveryAccess(
  name: string,
  { platform, secret, store, server, group: groupOf }: RecoveryGiven,
): RecoveryAccess {
  const config = archiveOf(platform, name);
  const { staging, sources } = config;
  const clusters = Object.fromEntries(
    sources.clickhouse.flatMap(({ cluster }) => {
      const found = platform.clickhouse.clusters[cluster];
      return found ? [[cluster, found]] : [];
    }),
  );
  const groups = sources.redis.flatMap((group) => platform.redis.groups[group]?.nodes ?? []);
  const missing = (what: string): GantryError =>
    new GantryError('ARCHIVE_STAGING_MISSING', `the archive ${name} has no \`staging.${what}\``);
  const given = (login: { username?: string; password?: SecretRef }) => ({
    ...(login.username === undefined ? {} : { username: login.username }),
    ...(login.password === undefined ? {} : { password: secret(login.password) }),
  });
  return {
    ...{ name, config, clusters, now: () => Date.now(), server },
    agesTo: (platform.storage.buckets[config.bucket]?.ageRules ?? []).map(({ to }) => to),
    // By the ports that servers and clients use: whatever staging reaches there could act on production.
    production: [
      ...Object.values(clusters).flatMap(({ nodes }) =>
        nodes.map(({ name: node, host, port }) => ({ name: node, host, port })),
      ),
      ...groups.map(({ name: node, host, port }) => ({ name: node, host, port })),
    ],
    store: (options) => store(name, options),
    staging: async (options) => {
      if (!staging?.clickhouse) throw missing('clickhouse');
      const url = new URL(staging.clickhouse.url);
      const tls = url.protocol === 'https:';
      const port = Number(url.port || (tls ? 8443 : 8123));
      const login = { ...given(staging.clickhouse), ...(tls ? { tls: {} } : {}) };
      return connectClickHouse({ host: url.hostname, port }, login, options);
    },
    stagingRedis: async (options) => {
      if (!staging?.redis) throw missing('redis');
      const { host, port } = staging.redis;
      return openSnapshotNode({ host, port }, given(staging.redis), options);
    },
    latestEpoch: async (group) => {
      const { config: of, connect, discovery } = groupOf(group);
      const nodes = of.nodes.map(async ({ name: node }) => {
        const opened = await connect(node);
        try {
          return await opened.epoch();
        } finally {
          opened.close();
        }
      });
      // What was lost is often down: whoever answers counts. But for what clients were told: without it an epoch could be given twice.
      const [told, ...seen] = await Promise.all([discovery.read(), ...nodes.map((one) => one.catch(() => 0))]);
      return Math.max(told?.epoch ?? 0, ...seen);
    },
    primary: async (group, { cutOff = false, ...options } = {}) => {
      const found = platform.redis.groups[group];
      if (!found) throw new GantryError('REDIS_UNKNOWN_GROUP', `the platform file has no group ${group}`);
      if (found.sentinel) {
        const message = `${group} is watched by Sentinels, which would take the load for an outage: load ${group} by hand`;
        throw new GantryError('ARCHIVE_REDIS_SNAPSHOT_BROKEN', message);
      }
      return openPrimary(group, found.nodes, given(found), { ...options, cutOff });
    },
    ...(staging?.closed.kind === 'command'
      ? {
          closedBy: confirmedPrograms(
            { kind: 'command' },
            { name: 'staging is closed', run: [], confirm: staging.closed.confirm },
            { archive: name },
            closedFailure,
          ),
        }
      : {}),
  };
}

type GroupNode = { name: string; host: string; port: number };

/**
 * The one node of a group that says that it is primary. With `cutOff`, where every node answers and none is: the one that follows an
 * address outside of the group. So a worker leaves a primary that was lost while it gave it a snapshot.
 * @throws REDIS_NO_PRIMARY
 */
async function openPrimary(
  group: string,
  nodes: readonly GroupNode[],
  login: { username?: string; password?: string },
  { cutOff, ...options }: StoreOptions & { cutOff: boolean },
): Promise<SnapshotTarget> {
  const said: string[] = [];
  const opened: SnapshotNode[] = [];
  const [primaries, left]: [SnapshotNode[], SnapshotNode[]] = [[], []];
  let chosen: SnapshotNode | undefined;
  try {
    for (const { name, host, port } of nodes) {
      try {
        const node = await openSnapshotNode({ host, port }, login, options);
        opened.push(node);
        const followed = await node.follows();
        if (!followed) primaries.push(node);
        else if (!nodes.some((one) => one.host === followed.host && one.port === followed.port)) left.push(node);
      } catch (error) {
        said.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    if (primaries.length === 1) [chosen] = primaries;
    else if (cutOff && primaries.length === 0 && said.length === 0 && left.length === 1) [chosen] = left;
  } finally {
    for (const node of opened) if (node !== chosen) node.close();
  }
  if (chosen) return chosen;
  const message = `${primaries.length} nodes of ${group} say that they are primary${said.length > 0 ? `; ${said.join('; ')}` : ''}`;
  throw new GantryError('REDIS_NO_PRIMARY', message);
}
