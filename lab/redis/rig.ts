import { join } from 'node:path';
import { discoveryHere, startDiscoveryProcess } from '../discovery/process.ts';
import type { Links } from '../faults/links.ts';
import { startLinks } from '../faults/links.ts';
import { writeLabPlatform } from '../platform-file.ts';
import { withRedis } from './client.ts';
import type { RedisGroup, RedisGroupOptions } from './redis.ts';
import { linkUp, startRedisGroup } from './redis.ts';
import type { SentinelOptions, Sentinels } from './sentinel.ts';
import { startSentinels } from './sentinel.ts';

export type RedisRigOptions = {
  stateDir: string;
  /** Default `sessions`. */
  group?: string;
  replicas?: number;
  redis?: Partial<RedisGroupOptions>;
  /** Sentinels that watch the group and stand in the platform file. */
  sentinels?: Partial<SentinelOptions>;
  /** `host:port` that the platform file gives for a node instead of its own (a proxy in front of it). */
  addresses?: (node: { name: string; host: string; port: number }) => { host: string; port: number };
  /**
   * Places that have a link of their own to every node, which can be cut (`rig.links`). `workers` is always one: its links
   * are what the platform file and the discovery say. The replicas are places too, by their names.
   */
  places?: readonly string[];
  /** Merged into the group's entry of the platform file. */
  settings?: Record<string, unknown>;
  /** Where the platform file has reports published; default: in the state folder. */
  reportFolder?: string;
  /**
   * Where discovery runs. Default `process`: one of its own, which outlives whoever is killed. `here`: in this process, for a rig
   * that is not to outlive it; it saves a start of Node, half a second of CPU.
   */
  discovery?: 'process' | 'here';
  /** The platform file's `policies`. */
  policies?: Record<string, unknown>;
};

/** A Redis group with its discovery, and the platform file that names them. */
export type RedisRig = {
  group: RedisGroup;
  sentinels?: Sentinels;
  /** With `places` only. */
  links?: Links;
  groupName: string;
  discoveryUrl: string;
  platformFile: string;
  reportFolder: string;
  /** What a worker needs in its environment. */
  env: Record<string, string>;
  stop(): Promise<void>;
};

/** Also the name of the environment variable in which the rig's workers find the password. */
const passwordVariable = 'GANTRY_LAB_REDIS_PASSWORD';
const password = 'lab-password-of-no-worth';

/**
 * Starts the group, password-protected like a real one, and a discovery that names its primary.
 * @throws GantryError LAB_PART_MISSING, LAB_PART_FAILED; nothing is left running then
 */
export async function startRedisRig(options: RedisRigOptions): Promise<RedisRig> {
  const { stateDir, group: groupName = 'sessions', replicas = 2 } = options;
  const group = await startRedisGroup({
    stateDir,
    name: groupName,
    replicas,
    password,
    minReplicasToWrite: 1,
    minReplicasMaxLagSeconds: 10,
    ...options.redis,
  });
  let sentinels: Sentinels | undefined;
  let links: Links | undefined;
  let discovery: { url: string; stop(): Promise<void> } | undefined;
  const address: NonNullable<RedisRigOptions['addresses']> = (node) =>
    links?.route('workers', node.name) ?? options.addresses?.(node) ?? { host: node.host, port: node.port };
  try {
    if (options.places) links = await linked(group, options.places);
    discovery = await (options.discovery === 'here' ? discoveryHere : startDiscoveryProcess)({
      ...{ stateDir, file: join(stateDir, 'discovery', 'records.json') },
    });
    const url = `${discovery.url}/redis/${groupName}`;
    const primary = group.node('r1');
    await fetch(url, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ primary: address(primary), epoch: 0 }),
    });
    sentinels =
      options.sentinels &&
      (await startSentinels({
        ...{ stateDir, master: groupName, primary, replicas, ...group.login },
        ...options.sentinels,
      }));
    const settings = {
      ...(sentinels
        ? { sentinel: { master: groupName, nodes: sentinels.nodes.map(({ host, port }) => ({ host, port })) } }
        : {}),
      ...options.settings,
    };
    const { path, reportFolder } = writeLabPlatform({
      stateDir,
      group: groupName,
      nodes: group.nodes.map((node) => ({ name: node.name, ...address(node) })),
      discoveryUrl: discovery.url,
      passwordVariable,
      settings,
      ...(options.policies ? { policies: options.policies } : {}),
      ...(options.reportFolder ? { reportFolder: options.reportFolder } : {}),
    });
    return {
      group,
      ...(sentinels ? { sentinels } : {}),
      ...(links ? { links } : {}),
      groupName,
      discoveryUrl: discovery.url,
      platformFile: path,
      reportFolder,
      env: { [passwordVariable]: password },
      stop: async () => {
        await discovery?.stop();
        await sentinels?.stop();
        await group.stop();
        await links?.stop();
      },
    };
  } catch (error) {
    await discovery?.stop();
    await sentinels?.stop();
    await group.stop();
    await links?.stop();
    throw error;
  }
}

/** The group with links between it and the places; the replicas follow the primary over theirs. */
async function linked(group: RedisGroup, places: readonly string[]): Promise<Links> {
  const [primary, ...replicas] = group.nodes;
  const links = await startLinks(['workers', ...places, ...replicas.map(({ name }) => name)], group.nodes);
  for (const replica of replicas) {
    const { host, port } = links.route(replica.name, primary?.name ?? '');
    await withRedis(replica, group.login, async (redis) => {
      await redis.replicaof(host, port);
      await redis.config('REWRITE');
    });
    await linkUp(replica, group.login);
  }
  return links;
}
