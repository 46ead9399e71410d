import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { writeClickHousePlatform } from '../../../lab/clickhouse/platform.ts';
import { startClickHouseCluster } from '../../../lab/clickhouse/clickhouse.ts';
import type { Scene } from '../scene.ts';
import { keepsItsLog, sweptPolicy } from './settings.ts';
import type { ClickHouseScene, Work } from './move-take.ts';
import { beginMove } from './move-take.ts';

/** A cluster for many runs, each of which moves a day of its own, or a part of it. */
export async function startClickHouseScene(stateDir: string, name: string, work: Work): Promise<Scene> {
  const events = { cluster: name, database: 'load', table: 'events' };
  const fences = join(stateDir, 'fences');
  mkdirSync(fences, { recursive: true });
  const cluster = await startClickHouseCluster({ stateDir, name, mergeTree: keepsItsLog });
  try {
    const held = join(fences, '{partition}');
    const fence = { kind: 'command', close: ['touch', held], confirm: ['test', '-e', held], open: ['rm', '-f', held] };
    const keys =
      work.kind === 'split' ? { distributed: 'load.events_all', keys: { column: 'customer', buckets: 12 } } : {};
    const tables = { 'load.events': { closedAfter: '0s', fence, ...keys } };
    const { path } = writeClickHousePlatform({ stateDir, cluster, tables, policies: { default: sweptPolicy } });
    const scene: ClickHouseScene = { cluster, events, fences, work };
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
