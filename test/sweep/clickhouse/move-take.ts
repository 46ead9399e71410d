import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../../../lab/clock.ts';
import { clickhouseCall, clickhouseRows } from '../../../lab/clickhouse-client.ts';
import type { ClickHouseCluster, ClickHouseServer } from '../../../lab/clickhouse.ts';
import { rowsPerBlock } from '../../../lab/load/clickhouse-events.ts';
import type { Inserter } from '../../../lab/load/clickhouse-inserter.ts';
import { createInserter } from '../../../lab/load/clickhouse-inserter.ts';
import type { TotalsReader } from '../../../lab/load/clickhouse-reader.ts';
import { startTotalsReader } from '../../../lab/load/clickhouse-reader.ts';
import type { Findings, Take } from '../scene.ts';

/** A real cluster of two shards with one table, and a folder in which a file holds the writers of a partition back. */
export type ClickHouseScene = {
  cluster: ClickHouseCluster;
  events: { database: string; table: string };
  fences: string;
};

/** Blocks of the day that is moved, in two parts. */
const blocks = [8, 4];

type Given = { scene: ClickHouseScene; day: string; partition: string; inserter: Inserter; reader: TotalsReader };

/** Fills a day on shard 1 and has another day written and both read, while the first one is moved to shard 2. */
export async function beginMove(scene: ClickHouseScene, number: number): Promise<Take> {
  const { cluster, events } = scene;
  const date = new Date(Date.UTC(2020, 0, number)).toISOString().slice(0, 10);
  const partition = date.replaceAll('-', '');
  const today = '2019-12-31';
  const shards = [1, 2].map((shard) => cluster.shard(shard));
  const inserter = createInserter({ shards, events: { cluster: 'metrics', ...events }, today, perSecond: 4 });
  for (const count of blocks) await inserter.seed(1, date, count);
  const wanted = blocks.reduce((sum, count) => sum + count, 0) * rowsPerBlock;
  for (const server of cluster.shard(1))
    await until(async () => (await rowsOf(server, scene, date)) === wanted, 10_000);
  const reader = startTotalsReader({
    ...{ server: cluster.node('s1r1'), table: `${events.database}.${events.table}_all`, days: [today, date] },
    ...{ bounds: (of: string) => inserter.ledger.bounds(of), everyMs: 50 },
  });
  inserter.start();
  const lock = `clickhouse/${cluster.name}/${events.database}.${events.table}`;
  return {
    workflowId: lock,
    watched: `${lock}/${partition}`,
    input: { cluster: cluster.name, table: `${events.database}.${events.table}`, partition, from: 1, to: 2 },
    conclude: () => conclude({ scene, day: date, partition, inserter, reader }),
  };
}

async function conclude({ scene, day, partition, inserter, reader }: Given): Promise<Findings> {
  const { cluster, events } = scene;
  await inserter.stop();
  const wrong = (await reader.stop()).filter((stretch) => stretch.day === day);
  const [source, target] = [cluster.node('s1r1'), cluster.node('s2r1')];
  for (const server of cluster.nodes) await until(async () => idle(server, events), 10_000, 50);
  const verdict = await inserter.verify(source);
  const rows: Record<string, number> = {};
  for (const server of cluster.nodes) rows[server.name] = await rowsOf(server, scene, day);
  const staging = await Promise.all(
    cluster.nodes.map((server) =>
      one(server, `SELECT count() FROM system.tables WHERE name LIKE '${events.table}__mv%'`),
    ),
  );
  const effects = [
    ...(await effectsOf(source, 'source', partition)),
    ...(await effectsOf(target, 'target', partition)),
  ];
  const longest = Math.max(0, ...wrong.map(({ ms }) => ms));
  const findings: Findings = {
    effects: effects.map((what) => ({ what, certain: true })),
    empty: [],
    state: {
      rows,
      doubledRows: verdict.doubledRows,
      foreignRows: verdict.foreignRows,
      stagingTables: staging.reduce((sum, count) => sum + count, 0),
      held: existsSync(join(scene.fences, partition)),
      missing: wrong.some(({ under }) => under < 0),
      merging: await merges(scene, day),
    },
    acked: verdict.acknowledgedRows,
    lost: verdict.lostRows,
    onOldAfterNew: 0,
    evidence: { wrong, verdict, longest },
  };
  await clear(scene, day);
  return findings;
}

/** What the replication log of a shard has of the partition, inserts and merges aside. */
async function effectsOf(server: ClickHouseServer, part: string, partition: string): Promise<string[]> {
  const entries = await clickhouseRows<{ value: string }>(
    server,
    `SELECT value FROM system.zookeeper WHERE path = '/clickhouse/tables/0${server.shard}/load_events/log' ORDER BY name`,
  );
  return entries
    .filter(({ value }) => value.includes(`${partition}_`))
    .flatMap(({ value }) => {
      const lines = value.split('\n');
      const kind = lines.find((line) => /^(detach|drop|REPLACE_RANGE|get|attach)$/.test(line));
      if (kind === undefined || (kind === 'get' && !lines.includes('block_id: '))) return [];
      return [`${part}: ${kind === 'get' ? 'part attached' : kind}`];
    });
}

/** Whether both shards merge: two parts of one day become one. */
async function merges({ cluster, events }: ClickHouseScene, day: string): Promise<boolean> {
  const table = `${events.database}.${events.table}`;
  const partition = day.replaceAll('-', '');
  const server = cluster.node('s2r1');
  const parts = `SELECT count() FROM system.parts WHERE active AND table = '${events.table}' AND partition_id = '${partition}'`;
  return (
    (await until(
      async () => {
        await clickhouseCall(server, `OPTIMIZE TABLE ${table} PARTITION ID '${partition}' FINAL`).catch(
          () => undefined,
        );
        return (await one(server, parts)) === 1;
      },
      15_000,
      200,
    )) === true
  );
}

/** Takes all rows away, and what lies in `detached`. */
async function clear({ cluster, events }: ClickHouseScene, day: string): Promise<void> {
  const table = `${events.database}.${events.table}`;
  for (const shard of [1, 2]) {
    for (const of of [day, '2019-12-31']) {
      const partition = of.replaceAll('-', '');
      await clickhouseCall(cluster.node(`s${shard}r1`), `ALTER TABLE ${table} DROP PARTITION ID '${partition}'`);
    }
  }
  for (const { dataDir } of cluster.nodes) {
    const folder = join(dataDir, 'data', events.database, events.table, 'detached');
    for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true });
  }
}

async function idle(server: ClickHouseServer, { table }: ClickHouseScene['events']): Promise<boolean> {
  const queue = `SELECT count() FROM system.replication_queue WHERE table = '${table}' AND type != 'MERGE_PARTS'`;
  return (await one(server, queue)) === 0;
}

async function rowsOf(server: ClickHouseServer, { events }: ClickHouseScene, day: string): Promise<number> {
  return one(server, `SELECT count() FROM ${events.database}.${events.table} WHERE day = '${day}'`);
}

async function one(server: ClickHouseServer, statement: string): Promise<number> {
  return Number(await clickhouseCall(server, statement));
}
