import { GantryError } from '../../src/errors/index.ts';
import { until } from '../clock.ts';
import type { RedisLogin } from './client.ts';
import { redisInfo } from './client.ts';
import type { RedisNode, RedisNodeOptions } from './node.ts';
import { loginOf, startRedisNode } from './node.ts';

export type RedisGroupOptions = Omit<RedisNodeOptions, 'group' | 'name' | 'replicaOf' | 'port'> & {
  /** The group's name. */
  name: string;
  /** Default 2. */
  replicas?: number;
};

export type RedisGroup = {
  readonly name: string;
  /** `r1` (the primary at start), `r2`, … */
  readonly nodes: readonly RedisNode[];
  readonly password?: string;
  /** How one gets into every node. */
  readonly login: RedisLogin;
  node(name: string): RedisNode;
  /** One more replica of whichever node is given (default: the first), e.g. to restore redundancy. */
  addReplica(of?: RedisNode): Promise<RedisNode>;
  /** Ends every node, frozen and dead ones included. */
  stop(): Promise<void>;
};

export type { RedisNode } from './node.ts';

/**
 * Starts a Redis primary with its replicas on free ports and waits until every link is up.
 * @throws GantryError LAB_PART_MISSING, LAB_PART_FAILED; nothing is left running then
 */
export async function startRedisGroup(options: RedisGroupOptions): Promise<RedisGroup> {
  const { name: group, replicas = 2, ...shared } = options;
  const nodes: RedisNode[] = [];
  const start = async (replicaOf?: RedisNode): Promise<RedisNode> => {
    const name = `r${nodes.length + 1}`;
    const of = replicaOf && { host: replicaOf.host, port: replicaOf.port };
    const node = await startRedisNode({ ...shared, group, name, ...(of ? { replicaOf: of } : {}) });
    nodes.push(node);
    if (of) await linkUp(node, loginOf(shared));
    if (replicaOf) await hasSaved(replicaOf, loginOf(shared));
    return node;
  };
  const stop = async (): Promise<void> => void (await Promise.all(nodes.map((node) => node.stop())));
  try {
    const primary = await start();
    for (let count = 0; count < replicas; count += 1) await start(primary);
  } catch (error) {
    await stop();
    throw error;
  }
  const nodeOf = (name: string): RedisNode => {
    const found = nodes.find((node) => node.name === name);
    if (!found) throw new GantryError('LAB_PART_FAILED', `group ${group} has no node ${name}`);
    return found;
  };
  return {
    name: group,
    nodes,
    ...(shared.password === undefined ? {} : { password: shared.password }),
    login: loginOf(shared),
    node: nodeOf,
    addReplica: (of = nodeOf('r1')) => start(of),
    stop,
  };
}

/** Waits until the child that made a full copy for a replica is gone: a plan is refused while a save is running. */
async function hasSaved(node: RedisNode, login: RedisLogin): Promise<void> {
  const saved = await until(async () => {
    const info = await redisInfo(node, login, 'persistence');
    return info['rdb_bgsave_in_progress'] === '0' && info['aof_rewrite_in_progress'] === '0';
  }, 60_000);
  if (!saved) throw new GantryError('LAB_PART_FAILED', `${node.name} still saves`);
}

/**
 * Waits until a replica's link to its primary is up and no copy is under way. On a machine under load (30 on 2 cores) 15 s were
 * too short twice in a sweep of 426: a full copy forks on both sides.
 * @throws GantryError LAB_PART_FAILED after `withinMs`
 */
export async function linkUp(
  node: { name?: string; host: string; port: number },
  login?: string | RedisLogin,
  withinMs = 60_000,
): Promise<void> {
  const up = await until(async () => {
    const info = await redisInfo(node, login, 'everything');
    // Until its first append-only file is written, a killed replica would come back empty.
    const written = info['aof_rewrite_in_progress'] === '0' && info['aof_rewrite_scheduled'] === '0';
    return written && info['master_link_status'] === 'up' && info['master_sync_in_progress'] === '0';
  }, withinMs);
  if (up) return;
  throw new GantryError('LAB_PART_FAILED', `${node.name ?? node.port}: no replication link after ${withinMs} ms`);
}
