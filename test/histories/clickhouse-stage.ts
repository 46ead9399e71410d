import { startClickHouseCluster } from '../../lab/clickhouse/clickhouse.ts';
import { createEvents, insertBlocks } from '../../lab/load/clickhouse-events.ts';
import type { MoveRig } from '../support/move-rig.ts';
import { startMoveRig } from '../support/move-rig.ts';
import { connected, opening } from './opening.ts';

/** A real cluster with one table, a real server and workers in this process, whose driver calls can be got between. */
export type ClickHouseStage = {
  rig: MoveRig;
  stateDir: string;
  /** Fills a day of shard 1 that nobody has used; answers its partition. */
  filled: () => Promise<string>;
  /** Called before each call of a driver, `clickhouse.merges`; what it throws is what the driver throws. */
  before: (hook: (call: string) => Promise<void>) => void;
  stop: () => Promise<void>;
};

/** Starts everything in a folder of its own. `keyed`: the platform file says that rows are placed by a key. */
export async function openClickHouseStage({ keyed = false } = {}): Promise<ClickHouseStage> {
  return opening(async (parts) => {
    const { stateDir, stops, stop } = parts;
    const events = { cluster: 'metrics', database: 'load', table: 'events' };
    const cluster = await startClickHouseCluster({ stateDir, name: events.cluster });
    stops.push(() => cluster.stop());
    await createEvents(cluster.nodes, events);
    const server = await connected(parts);
    let hook: (call: string) => Promise<void> = async () => undefined;
    const before = (call: string): Promise<void> => hook(call);
    const rig = await startMoveRig({
      ...{ server, cluster, table: 'load.events', before, stateDir },
      settings: {
        ...{ distributed: 'load.events_all', tier: 'nvme' },
        ...(keyed ? { keys: { column: 'customer', buckets: 4 } } : {}),
      },
      tiers: { nvme: { medium: 'nvme', temperature: 'hot', size: '100GB' } },
    });
    stops.push(() => rig.stop());
    let days = 0;
    return {
      ...{ rig, stateDir, stop },
      before: (next) => void (hook = next),
      async filled() {
        days += 1;
        const day = new Date(Date.UTC(2026, 0, days)).toISOString().slice(0, 10);
        await insertBlocks(cluster.node('s1r1'), events, { day, firstBlock: days * 10, blocks: 5 });
        return day.replaceAll('-', '');
      },
    };
  });
}
