import { commandDiscovery, httpDiscovery } from '../../src/drivers/discovery/index.ts';
import type { Discovery } from '../../src/drivers/discovery/index.ts';
import type { RedisConnectOptions, RedisCredentials, RedisNode } from '../../src/drivers/redis/index.ts';
import { connectRedis } from '../../src/drivers/redis/index.ts';
import type { ErrorCode } from '../../src/errors/index.ts';
import { GantryError } from '../../src/errors/index.ts';
import type { RedisGroup, SecretRef } from '../../src/platform/index.ts';
import type { Logger } from '../../src/telemetry/log.ts';

/** A group as the worker reaches it: intent, connections, and where its clients look the primary up. */
export type RedisGroupAccess = {
  config: RedisGroup;
  /** A new connection to a node; the caller closes it. @throws REDIS_UNKNOWN_NODE, REDIS_TLS_UNSUPPORTED, and what connecting gives */
  connect: (nodeName: string, options?: RedisConnectOptions) => Promise<RedisNode>;
  discovery: Discovery;
};

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
  const credentials: RedisCredentials = {
    ...(config.username === undefined ? {} : { username: config.username }),
    ...(config.password === undefined ? {} : { password: secret(config.password) }),
  };
  return {
    config,
    connect: async (nodeName, options) => {
      // To speak without TLS to a group that asks for it would send the password in clear.
      if (config.tls) {
        throw new GantryError('REDIS_TLS_UNSUPPORTED', `${name} asks for TLS: ${nodeName} is not connected to`);
      }
      const node = config.nodes.find((one) => one.name === nodeName);
      if (node) return connectRedis({ host: node.host, port: node.port }, credentials, options);
      const names = config.nodes.map((one) => one.name).join(', ');
      throw new GantryError('REDIS_UNKNOWN_NODE', `the group ${name} has no node ${nodeName}; it has ${names}`);
    },
    discovery: discoveryOf(name, config.discovery, secret),
  };
}

function discoveryOf(group: string, config: RedisGroup['discovery'], secret: (ref: SecretRef) => string): Discovery {
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
): Promise<T> {
  const node = await access.connect(name);
  try {
    return await use(node);
  } finally {
    node.close();
  }
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
