import { startClickHouseCluster } from '../../lab/clickhouse/clickhouse.ts';
import { createEvents, insertBlocks } from '../../lab/load/clickhouse-events.ts';
import { restingTable } from '../support/rebalance-rig.ts';
import type { ShardRig } from '../support/shard-rig.ts';
import { hostFiles, queueProgram, startShardRig } from '../support/shard-rig.ts';
import { connected, opening } from './opening.ts';

/** A real cluster with days on its first shard alone, workers in this process, and hosts that list what they are asked to. */
export type ShardStage = {
  rig: ShardRig;
  stateDir: string;
  table: string;
  /** Called before each call of a driver; what it throws is what the driver throws. */
  before: (hook: (call: string) => Promise<void>) => void;
  stop: () => Promise<void>;
};

/** `third`: a third shard is there that nobody lists; `empties`: the platform file says that the second takes no rows. */
export async function openShardStage({ third = false, empties = false } = {}): Promise<ShardStage> {
  return opening(async (parts) => {
    const { stateDir, stops, stop } = parts;
    const events = { cluster: 'metrics', database: 'load', table: 'events' };
    const cluster = await startClickHouseCluster({ stateDir, name: events.cluster });
    stops.push(() => cluster.stop());
    await createEvents(cluster.nodes, events);
    for (let day = 1; day <= 4; day += 1) {
      const block = { day: `2026-01-0${day}`, firstBlock: day * 10, blocks: 5 };
      await insertBlocks(cluster.node(empties ? 's2r1' : 's1r1'), events, block);
    }
    if (third) await cluster.addShard();
    const server = await connected(parts);
    const hosts = hostFiles(cluster);
    stops.push(() => hosts.stop());
    let hook: (call: string) => Promise<void> = async () => undefined;
    const table = `${events.database}.${events.table}`;
    const rig = await startShardRig({
      ...{ server, cluster, stateDir, tables: { [table]: restingTable(table) }, before: (call: string) => hook(call) },
      membership: {
        hook: hosts.hook,
        queues: queueProgram(cluster),
        ...(empties ? { weights: { 2: 0 } } : {}),
      },
    });
    stops.push(() => rig.stop());
    return { rig, stateDir, table, stop, before: (next) => void (hook = next) };
  });
}
