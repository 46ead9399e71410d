import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../../../lab/clock.ts';
import { clickhouseCall } from '../../../lab/clickhouse/client.ts';
import type { ClickHouseCluster, ClickHouseServer } from '../../../lab/clickhouse/clickhouse.ts';
import { startClickHouseCluster } from '../../../lab/clickhouse/clickhouse.ts';
import { daysAgo, makeRollups, rollupTables, samplesOf } from '../../support/rollups.ts';
import { tierPlatform } from '../../support/tier-platform.ts';
import type { Findings, Scene, Take } from '../scene.ts';
import { idle, logOf } from './look.ts';
import { keepsItsLog, sweptPolicy } from './settings.ts';

/** The driver calls that a tiering only looks with. */
export const tierReads = [
  'table',
  'columns',
  'partitions',
  'parts',
  'storage',
  'storagePolicy',
  'disks',
  'digest',
  'figures',
].map((verb) => `clickhouse.${verb}`);

/** Samples that each shard gets of the day. */
const samples = [60, 40] as const;
/** A day that is to be kept by every run. */
const kept = daysAgo(2);

/** A real cluster of two shards with the shipped roll-ups; each run expires a day of its own. */
export async function startTierScene(stateDir: string, name: string): Promise<Scene> {
  const cluster = await startClickHouseCluster({ stateDir, name, mergeTree: keepsItsLog });
  try {
    await makeRollups(cluster.nodes, 'replicated');
    for (const [at, rows] of samples.entries())
      await clickhouseCall(cluster.node(`s${at + 1}r1`), samplesOf(kept.date, rows));
    const platformFile = join(stateDir, 'platform.yaml');
    const rest = { policies: { default: sweptPolicy }, reports: { folder: join(stateDir, 'reports') } };
    mkdirSync(stateDir, { recursive: true });
    writeFileSync(platformFile, JSON.stringify(tierPlatform({ servers: cluster.nodes, cluster: name, rest })));
    let runs = 0;
    const startedAt = Date.now();
    return {
      workflowType: 'clickhouseTier',
      platformFile,
      env: { GANTRY_STATE_DIR: join(stateDir, 'workers') },
      begin: () => beginExpiry(cluster, daysAgo(10 + (runs += 1), startedAt)),
      stop: () => cluster.stop(),
    };
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}

type Day = ReturnType<typeof daysAgo>;

async function beginExpiry(cluster: ClickHouseCluster, due: Day): Promise<Take> {
  for (const [at, rows] of samples.entries())
    await clickhouseCall(cluster.node(`s${at + 1}r2`), samplesOf(due.date, rows));
  for (const server of cluster.nodes)
    for (const table of rollupTables) await clickhouseCall(server, `SYSTEM SYNC REPLICA metrics.${table}`);
  const table = 'metrics.samples';
  return {
    workflowId: `clickhouse/${cluster.name}/${table}`,
    input: { cluster: cluster.name, table },
    conclude: () => conclude(cluster, due),
  };
}

/** The day is gone everywhere, its roll-up has all of it, and the other day is as it was. */
async function conclude(cluster: ClickHouseCluster, due: Day): Promise<Findings> {
  for (const server of cluster.nodes) await until(() => idle(server, 'samples'), 10_000, 50);
  const left: Record<string, number> = {};
  const untouched: Record<string, number> = {};
  for (const server of cluster.nodes) {
    left[server.name] = await rowsOf(server, due);
    untouched[server.name] = await rowsOf(server, kept);
  }
  const effects: string[] = [];
  const empty: string[] = [];
  let rolledUp = 0;
  for (const [at] of samples.entries()) {
    const server = cluster.node(`s${at + 1}r1`);
    const drops = await dropsOf(server, due.day);
    effects.push(...drops.slice(0, 1).map(() => `shard ${at + 1}: dropped`));
    // A second order for a day that has no row any more changes nothing.
    empty.push(...drops.slice(1).map(() => `shard ${at + 1}: dropped again`));
    const count = `SELECT sum(samples) FROM metrics.samples_m5 WHERE toYYYYMMDD(time) = ${due.day}`;
    const ofShard = Number(await clickhouseCall(server, count));
    rolledUp += ofShard;
    await clickhouseCall(server, `ALTER TABLE metrics.samples DROP PARTITION ID '${due.day}'`);
  }
  const acked = samples[0] + samples[1];
  return {
    effects: effects.map((what) => ({ what, certain: true })),
    empty,
    state: { left, untouched, rolledUp },
    ...{ acked, lost: acked - rolledUp, onOldAfterNew: 0, evidence: { day: due.day, effects, empty } },
  };
}

/** The orders to drop the day in a shard's replication log. */
async function dropsOf(server: ClickHouseServer, day: string): Promise<string[]> {
  const entries = await logOf(server, 'metrics.samples');
  return entries.filter((value) => value.includes(`${day}_`) && value.split('\n').includes('drop'));
}

async function rowsOf(server: ClickHouseServer, { day }: Day): Promise<number> {
  return Number(await clickhouseCall(server, `SELECT count() FROM metrics.samples WHERE toYYYYMMDD(time) = ${day}`));
}
