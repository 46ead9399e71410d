import { resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { clickhouseRows } from '../../lab/clickhouse/client.ts';
import { writeClickHousePlatform } from '../../lab/clickhouse/platform.ts';
import type { ClickHouseCluster } from '../../lab/clickhouse/clickhouse.ts';
import { startClickHouseCluster } from '../../lab/clickhouse/clickhouse.ts';
import { createEvents, rowsPerBlock } from '../../lab/load/clickhouse-events.ts';
import { createInserter } from '../../lab/load/clickhouse-inserter.ts';
import { startTotalsReader } from '../../lab/load/clickhouse-reader.ts';
import { withClient } from '../../src/client/index.ts';
import { bytes } from '../../src/cli/render/size.ts';
import { carryOut } from '../carry-out.ts';
import { say, table, title } from '../say.ts';
import type { Stage } from '../stage.ts';

const events = { cluster: 'metrics', database: 'usage', table: 'events' };
const full = `${events.database}.${events.table}`;
const today = '2026-02-01';
/** Blocks of a day, so many rows each: 5.5 million rows on eleven days. */
const blocksPerDay = 500;
const days = Array.from({ length: 11 }, (_, at) => `2026-01-${String(at + 1).padStart(2, '0')}`);
/** The first days of them are on shard 1. */
const onShardOne = 9;
/** The producers of the demo never try again after so long. */
const closedAfterMs = 15_000;
/** Load before the rebalance and after it, so that the wrong totals are seen against ordinary reading. */
const aroundMs = 2_000;

/** What the demo proves, in figures. */
export type RebalanceFigures = {
  outcome: string;
  rowsMoved: number;
  bytesMoved: number;
  digestsEqual: boolean;
  /** The longest stretch in which any day's total was wrong. */
  wrongTotalMs: number;
  lost: number;
  doubled: number;
};

/** A skewed cluster under inserts and reads is planned, approved and rebalanced; answers what reader and ledger saw. */
export async function demoClickHouseRebalance(stage: Stage): Promise<RebalanceFigures> {
  title('ClickHouse rebalance: partitions change their shard under inserts and reads');
  const cluster = await startClickHouseCluster({ stateDir: stage.stateDir, name: events.cluster });
  stage.onClose(() => cluster.stop());
  say(`ClickHouse: ${cluster.nodes.map((node) => `${node.name} :${node.httpPort}`).join(', ')}, and a ZooKeeper`);
  await createEvents(cluster.nodes, events);
  await stage.startWorkers(platformOf(stage, cluster), {}, 'clickhouse');
  say(`Temporal: ${stage.temporal.address}, UI ${stage.temporal.uiUrl}; workers poll`);

  const shards = [1, 2].map((shard) => cluster.shard(shard));
  const inserter = createInserter({ shards, events, today, repeatEvery: 5 });
  stage.onClose(() => inserter.stop());
  for (const [at, day] of days.entries()) await inserter.seed(at < onShardOne ? 1 : 2, day, blocksPerDay);
  say(
    `${(days.length * blocksPerDay * rowsPerBlock).toLocaleString('en')} rows, nine days on shard 1 and two on shard 2`,
  );
  const filledAt = Date.now();
  inserter.start();
  const server = cluster.node('s1r1');
  const reader = startTotalsReader({
    ...{ server, table: `${full}_all`, days: [...days, today] },
    bounds: (day) => inserter.ledger.bounds(day),
  });
  stage.onClose(async () => void (await reader.stop()));
  say(`producers write today's rows to both shards, every fifth block twice; a reader asks for every day's total`);
  await pause(Math.max(aroundMs, filledAt + closedAfterMs + 1_000 - Date.now()));

  const before = { held: await heldBy(cluster), digests: await digestsOf(cluster) };
  const report = await withClient(stage.connection, (client) =>
    carryOut(stage, client, 'clickhouse.rebalance', {
      cluster: cluster.name,
      table: full,
      reason: 'to show how it goes',
    }),
  );
  await pause(aroundMs);
  const wrong = await reader.stop();
  const wrongTotalMs = Math.max(0, ...wrong.map(({ ms }) => ms));
  await inserter.stop();
  const after = { held: await heldBy(cluster), digests: await digestsOf(cluster) };
  const verdict = await inserter.verify(server);
  const { rowsMoved = 0, bytesMoved = 0, partitionsMoved = 0 } = report.measurements;
  const digestsEqual = [...before.digests].every(([day, digest]) => after.digests.get(day) === digest);
  const [first] = before.digests;

  title('Result');
  table([
    ['outcome', `${report.outcome} in ${(report.ms / 1000).toFixed(1)} s`],
    ...before.held.map(
      (was, at) => [`shard ${was.shard}, before → after`, `${words(was)} → ${words(after.held[at] ?? was)}`] as const,
    ),
    ['moved', `${partitionsMoved} partitions, ${rowsMoved.toLocaleString('en')} rows, ${bytes(bytesMoved)}`],
    [
      'digests of all eleven days, read through the Distributed table',
      digestsEqual ? 'equal before and after' : 'THEY DIFFER',
    ],
    [`one of them, ${first?.[0] ?? ''}`, first?.[1] ?? ''],
    [
      'longest interval in which a total was wrong',
      `${Math.round(wrongTotalMs)} ms (${wrong.length} in all, ${reader.answers} answers)`,
    ],
    ['acknowledged rows', verdict.acknowledgedRows.toLocaleString('en')],
    ['lost of those', String(verdict.lostRows)],
    ['doubled', String(verdict.doubledRows)],
    ['report', report.published ?? 'not published'],
  ]);
  return {
    ...{ outcome: report.outcome, rowsMoved, bytesMoved, digestsEqual, wrongTotalMs },
    ...{ lost: verdict.lostRows, doubled: verdict.doubledRows },
  };
}

function platformOf(stage: Stage, cluster: ClickHouseCluster): string {
  const { path } = writeClickHousePlatform({
    ...{ stateDir: stage.stateDir, cluster, reportFolder: resolve('.gantry/demo/reports') },
    tiers: { nvme: { medium: 'nvme', temperature: 'hot', size: '100GB' } },
    tables: {
      [full]: {
        ...{ distributed: `${full}_all`, tier: 'nvme', ignore: '1MiB', tolerance: 0.1 },
        ...{ closedAfter: `${closedAfterMs}ms`, fence: { kind: 'quiet', for: '5s' } },
      },
    },
  });
  return path;
}

type Held = { shard: number; rows: number; bytes: number };

/** What each shard holds of the closed days, as its first replica says. */
async function heldBy(cluster: ClickHouseCluster): Promise<Held[]> {
  return Promise.all(
    [1, 2].map(async (shard) => {
      const [server] = cluster.shard(shard);
      if (!server) throw new RangeError(`there is no shard ${shard}`);
      const [seen] = await clickhouseRows<{ rows: string; bytes: string }>(
        server,
        `SELECT sum(rows) AS rows, sum(bytes_on_disk) AS bytes FROM system.parts
          WHERE active AND database = '${events.database}' AND table = '${events.table}'`,
      );
      return { shard, rows: Number(seen?.rows ?? 0), bytes: Number(seen?.bytes ?? 0) };
    }),
  );
}

/** Of every closed day, over all shards: number of rows and an order-independent hash of all columns. */
async function digestsOf(cluster: ClickHouseCluster): Promise<ReadonlyMap<string, string>> {
  const rows = await clickhouseRows<{ day: string; rows: string; hash: string }>(
    cluster.node('s1r1'),
    `SELECT toString(day) AS day, count() AS rows,
      hex(sum(cityHash64(day, customer, id, value, isNull(note), ifNull(note, '')))) AS hash
      FROM ${full}_all WHERE day != '${today}' GROUP BY day ORDER BY day`,
    { timeoutMs: 120_000 },
  );
  return new Map(rows.map(({ day, rows: count, hash }) => [day, `${count} rows, ${hash}`]));
}

function words({ rows, bytes: size }: Held): string {
  return `${rows.toLocaleString('en')} rows, ${bytes(size)}`;
}
