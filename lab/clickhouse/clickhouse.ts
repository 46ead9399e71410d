import { GantryError } from '../../src/errors/index.ts';
import { until } from '../clock.ts';
import { clickhouseRows } from './client.ts';
import type { ShardConfig } from './config.ts';
import type { ClickHouseServer, ClickHouseServerOptions } from './server.ts';
import { clickhouseServer } from './server.ts';
import type { ZooKeeper } from './zookeeper.ts';
import { startZooKeeper } from './zookeeper.ts';

export type { ClickHouseServer } from './server.ts';

export type ClickHouseClusterOptions = Pick<
  ClickHouseServerOptions,
  'stateDir' | 'password' | 'sessionTimeoutMs' | 'profile' | 'mergeTree' | 'detached'
> & {
  /** As `remote_servers` names it. */
  name: string;
  /** Default 2. */
  shards?: number;
  /** Per shard; default 2. */
  replicas?: number;
  /** Where a node keeps its data, by its name; default: below the node's own folder. */
  dataDirs?: Readonly<Record<string, string>>;
};

export type ClickHouseCluster = {
  readonly name: string;
  readonly zookeeper: ZooKeeper;
  /** `s1r1`, `s1r2`, `s2r1`, … */
  readonly nodes: readonly ClickHouseServer[];
  node(name: string): ClickHouseServer;
  shard(number: number): readonly ClickHouseServer[];
  /** One more shard, running; nobody lists it in a cluster until `declare`. */
  addShard(): Promise<readonly ClickHouseServer[]>;
  /** Has every node list these shards, with these weights, and waits until all do. Default: all, with weight 1. */
  declare(weights?: Readonly<Record<number, number>>): Promise<void>;
  stop(): Promise<void>;
};

/**
 * Starts ZooKeeper and the shards of a cluster, each server with its own folder and ports, and waits until all answer.
 * About 0.5 GB resident for 2 × 2.
 * @throws GantryError LAB_PART_MISSING, LAB_PART_FAILED; nothing is left running then
 */
export async function startClickHouseCluster(options: ClickHouseClusterOptions): Promise<ClickHouseCluster> {
  const { name: cluster, shards = 2, replicas = 2, dataDirs = {}, ...shared } = options;
  const nodes: ClickHouseServer[] = [];
  const zookeeper = await startZooKeeper({
    ...{ stateDir: shared.stateDir, name: `${cluster}-zookeeper` },
    ...(shared.detached === undefined ? {} : { detached: shared.detached }),
  });
  // Killed: a clean stop takes seconds, and nothing of the cluster is looked at afterwards.
  const stop = async (): Promise<void> => void (await Promise.all([...nodes, zookeeper].map((part) => part.kill())));
  const shardOf = (number: number): ClickHouseServer[] => nodes.filter((node) => node.shard === number);
  const addNodes = async (shard: number): Promise<ClickHouseServer[]> => {
    for (let replica = 1; replica <= replicas; replica += 1) {
      const name = `s${shard}r${replica}`;
      const dataDir = dataDirs[name];
      const place = { name, shard, replica, cluster, zookeeper: { host: zookeeper.host, port: zookeeper.port } };
      nodes.push(await clickhouseServer({ ...shared, ...place, ...(dataDir === undefined ? {} : { dataDir }) }));
    }
    return shardOf(shard);
  };
  const listed = (weights: Readonly<Record<number, number>>): ShardConfig[] =>
    Object.entries(weights).map(([number, weight]) => ({ weight, replicas: shardOf(Number(number)) }));
  const everyShard = (): Record<number, number> => Object.fromEntries(nodes.map(({ shard }) => [shard, 1]));
  let declared: Readonly<Record<number, number>> = {};
  const write = (): void => nodes.forEach((node) => node.declare({ [cluster]: listed(declared) }));

  try {
    for (let shard = 1; shard <= shards; shard += 1) await addNodes(shard);
    declared = everyShard();
    write();
    await settleAll(nodes.map((node) => node.start()));
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    name: cluster,
    zookeeper,
    nodes,
    node: (name) => {
      const found = nodes.find((node) => node.name === name);
      if (!found) throw new GantryError('LAB_PART_FAILED', `cluster ${cluster} has no node ${name}`);
      return found;
    },
    shard: shardOf,
    async addShard() {
      const added = await addNodes(Math.max(...nodes.map(({ shard }) => shard)) + 1);
      write(); // a server wants a remote_servers of some kind
      await settleAll(added.map((node) => node.start()));
      return added;
    },
    async declare(weights = everyShard()) {
      declared = weights;
      write();
      await Promise.all(
        nodes.filter((node) => node.isRunning()).map((node) => believes(node, cluster, listed(weights))),
      );
    },
    stop,
  };
}

/** Waits until a node lists exactly these servers with these weights. @throws GantryError LAB_PART_FAILED */
async function believes(node: ClickHouseServer, cluster: string, shards: readonly ShardConfig[]): Promise<void> {
  const wanted = shards.flatMap(({ weight = 1, replicas }) => replicas.map(({ tcpPort }) => `${tcpPort}×${weight}`));
  const look = `SELECT port, shard_weight FROM system.clusters WHERE cluster = '${cluster}'`;
  const sound = await until(
    async () => {
      const rows = await clickhouseRows<{ port: number; shard_weight: number }>(node, look);
      const seen = rows.map(({ port, shard_weight }) => `${port}×${shard_weight}`);
      return seen.sort().join() === wanted.sort().join();
    },
    20_000,
    100,
  );
  if (!sound) throw new GantryError('LAB_PART_FAILED', `${node.name} did not take up the new remote_servers`);
}

/** Waits for all, so that none is still starting when the first failure is thrown. */
async function settleAll(starts: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(starts)).find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
}
