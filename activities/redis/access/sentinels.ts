import type { Endpoint, RedisCredentials, RedisTlsOptions } from '../../../src/drivers/redis/index.ts';
import type { SentinelNode } from '../../../src/drivers/sentinel/index.ts';
import { connectSentinel } from '../../../src/drivers/sentinel/index.ts';
import type { RedisGroup, RedisSentinel, SecretRef } from '../../../src/platform/index.ts';
import type { NodeNames } from './node-names.ts';
import { nodeNames } from './node-names.ts';

/** The Sentinels of a group as the worker reaches them. */
export type SentinelAccess = NodeNames & {
  master: string;
  endpoints: readonly Endpoint[];
  /** A new connection; the caller closes it. */
  connect: (at: Endpoint) => Promise<SentinelNode>;
};

/** A Sentinel that takes longer than this counts as silent: others have to be asked meanwhile. Milliseconds. */
const commandTimeoutMs = 500;

/** @throws SECRET_NOT_FOUND from `secret` */
export function sentinelAccess(
  config: RedisSentinel,
  nodes: RedisGroup['nodes'],
  secret: (ref: SecretRef) => string,
  tls: RedisTlsOptions | undefined,
): SentinelAccess {
  const credentials: RedisCredentials = {
    ...(config.username === undefined ? {} : { username: config.username }),
    ...(config.password === undefined ? {} : { password: secret(config.password) }),
    ...(config.tls && tls ? { tls } : {}),
  };
  return {
    master: config.master,
    endpoints: config.nodes.map(({ host, port }) => ({ host, port })),
    connect: (at) => connectSentinel(at, credentials, { commandTimeoutMs }),
    // Sentinels name addresses; the platform file may name hosts.
    ...nodeNames(nodes),
  };
}

/** Connections to all Sentinels that answer, for as long as `use` runs. */
export async function withSentinels<T>(
  access: SentinelAccess,
  use: (sentinels: readonly SentinelNode[]) => Promise<T>,
): Promise<T> {
  const opened = await Promise.allSettled(access.endpoints.map((at) => access.connect(at)));
  const sentinels = opened.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  try {
    return await use(sentinels);
  } finally {
    for (const sentinel of sentinels) sentinel.close();
  }
}
