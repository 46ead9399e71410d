import type { RedisNode } from '../../../src/drivers/redis/index.ts';
import { aclUsers, minReplicasKey } from '../../../src/drivers/redis/index.ts';
import { GantryError } from '../../../src/errors/index.ts';
import type { DiscoveryFacts, GroupFacts, NodeFacts, NodeReading } from '../../../src/planning/redis/index.ts';
import { wait } from '../../../src/steps/index.ts';
import type { RedisGroupAccess } from '../access/access.ts';
import { brief } from '../access/access.ts';
import { readSentinels } from './read-sentinels.ts';

/** Between the two samples of the primary's offset that give the write rate. Milliseconds. */
const sampleMs = 200;

/** Settings that clients would notice if they changed with the primary. */
const comparedSettings = ['maxmemory', 'maxmemory-policy', 'databases', 'masteruser'] as const;

/**
 * Everything that a plan needs to know of a group, read from all nodes at once. A node's failure is a fact, not an error.
 * The `suspect` is not waited for as long as the others.
 */
export async function readFacts(access: RedisGroupAccess, signal: AbortSignal, suspect?: string): Promise<GroupFacts> {
  const [nodes, discovery, sentinels] = await Promise.all([
    Promise.all(access.config.nodes.map((ref) => readNode(access, ref, ref.name === suspect))),
    readDiscovery(access),
    access.sentinels && readSentinels(access.sentinels),
  ]);
  const primaries = nodes.filter((node) => node.reading?.role === 'primary');
  const [primary] = primaries;
  const rate = primaries.length === 1 && primary ? await writeRate(access, primary.name, signal) : undefined;
  return {
    nodes,
    discovery,
    ...(rate === undefined ? {} : { writeBytesPerSecond: rate }),
    ...(sentinels ? { sentinels } : {}),
  };
}

async function readNode(
  access: RedisGroupAccess,
  ref: { name: string; host: string; port: number },
  isSuspect: boolean,
): Promise<NodeFacts> {
  const { name, host, port } = ref;
  let node: RedisNode | undefined;
  try {
    node = await access.connect(name, isSuspect ? brief(access) : undefined);
    return { name, host, port, reading: await readingOf(node) };
  } catch (error) {
    if (!(error instanceof GantryError)) throw error;
    return { name, host, port, problem: { code: error.code, message: `${name}: ${error.message}` } };
  } finally {
    node?.close();
  }
}

async function readingOf(node: RedisNode): Promise<NodeReading> {
  // In turn on one connection: a busy or loading node is found by the first command that it refuses.
  const [server, persistence] = [await node.info('server'), await node.info('persistence')];
  const replication = await node.replication();
  const config = await node.configGet([
    ...comparedSettings,
    'masterauth',
    'save',
    'replica-read-only',
    'replica-serve-stale-data',
    'min-replicas-to-write',
    'min-replicas-max-lag',
    'replica-priority',
  ]);
  const acl = await permitted(node.aclList());
  const announces = await permitted(node.announces());
  const recorded = Number((await node.get(minReplicasKey)) ?? NaN);
  return {
    version: server['valkey_version'] ?? server['redis_version'] ?? '0',
    role: replication.role,
    ...(replication.follows ? { follows: replication.follows } : {}),
    ...(announces ? { announces } : {}),
    replicas: replication.replicas.map(({ host, port }) => ({ host, port })),
    linkUp: replication.linkUp,
    syncInProgress: replication.syncInProgress,
    offset: replication.offset,
    replid: replication.replid,
    replid2: replication.replid2,
    secondOffset: replication.secondOffset,
    keys: keysOf(await node.info('keyspace')),
    priority: Number(config['replica-priority'] ?? replication.priority ?? 100),
    failoverInProgress: replication.failoverState !== 'no-failover',
    loading: persistence['loading'] === '1',
    savingRdb: persistence['rdb_bgsave_in_progress'] === '1',
    rewritingAof: persistence['aof_rewrite_in_progress'] === '1',
    aofEnabled: persistence['aof_enabled'] === '1',
    rdbEnabled: Boolean(config['save']),
    hasConfigFile: Boolean(server['config_file']),
    readOnlyAsReplica: config['replica-read-only'] !== 'no',
    answersWithoutLink: config['replica-serve-stale-data'] !== 'no',
    settings: {
      ...Object.fromEntries(comparedSettings.map((name) => [name, config[name] ?? ''])),
      // A secret: only whether there is one. A primary without it could not follow the next.
      masterauth: config['masterauth'] ? 'set' : 'not set',
    },
    ...(acl ? { users: aclUsers(acl) } : {}),
    modules: (await permitted(node.moduleList())) ?? [],
    writeSafety: {
      minReplicasToWrite: Number(config['min-replicas-to-write'] ?? 0),
      minReplicasMaxLagSeconds: Number(config['min-replicas-max-lag'] ?? 0),
    },
    ...(Number.isInteger(recorded) ? { minReplicasRecorded: recorded } : {}),
    backlogBytes: replication.backlogBytes,
    sentinelListens: await node.sentinelListens(),
    epoch: await node.epoch(),
  };
}

/** The keys of all databases, from `INFO keyspace`: `db0:keys=3,expires=0,…`. */
export function keysOf(keyspace: Readonly<Record<string, string>>): number {
  return Object.values(keyspace).reduce((sum, text) => sum + Number(/keys=(\d+)/.exec(text)?.[1] ?? 0), 0);
}

/** The answer, or nothing where the worker's user may not ask. */
async function permitted<T>(ask: Promise<T>): Promise<T | undefined> {
  try {
    return await ask;
  } catch (error) {
    if (error instanceof GantryError && error.code === 'REDIS_NO_PERMISSION') return undefined;
    throw error;
  }
}

async function writeRate(access: RedisGroupAccess, name: string, signal: AbortSignal): Promise<number | undefined> {
  let node: RedisNode | undefined;
  try {
    node = await access.connect(name);
    const [first, from] = [await node.replication(), performance.now()];
    await wait(sampleMs, signal);
    const second = await node.replication();
    return ((second.offset - first.offset) * 1000) / (performance.now() - from);
  } catch (error) {
    // It was there a moment ago; without a rate the plan only lacks a warning.
    if (error instanceof GantryError) return undefined;
    throw error;
  } finally {
    node?.close();
  }
}

/** What the discovery says, as a fact. */
export async function readDiscovery(access: RedisGroupAccess): Promise<DiscoveryFacts> {
  try {
    const entry = await access.discovery.read();
    return entry ? { kind: 'entry', ...entry } : { kind: 'nothing' };
  } catch (error) {
    if (!(error instanceof GantryError)) throw error;
    return { kind: 'problem', code: error.code, message: error.message };
  }
}
