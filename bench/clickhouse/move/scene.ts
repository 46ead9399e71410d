import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { clickhouseCall } from '../../../lab/clickhouse/client.ts';
import { monotonicMs, pause, until } from '../../../lab/clock.ts';
import type { ClickHouseCluster } from '../../../lab/clickhouse/clickhouse.ts';
import { createEvents, rowsPerBlock } from '../../../lab/load/clickhouse-events.ts';
import type { Inserter } from '../../../lab/load/clickhouse-inserter.ts';
import { createInserter } from '../../../lab/load/clickhouse-inserter.ts';
import { fenceByFiles } from '../../../lab/load/ingest-fence.ts';
import type { WrongTotal } from '../../../lab/load/clickhouse-reader.ts';
import { startTotalsReader } from '../../../lab/load/clickhouse-reader.ts';

/** A table of its own for one method in one scenario: its ledger says at the end what became of every row. */
export type MoveScene = {
  cluster: ClickHouseCluster;
  table: string;
  full: string;
  inserter: Inserter;
  /** What the platform file says of the table: its writers can be held back. */
  settings: Record<string, unknown>;
  /** Fills the next day on shard 1, and waits until no merge is under way. */
  fill: () => Promise<MovedDay>;
  /** What became of every row. Nothing is of use afterwards. */
  close: () => Promise<{ lost: number; doubled: number }>;
};

export type MovedDay = { day: string; partition: string; bytes: number };

/** What a reader of the Distributed table saw of a move, and how long it took. */
export type Observed<T> = {
  result: T;
  endToEndMs: number;
  /** Stretches of time with a wrong total, on the machine's monotonic clock. */
  wrong: readonly WrongTotal[];
  stillWrong: boolean;
  /** The reader's questions that were answered: how closely it looked. */
  answers: number;
  /** And those that failed. */
  failures: number;
};

const database = 'bench';
const today = '2030-01-01';
/** How long a reader goes on after a move, and how much longer where the total is still wrong: then it is left so. */
const [watchedMs, stillWatchedMs] = [500, 5_000];
let scenes = 0;

/** Makes the table. Its producers write while a move is observed. */
export async function openScene(cluster: ClickHouseCluster, stateDir: string, blocks: number): Promise<MoveScene> {
  const table = `events${(scenes += 1)}`;
  const events = { cluster: cluster.name, database, table };
  await createEvents(cluster.nodes, events);
  const shards = [1, 2].map((shard) => cluster.shard(shard));
  const inserter = createInserter({ shards, events, today, perSecond: 5, repeatEvery: 3 });
  const folder = join(stateDir, 'fences', table);
  mkdirSync(folder, { recursive: true });
  const fence = fenceByFiles(folder, inserter);
  let days = 0;
  return {
    ...{ cluster, table, full: `${database}.${table}`, inserter },
    settings: { closedAfter: '0s', fence: fence.programs },
    async fill() {
      const day = new Date(Date.UTC(2029, 0, (days += 1))).toISOString().slice(0, 10);
      const partition = day.replaceAll('-', '');
      await inserter.seed(1, day, blocks);
      const rows = `SELECT count() FROM ${database}.${table} WHERE day = '${day}'`;
      for (const server of cluster.shard(1)) {
        const there = async () => Number(await clickhouseCall(server, rows)) >= blocks * rowsPerBlock;
        if (!(await until(there, 120_000, 100))) throw new Error(`${server.name} did not get all of ${day}`);
        const merges = `SELECT count() FROM system.merges WHERE table = '${table}'`;
        const atRest = async () => Number(await clickhouseCall(server, merges)) === 0;
        if (!(await until(atRest, 120_000, 100))) throw new Error(`${server.name} merges ${table} without end`);
      }
      const size = `SELECT sum(bytes_on_disk) FROM system.parts WHERE active AND table = '${table}' AND partition = '${partition}'`;
      return { day, partition, bytes: Number(await clickhouseCall(cluster.node('s1r1'), size)) };
    },
    async close() {
      fence.stop();
      const { lostRows, doubledRows } = await inserter.verify(cluster.node('s1r1'));
      await Promise.all(
        cluster.nodes.map(async (server) => {
          for (const name of [`${table}_all`, table]) {
            // Seconds of the server's own, many where the machine is busy.
            await clickhouseCall(server, `DROP TABLE ${database}.${name}`, { timeoutMs: 300_000 });
          }
        }),
      );
      return { lost: lostRows, doubled: doubledRows };
    },
  };
}

/** Reads the day's total without end while it is moved and for a while afterwards, and lets the producers write. */
export async function observed<T>(
  { cluster, full, inserter }: MoveScene,
  { day }: MovedDay,
  move: () => Promise<T>,
): Promise<Observed<T>> {
  const reader = startTotalsReader({
    ...{ server: cluster.node('s1r1'), table: `${full}_all`, days: [day], everyMs: 2 },
    bounds: (of) => inserter.ledger.bounds(of),
  });
  inserter.start();
  try {
    await pause(200);
    const startedMs = monotonicMs();
    const result = await move();
    const endToEndMs = monotonicMs() - startedMs;
    await pause(watchedMs);
    // A stretch that is not over yet lasts until the moment of the question.
    const isRight = async (): Promise<boolean> => {
      const nowMs = monotonicMs();
      return !reader.wrong().some(({ toMs }) => toMs >= nowMs);
    };
    const stillWrong = (await until(isRight, stillWatchedMs, 10)) !== true;
    const wrong = await reader.stop();
    return { result, endToEndMs, wrong, stillWrong, answers: reader.answers, failures: reader.failures };
  } finally {
    await reader.stop();
    await inserter.stop();
  }
}
