import { commandDiscovery, httpDiscovery } from '../../../src/drivers/discovery/index.ts';
import type { Discovery } from '../../../src/drivers/discovery/index.ts';
import type { Hook } from '../../../src/drivers/programs/index.ts';
import { confirmedPrograms } from '../../../src/drivers/programs/index.ts';
import type { RedisConnectOptions, RedisCredentials, RedisNode } from '../../../src/drivers/redis/index.ts';
import { connectRedis } from '../../../src/drivers/redis/index.ts';
import type { ErrorCode } from '../../../src/errors/index.ts';
import { GantryError } from '../../../src/errors/index.ts';
import type { RedisFence, RedisGroup, RedisKeepHook, RedisStartHook, SecretRef } from '../../../src/platform/index.ts';
import { sentinelDiscovery } from '../../../src/drivers/sentinel/index.ts';
import type { Logger } from '../../../src/telemetry/log.ts';
import { programPlace } from '../../run/program-place.ts';
import type { SentinelAccess } from './sentinels.ts';
import { sentinelAccess } from './sentinels.ts';
import { tlsOf } from './tls.ts';

/** A group as the worker reaches it: intent, connections, and where its clients look the primary up. */
export type RedisGroupAccess = {
  config: RedisGroup;
  /** A new connection to a node; the caller closes it. @throws REDIS_UNKNOWN_NODE, and what connecting gives */
  connect: (nodeName: string, options?: RedisConnectOptions) => Promise<RedisNode>;
  discovery: Discovery;
  /** Where the platform file names Sentinels. */
  sentinels?: SentinelAccess;
  /** A fence of the group's list that acts from outside Redis, aimed at one node. @throws SECRET_NOT_FOUND */
  fence: (fence: OutsideFence, node: { name: string; host: string; port: number }) => Fence;
  /**
   * A program of the group's `rejoin`, aimed at one node; `unit` is the name that every retry has, `primary` whom the node is
   * to follow. @throws SECRET_NOT_FOUND
   */
  hook: (
    hook: RedisKeepHook | RedisStartHook,
    node: { name: string; host: string; port: number },
    unit: string,
    primary: { host: string; port: number },
  ) => Hook;
};

const hookFailure = { what: 'hook', code: 'HOOK_FAILED' } as const;
const fenceFailure = { what: 'fence', code: 'FENCE_FAILED' } as const;

/** A fence outside Redis: it takes a node's network, process or power away, and can tell whether that is so. */
export type Fence = Hook & { readonly what: 'network' | 'process' | 'power' };

/** The fences that prove something without the node's help. */
export type OutsideFence = Extract<RedisFence, { kind: 'command' | 'ssh' }>;

/** What every redis step is given. */
export type RedisDeps = {
  /** @throws REDIS_UNKNOWN_GROUP */
  groups: (name: string) => RedisGroupAccess | Promise<RedisGroupAccess>;
  log: Logger;
};

/**
 * A group of the platform file → access to it. `secret` reads what the file only points to.
 * @throws SECRET_NOT_FOUND from `secret`
 */
export function redisGroupAccess(
  name: string,
  config: RedisGroup,
  secret: (ref: SecretRef) => string,
): RedisGroupAccess {
  const tls = config.tls && tlsOf(config.tls, secret);
  const credentials: RedisCredentials = {
    ...(config.username === undefined ? {} : { username: config.username }),
    ...(config.password === undefined ? {} : { password: secret(config.password) }),
    ...(tls ? { tls } : {}),
  };
  const sentinels = config.sentinel && sentinelAccess(config.sentinel, config.nodes, secret, tls);
  return {
    config,
    connect: async (nodeName, options) => {
      const node = config.nodes.find((one) => one.name === nodeName);
      if (node) return connectRedis({ host: node.host, port: node.port }, credentials, options);
      const names = config.nodes.map((one) => one.name).join(', ');
      throw new GantryError('REDIS_UNKNOWN_NODE', `the group ${name} has no node ${nodeName}; it has ${names}`);
    },
    discovery: discoveryOf(name, config.discovery, secret, sentinels),
    ...(sentinels ? { sentinels } : {}),
    fence: (fence, node) => {
      const target = { group: name, node: node.name, host: node.host, port: node.port };
      const programs = { name: fence.name, run: fence.fence, confirm: fence.confirm };
      return {
        what: fence.what,
        ...confirmedPrograms(programPlace(fence, secret), programs, target, fenceFailure),
      };
    },
    hook: (hook, node, unit, { host, port }) => {
      const primary = `${host.includes(':') ? `[${host}]` : host}:${port}`;
      const target = { group: name, node: node.name, host: node.host, port: node.port, unit, primary };
      // A start is proven by the node itself, which answers.
      const programs = { confirm: [], ...hook };
      return confirmedPrograms(programPlace(hook, secret), programs, target, hookFailure);
    },
  };
}

function discoveryOf(
  group: string,
  config: RedisGroup['discovery'],
  secret: (ref: SecretRef) => string,
  sentinels: SentinelAccess | undefined,
): Discovery {
  if (config.kind === 'sentinel') {
    // The schema asks for them; without Sentinels there is nobody to ask.
    if (!sentinels) throw new GantryError('PLATFORM_INVALID', `the discovery of ${group} needs its \`sentinel\``);
    const { master, endpoints, connect, spelling } = sentinels;
    return sentinelDiscovery({ master, sentinels: endpoints, connect, spelling });
  }
  if (config.kind === 'command') return commandDiscovery({ group, read: config.read, write: config.write });
  return httpDiscovery({
    group,
    url: config.url,
    ...(config.token === undefined ? {} : { token: secret(config.token) }),
  });
}

/** A connection to one node for as long as `use` runs. @throws what connecting gives */
export async function withNode<T>(
  access: RedisGroupAccess,
  name: string,
  use: (node: RedisNode) => Promise<T>,
  options?: RedisConnectOptions,
): Promise<T> {
  const node = await access.connect(name, options);
  try {
    return await use(node);
  } finally {
    node.close();
  }
}

/**
 * How long a node that counts as dead is given to answer: as long as a probe, and half a second at least. The usual time,
 * spent at every look of a plan and a fence, made a failover from a silent primary take half a minute.
 */
export function brief({ config }: RedisGroupAccess): RedisConnectOptions {
  const ms = Math.max(500, config.failover.probeTimeoutMs);
  return { connectTimeoutMs: ms, commandTimeoutMs: ms };
}

/** Connections to all of `names` for as long as `use` runs. @throws the first node's error, once all are closed again */
export async function withNodes<T>(
  access: RedisGroupAccess,
  names: readonly string[],
  use: (nodes: RedisNode[]) => Promise<T>,
): Promise<T> {
  const opened = await Promise.allSettled(names.map((name) => access.connect(name)));
  const nodes = opened.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  try {
    for (const one of opened) if (one.status === 'rejected') throw one.reason;
    return await use(nodes);
  } finally {
    for (const node of nodes) node.close();
  }
}

/** The codes that say: this node is not there now. A wrong password or a full disk is another matter. */
const absent: readonly ErrorCode[] = ['REDIS_UNREACHABLE', 'REDIS_TIMEOUT', 'REDIS_LOADING', 'REDIS_BUSY'];

/** Whether the error says that a node can't be asked now. */
export function isAbsence(error: unknown): error is GantryError {
  return error instanceof GantryError && absent.includes(error.code);
}
