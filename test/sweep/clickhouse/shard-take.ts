import { join } from 'node:path';
import { until } from '../../../lab/clock.ts';
import { clickhouseCall, clickhouseRows } from '../../../lab/clickhouse/client.ts';
import { writeClickHousePlatform } from '../../../lab/clickhouse/platform.ts';
import type { ClickHouseCluster } from '../../../lab/clickhouse/clickhouse.ts';
import { startClickHouseCluster } from '../../../lab/clickhouse/clickhouse.ts';
import { createEvents, rowsPerBlock } from '../../../lab/load/clickhouse-events.ts';
import type { Inserter } from '../../../lab/load/clickhouse-inserter.ts';
import { createInserter } from '../../../lab/load/clickhouse-inserter.ts';
import type { TotalsReader } from '../../../lab/load/clickhouse-reader.ts';
import { startTotalsReader } from '../../../lab/load/clickhouse-reader.ts';
import { restingTable } from '../../support/rebalance-rig.ts';
import type { HostFiles } from '../../support/shard-rig.ts';
import { hostFiles, queueProgram } from '../../support/shard-rig.ts';
import type { Findings, Scene, Take } from '../scene.ts';
import { changesOf, clear, hasRows, idle, one, rowsOf } from './look.ts';
import { keepsItsLog, sweptPolicy } from './settings.ts';

const events = { database: 'load', table: 'events' };
const full = `${events.database}.${events.table}`;
const blocksPerDay = 6;
/** A list of shards is taken up within seconds, three times; a partition or two are moved in between. */
const patienceMs = 120_000;

/** A third shard comes, or goes: how the weights and the days of each shard are before the run. */
const works = {
  add: { workflowType: 'clickhouseAddShard', weights: { 1: 1, 2: 1 }, days: { 1: 3, 2: 3, 3: 0 } },
  drain: { workflowType: 'clickhouseDrainShard', weights: { 1: 1, 2: 1, 3: 1 }, days: { 1: 3, 2: 2, 3: 1 } },
} as const;
type Work = keyof typeof works;

type ShardScene = { work: Work; cluster: ClickHouseCluster; hosts: HostFiles };

/** A cluster for many runs, each of which adds its third shard, or empties it. */
export async function startShardScene(stateDir: string, name: string, work: Work): Promise<Scene> {
  const cluster = await startClickHouseCluster({ stateDir, name, mergeTree: keepsItsLog });
  const hosts = hostFiles(cluster);
  const stop = async (): Promise<void> => {
    await hosts.stop();
    await cluster.stop();
  };
  try {
    await createEvents(cluster.nodes, { cluster: name, ...events });
    const third = await cluster.addShard();
    if (work === 'drain') await createEvents(third, { cluster: name, ...events });
    const { path } = writeClickHousePlatform({
      ...{ stateDir, cluster, tables: { [full]: restingTable(full) }, policies: { default: policyOf(work) } },
      tiers: { nvme: { medium: 'nvme', temperature: 'hot', size: '100GB' } },
      membership: {
        hook: hosts.hook,
        ...(work === 'drain' ? { weights: { 3: 0 }, queues: queueProgram(cluster) } : {}),
      },
    });
    let runs = 0;
    return {
      workflowType: works[work].workflowType,
      platformFile: path,
      env: { GANTRY_STATE_DIR: join(stateDir, 'workers') },
      patienceMs,
      begin: () => beginShard({ work, cluster, hosts }, (runs += 1)),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

const policyOf = (work: Work): object => ({
  ...sweptPolicy,
  ...(work === 'drain' ? { soak: { duration: '300ms', every: '100ms' } } : {}),
});

/** Has the lists and the days as they are before a run; days of its own, which a reader counts all the while. */
async function beginShard(scene: ShardScene, number: number): Promise<Take> {
  const { work, cluster, hosts } = scene;
  const { weights, days } = works[work];
  hosts.forget();
  await cluster.declare(weights);
  const shards = [1, 2, 3].map((shard) => cluster.shard(shard));
  const first = Date.UTC(2020, 0, 1 + number * 10);
  const inserter = createInserter({ shards, events: { cluster: cluster.name, ...events }, today: dayAfter(first, 9) });
  const seeded: string[] = [];
  for (const [shard, count] of Object.entries(days)) {
    for (let at = 0; at < count; at += 1) {
      const day = dayAfter(first, seeded.length);
      await inserter.seed(Number(shard), day, blocksPerDay);
      await hasRows(cluster.shard(Number(shard)), events, day, blocksPerDay * rowsPerBlock);
      seeded.push(day);
    }
  }
  const reader = startTotalsReader({
    ...{ server: cluster.node('s1r1'), table: `${full}_all`, days: seeded, everyMs: 50 },
    bounds: (of) => inserter.ledger.bounds(of),
  });
  const asked = hosts.asked.length;
  return {
    workflowId: `clickhouse/${cluster.name}`,
    input: { cluster: cluster.name, shard: 3 },
    conclude: () => conclude(scene, { inserter, reader, days: seeded, asked }),
  };
}

type Given = { inserter: Inserter; reader: TotalsReader; days: readonly string[]; asked: number };

async function conclude({ work, cluster, hosts }: ShardScene, given: Given): Promise<Findings> {
  const { inserter, reader, days, asked } = given;
  const wrong = await reader.stop();
  for (const server of cluster.nodes) await until(() => idle(server, events.table), 10_000, 50);
  const verdict = await inserter.verify(cluster.node('s1r1'));
  const effects = hosts.asked.slice(asked).map((list) => `listed ${list}`);
  const rows: Record<string, number> = {};
  const lists: Record<string, string> = {};
  let canaries = 0;
  for (const server of cluster.nodes) {
    const counts = await Promise.all(days.map((day) => rowsOf(server, events, day)));
    rows[server.name] = counts.reduce((sum, count) => sum + count, 0);
    lists[server.name] = await listedBy(cluster, server.name);
    const left = await one(server, `SELECT count() FROM system.tables WHERE name LIKE 'gantry\\\\_canary%'`);
    canaries += left;
    if (server.replica > 1) continue;
    for (const day of days)
      effects.push(...(await changesOf(server, events, day)).map((what) => `shard ${server.shard}: ${what}`));
  }
  const state = {
    ...{ rows, lists, canaries, tables: await tablesOfThird(cluster), missing: wrong.some(({ under }) => under < 0) },
    ...{ doubledRows: verdict.doubledRows, foreignRows: verdict.foreignRows },
  };
  await clear(cluster, events, days);
  // A shard that comes has no table.
  if (work === 'add') for (const server of cluster.shard(3)) await clickhouseCall(server, 'DROP DATABASE load');
  return {
    effects: effects.map((what) => ({ what, certain: true })),
    ...{ empty: [], state, acked: verdict.acknowledgedRows, lost: verdict.lostRows, onOldAfterNew: 0 },
    evidence: { wrong, verdict, effects },
  };
}

const dayAfter = (first: number, days: number): string =>
  new Date(first + days * 86_400_000).toISOString().slice(0, 10);

/** `1=1,2=1,3=1`: each shard with its weight, as a server believes. */
async function listedBy(cluster: ClickHouseCluster, node: string): Promise<string> {
  const rows = await clickhouseRows<{ shard_num: number; shard_weight: number }>(
    cluster.node(node),
    `SELECT DISTINCT shard_num, shard_weight FROM system.clusters WHERE cluster = '${cluster.name}' ORDER BY shard_num`,
  );
  return rows.map(({ shard_num, shard_weight }) => `${shard_num}=${shard_weight}`).join();
}

/** What the third shard's servers have, by name and engine. */
async function tablesOfThird(cluster: ClickHouseCluster): Promise<string[]> {
  const tables = await Promise.all(
    cluster
      .shard(3)
      .map((server) =>
        clickhouseRows<{ name: string; engine: string }>(
          server,
          `SELECT name, engine FROM system.tables WHERE database = 'load' ORDER BY name`,
        ),
      ),
  );
  return tables.flat().map(({ name: table, engine }) => `${table}: ${engine}`);
}
