import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { clickhouseCall } from '../../lab/clickhouse-client.ts';
import { monotonicMs, pause, until } from '../../lab/clock.ts';
import type { ClickHouseCluster } from '../../lab/clickhouse.ts';
import { createEvents, rowsPerBlock } from '../../lab/load/clickhouse-events.ts';
import type { Inserter, InserterOptions } from '../../lab/load/clickhouse-inserter.ts';
import { createInserter } from '../../lab/load/clickhouse-inserter.ts';
import { fenceByFiles } from '../../lab/load/ingest-fence.ts';
import { startTotalsReader } from '../../lab/load/clickhouse-reader.ts';

/** A table of its own for one method in one scenario: its ledger says at the end what became of every row. */
export type MoveScene = {
  cluster: ClickHouseCluster;
  table: string;
  full: string;
  inserter: Inserter;
  /** What the platform file says of the table: its writers can be held back. */
  settings: Record<string, unknown>;
  /** Fills the next day on shard 1. */
  fill: () => Promise<MovedDay>;
};

export type MovedDay = { day: string; partition: string; bytes: number };

/** What a reader of the Distributed table saw of a move, and how long it took. */
export type Observed<T> = { result: T; endToEndMs: number; wrongTotalMs: number; stillWrong: boolean };

const database = 'bench';
const today = '2030-01-01';
let scenes = 0;

/** The days of a scene, from 1, in the order in which they are filled: `2029-01-01`. */
export function dayOf(number: number): string {
  return new Date(Date.UTC(2029, 0, number)).toISOString().slice(0, 10);
}

/** Makes the table, and lets producers write to it until the scene is closed. */
export async function openScene(
  cluster: ClickHouseCluster,
  stateDir: string,
  blocks: number,
  load: Partial<InserterOptions> = {},
): Promise<MoveScene & { close: () => Promise<{ lost: number; doubled: number }> }> {
  const table = `events${(scenes += 1)}`;
  const events = { cluster: cluster.name, database, table };
  await createEvents(cluster.nodes, events);
  const shards = [1, 2].map((shard) => cluster.shard(shard));
  const inserter = createInserter({ shards, events, today, perSecond: 5, ...load });
  const folder = join(stateDir, 'fences', table);
  mkdirSync(folder, { recursive: true });
  const fence = fenceByFiles(folder, inserter);
  let days = 0;
  inserter.start();
  return {
    ...{ cluster, table, full: `${database}.${table}`, inserter },
    settings: { closedAfter: '0s', fence: fence.programs },
    async fill() {
      const day = dayOf((days += 1));
      const partition = day.replaceAll('-', '');
      await inserter.seed(1, day, blocks);
      const rows = `SELECT count() FROM ${database}.${table} WHERE day = '${day}'`;
      for (const server of cluster.shard(1)) {
        const there = async () => Number(await clickhouseCall(server, rows)) >= blocks * rowsPerBlock;
        if (!(await until(there, 60_000, 100))) throw new Error(`${server.name} did not get all of ${day}`);
      }
      const size = `SELECT sum(bytes_on_disk) FROM system.parts WHERE active AND table = '${table}' AND partition = '${partition}'`;
      return { day, partition, bytes: Number(await clickhouseCall(cluster.node('s1r1'), size)) };
    },
    async close() {
      await inserter.stop();
      fence.stop();
      const { lostRows, doubledRows } = await inserter.verify(cluster.node('s1r1'));
      await Promise.all(
        cluster.nodes.map(async (server) => {
          for (const name of [`${table}_all`, table]) await clickhouseCall(server, `DROP TABLE ${database}.${name}`);
        }),
      );
      return { lost: lostRows, doubled: doubledRows };
    },
  };
}

/** Reads the day's total without end while it is moved, and for a while afterwards. */
export async function observed<T>(
  { cluster, full, inserter }: MoveScene,
  { day }: MovedDay,
  move: () => Promise<T>,
  { afterMs = 300 }: { afterMs?: number } = {},
): Promise<Observed<T>> {
  const reader = startTotalsReader({
    ...{ server: cluster.node('s1r1'), table: `${full}_all`, days: [day], everyMs: 2 },
    bounds: (of) => inserter.ledger.bounds(of),
  });
  try {
    await pause(200);
    const startedMs = monotonicMs();
    const result = await move();
    const endToEndMs = monotonicMs() - startedMs;
    await pause(afterMs);
    const endedMs = monotonicMs();
    const wrong = await reader.stop();
    const wrongTotalMs = wrong.reduce((sum, { ms }) => sum + ms, 0);
    return { result, endToEndMs, wrongTotalMs, stillWrong: wrong.some(({ toMs }) => toMs >= endedMs) };
  } finally {
    await reader.stop();
  }
}
