import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { writeClickHousePlatform } from '../../../lab/clickhouse-platform.ts';
import { startClickHouseCluster } from '../../../lab/clickhouse.ts';
import { createEvents } from '../../../lab/load/clickhouse-events.ts';
import type { Scene } from '../scene.ts';
import type { ClickHouseScene } from './move-take.ts';
import { beginMove } from './move-take.ts';

const profile = { heartbeat: '1s', attempts: 30, firstRetry: '100ms', maxRetry: '300ms' };
const policies = {
  default: { approval: { people: 0 }, profiles: { quick: profile, slow: profile, watched: profile } },
};

/** A cluster for many runs, each of which moves a day of its own. */
export async function startClickHouseScene(stateDir: string): Promise<Scene> {
  const name = 'metrics';
  const events = { cluster: name, database: 'load', table: 'events' };
  const fences = join(stateDir, 'fences');
  mkdirSync(fences, { recursive: true });
  // What a run did is read from the replication log, which is cleaned above a hundred entries.
  const cluster = await startClickHouseCluster({ stateDir, name, mergeTree: { min_replicated_logs_to_keep: 10_000 } });
  try {
    await createEvents(cluster.nodes, events);
    const held = join(fences, '{partition}');
    const fence = { kind: 'command', close: ['touch', held], confirm: ['test', '-e', held], open: ['rm', '-f', held] };
    const tables = { 'load.events': { closedAfter: '0s', fence } };
    const { path } = writeClickHousePlatform({ stateDir, cluster, tables, policies });
    const scene: ClickHouseScene = { cluster, events, fences };
    let days = 0;
    return {
      workflowType: 'underTable',
      platformFile: path,
      env: { GANTRY_STATE_DIR: join(stateDir, 'workers') },
      begin: () => beginMove(scene, (days += 1)),
      stop: () => cluster.stop(),
    };
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}
