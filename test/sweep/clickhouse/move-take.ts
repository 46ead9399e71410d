import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../../../lab/clock.ts';
import { clickhouseCall } from '../../../lab/clickhouse/client.ts';
import type { ClickHouseCluster } from '../../../lab/clickhouse/clickhouse.ts';
import { createEvents, rowsPerBlock } from '../../../lab/load/clickhouse-events.ts';
import type { Inserter } from '../../../lab/load/clickhouse-inserter.ts';
import { createInserter } from '../../../lab/load/clickhouse-inserter.ts';
import type { TotalsReader } from '../../../lab/load/clickhouse-reader.ts';
import { startTotalsReader } from '../../../lab/load/clickhouse-reader.ts';
import type { Findings, Take } from '../scene.ts';
import { changesOf, clear, hasRows, idle, one, partitionOf, rowsOf } from './look.ts';

/** A real cluster of two shards with one table, and a folder in which a file holds the writers of a partition back. */
export type ClickHouseScene = {
  cluster: ClickHouseCluster;
  events: { database: string; table: string };
  fences: string;
  work: Work;
};

/** What a run moves of the day: all of it, or the rows of some buckets. */
export type Work = { kind: 'move' } | { kind: 'split'; buckets: readonly number[] };

/** Blocks of the day that is moved, in two parts. */
const blocks = [8, 4];
const runsPerTable = 20;
/** The day that takes the load. */
const today = '2019-12-31';

type Given = { scene: ClickHouseScene; day: string; partition: string; inserter: Inserter; reader: TotalsReader };

/** Fills a day on shard 1 and has another day written and both read, while the first one, or a part of it, goes to shard 2. */
export async function beginMove(scene: ClickHouseScene, number: number): Promise<Take> {
  const { cluster, events } = scene;
  // The log is read entry by entry, at every run: it begins again with the table.
  if (number % runsPerTable === 1) await makeAnew(cluster, events);
  const date = new Date(Date.UTC(2020, 0, number)).toISOString().slice(0, 10);
  const partition = partitionOf(date);
  const shards = [1, 2].map((shard) => cluster.shard(shard));
  const inserter = createInserter({ shards, events: { cluster: 'metrics', ...events }, today, perSecond: 4 });
  for (const count of blocks) await inserter.seed(1, date, count);
  const wanted = blocks.reduce((sum, count) => sum + count, 0) * rowsPerBlock;
  await hasRows(cluster.shard(1), events, date, wanted);
  const reader = startTotalsReader({
    ...{ server: cluster.node('s1r1'), table: `${events.database}.${events.table}_all`, days: [today, date] },
    ...{ bounds: (of: string) => inserter.ledger.bounds(of), everyMs: 50 },
  });
  inserter.start();
  const lock = `clickhouse/${cluster.name}/${events.database}.${events.table}`;
  return {
    workflowId: lock,
    watched: `${lock}/${partition}`,
    input: {
      ...{ cluster: cluster.name, table: `${events.database}.${events.table}`, partition, from: 1, to: 2 },
      ...(scene.work.kind === 'split' ? { buckets: scene.work.buckets } : {}),
    },
    conclude: () => conclude({ scene, day: date, partition, inserter, reader }),
  };
}

async function conclude({ scene, day, partition, inserter, reader }: Given): Promise<Findings> {
  const { cluster, events } = scene;
  await inserter.stop();
  const wrong = (await reader.stop()).filter((stretch) => stretch.day === day);
  const [source, target] = [cluster.node('s1r1'), cluster.node('s2r1')];
  for (const server of cluster.nodes) await until(() => idle(server, events.table), 10_000, 50);
  const verdict = await inserter.verify(source);
  const rows: Record<string, number> = {};
  for (const server of cluster.nodes) rows[server.name] = await rowsOf(server, events, day);
  const staging = await Promise.all(
    cluster.nodes.map((server) =>
      one(server, `SELECT count() FROM system.tables WHERE name LIKE '${events.table}\\_\\_%'`),
    ),
  );
  const effects = [
    ...(await changesOf(source, events, day)).map((what) => `source: ${what}`),
    ...(await changesOf(target, events, day)).map((what) => `target: ${what}`),
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
      // The rows that stay are away for a moment, as docs/clickhouse/key-reshard.md says.
      ...(scene.work.kind === 'move' ? { missing: wrong.some(({ under }) => under < 0) } : {}),
      merging: await merges(scene, day),
    },
    acked: verdict.acknowledgedRows,
    lost: verdict.lostRows,
    onOldAfterNew: 0,
    evidence: { wrong, verdict, longest },
  };
  await clear(cluster, events, [day, today]);
  return findings;
}

async function makeAnew(cluster: ClickHouseCluster, { database, table }: ClickHouseScene['events']): Promise<void> {
  for (const server of cluster.nodes)
    for (const name of [`${table}_all`, table])
      await clickhouseCall(server, `DROP TABLE IF EXISTS ${database}.${name}`);
  await createEvents(cluster.nodes, { cluster: cluster.name, database, table });
}

/** Whether both shards merge: two parts of one day become one. */
async function merges({ cluster, events }: ClickHouseScene, day: string): Promise<boolean> {
  const table = `${events.database}.${events.table}`;
  const partition = partitionOf(day);
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
