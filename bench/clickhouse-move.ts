import { fileURLToPath } from 'node:url';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { until } from '../lab/clock.ts';
import type { ClickHouseCluster } from '../lab/clickhouse.ts';
import { startClickHouseCluster } from '../lab/clickhouse.ts';
import { rowsPerBlock } from '../lab/load/clickhouse-events.ts';
import type { InserterOptions } from '../lab/load/clickhouse-inserter.ts';
import { reportOfRun, startMoveRig } from '../test/support/move-rig.ts';
import { buildBundle } from '../workers/bundle.ts';
import type { Say } from './bench.ts';
import { defineBench } from './bench.ts';
import { atEnd } from './cleanup.ts';
import type { BenchServer } from './gantry.ts';
import { benchServer, countOf } from './gantry.ts';
import { heartbeatMs, killedGantry, killedScript, killPlaces } from './clickhouse-move/killed.ts';
import type { MovedDay, MoveScene } from './clickhouse-move/scene.ts';
import { dayOf, observed, openScene } from './clickhouse-move/scene.ts';
import type { Script } from './clickhouse-move/scripts.ts';
import { runStatements, statementsOf } from './clickhouse-move/scripts.ts';
import { p50, rounded } from './statistics.ts';

const methods = ['gantry', 'fetchAttachDrop', 'insertSelect'] as const;
type Method = (typeof methods)[number];

/** One move, as it was seen. */
type Moved = { bytes: number; transferMs?: number; endToEndMs: number; wrongTotalMs: number; stillWrong: boolean };

type MethodResult = ReturnType<typeof summary>;
type Scenario = Record<Method, MethodResult>;

/** What the bench `clickhouse-move` answers. */
export type ClickHouseMoveResult = {
  undisturbed: Scenario;
  lateRows: Scenario;
  killed: Scenario;
  /** Gantry's transfer as a share of the plain FETCH's, undisturbed. */
  transferRatio: number;
  /** After a kill, at most: until the totals were right again. The heartbeat timeout is part of it. */
  rightAgainMsMax: number;
  heartbeatMs: number;
  rowsPerMove: number;
};

/** A late block every second and a half, by turns of the days and shards; every third block is sent twice. */
const late: Partial<InserterOptions> = { perSecond: 4, lateEvery: 6, repeatEvery: 3 };
/** Of the smaller partitions of the other two scenarios. */
const share = 0.2;
/** For a script that leaves a wrong total behind: it is wrong from then on. */
const watchedMs = 2_000;

/**
 * The same partition moved by Gantry, by FETCH/ATTACH/DROP (what ckman sends) and by INSERT … SELECT and a drop, by turns on
 * one cluster: undisturbed, under late rows, and killed between each pair of statements.
 */
export const clickhouseMove = defineBench<ClickHouseMoveResult>({
  name: 'clickhouse-move',
  summary: 'transfer, wrong totals, lost and doubled rows of a partition move: Gantry beside the usual scripts',
  settings: [
    'ClickHouse 18.16.1 of the distribution, 2 shards of 2 replicas on loopback, ZooKeeper 3.8',
    'a reader of the Distributed table asks for the total every 2 ms; producers write another day at 5 blocks of 1,000 rows a second',
    'Gantry: whole durable runs, workers in this process (killed: in processes of their own, Gantry’s own time limits)',
    'Temporal dev server of the lab, SQLite on a file (WAL, synchronous=off)',
  ],
  options: {
    rows: { type: 'string', help: 'of a partition, undisturbed; 3000000 unless given. A fifth of it otherwise' },
    moves: { type: 'string', help: 'of each method, undisturbed and under late rows; 3 unless given' },
  },
  async run(options, say) {
    const blocks = Math.max(5, Math.round(countOf(options, 'rows', 3_000_000) / rowsPerBlock));
    const moves = countOf(options, 'moves', 3);
    // Workers that come and go are no news.
    Runtime.install({ logger: new DefaultLogger('ERROR') });
    const server = await benchServer();
    const cluster = await startClickHouseCluster({ stateDir: server.stateDir, name: 'metrics' });
    atEnd(() => cluster.stop());
    const small = Math.max(5, Math.round(blocks * share));
    const world: World = { server, cluster, say };
    const undisturbed = await scenario((method) => undisturbedMoves(world, method, blocks, moves, {}));
    say('undisturbed: done');
    const lateRows = await scenario((method) => undisturbedMoves(world, method, small, moves, late));
    say('late rows: done');
    const killed = await scenario((method) => killedMoves(world, method, small));
    return {
      ...{ undisturbed, lateRows, killed },
      transferRatio: rounded(undisturbed.gantry.transferMbPerS / undisturbed.fetchAttachDrop.transferMbPerS, 2),
      rightAgainMsMax: killed.gantry.wrongTotalMs,
      ...{ heartbeatMs, rowsPerMove: blocks * rowsPerBlock },
    };
  },
  table: ({ transferRatio, rightAgainMsMax, ...scenarios }) => [
    ...(['undisturbed', 'lateRows', 'killed'] as const).flatMap((name) => [
      `${name.padEnd(34)}${methods.map((method) => method.padStart(18)).join('')}`,
      ...rows.map(
        ([what, field]) =>
          what.padEnd(34) + methods.map((method) => String(scenarios[name][method][field]).padStart(18)).join(''),
      ),
      '',
    ]),
    `Gantry transfers at ${transferRatio} of the plain FETCH; after a kill its totals were right again within ${rightAgainMsMax} ms`,
  ],
});

const rows = [
  ['moves', 'moves'],
  ['transfer, MB/s', 'transferMbPerS'],
  ['end to end, MB/s', 'endToEndMbPerS'],
  ['wrong total, worst move, ms', 'wrongTotalMs'],
  ['moves that left it wrong', 'leftWrong'],
  ['rows lost', 'lost'],
  ['rows doubled', 'doubled'],
] as const satisfies readonly (readonly [string, keyof MethodResult])[];

type World = { server: BenchServer; cluster: ClickHouseCluster; say: Say };

async function scenario(of: (method: Method) => Promise<MethodResult>): Promise<Scenario> {
  return {
    gantry: await of('gantry'),
    fetchAttachDrop: await of('fetchAttachDrop'),
    insertSelect: await of('insertSelect'),
  };
}

/** Moves by one method. With a load of late rows, one more comes right after the copy, when a script has read its last. */
async function undisturbedMoves(
  { server, cluster, say }: World,
  method: Method,
  blocks: number,
  moves: number,
  load: Partial<InserterOptions>,
): Promise<MethodResult> {
  const isLate = load.lateEvery !== undefined;
  const lateDays = Array.from({ length: moves }, (_, at) => dayOf(at + 1));
  const scene = await openScene(cluster, server.stateDir, blocks, isLate ? { ...load, lateDays } : {});
  const seen: Moved[] = [];
  let aim: (() => Promise<void>) | undefined;
  const rig =
    method === 'gantry'
      ? await startMoveRig({
          ...{ server: { address: server.temporal.address, client: server.client }, cluster, table: scene.full },
          ...{ settings: scene.settings, stateDir: server.stateDir },
          before: async (call) => {
            if (call !== 'clickhouse.attachPartition') return;
            const act = aim;
            aim = undefined;
            await act?.();
          },
        })
      : undefined;
  try {
    for (let move = 1; move <= moves; move += 1) {
      const moved = await scene.fill();
      const lateBlock = async (): Promise<void> => {
        if (!isLate) return;
        const { low } = scene.inserter.ledger.bounds(moved.day);
        scene.inserter.send(1, moved.day);
        await until(async () => scene.inserter.ledger.bounds(moved.day).low > low, 10_000, 2);
      };
      aim = lateBlock;
      const took = await observed(scene, moved, async () => {
        if (rig) {
          const report = await reportOfRun(await rig.move(moved.partition, 1, 2));
          if (report.outcome !== 'done') throw new Error(`a move ended as ${report.outcome}`);
          return report.measurements['clickhouse.copy.fetchMs'];
        }
        const script = method as Script;
        const statements = statementsOf(script, cluster, { ...scene, ...moved });
        const { transferMs } = await runStatements(statements, (at) => (at === 0 ? lateBlock() : undefined));
        return transferMs;
      });
      const { result: transferMs, ...rest } = took;
      seen.push({ ...rest, bytes: moved.bytes, ...(transferMs === undefined ? {} : { transferMs }) });
      say(
        `${isLate ? 'late rows' : 'undisturbed'}, ${method}: ${rounded(took.endToEndMs, 0)} ms, total wrong for ${rounded(took.wrongTotalMs)} ms`,
      );
    }
  } finally {
    await rig?.workers.stop();
  }
  return summary(seen, await scene.close());
}

async function killedMoves({ server, cluster, say }: World, method: Method, blocks: number): Promise<MethodResult> {
  const scene = await openScene(cluster, server.stateDir, blocks);
  const bundle = await buildBundle(fileURLToPath(new URL('../test/support/under-table.ts', import.meta.url)));
  const kills: [string, (moved: MovedDay) => Promise<unknown>][] =
    method === 'gantry'
      ? killPlaces.map((place) => [place, (moved) => killedGantry(server, scene, moved, place, bundle)])
      : scriptKills(method, scene);
  const seen: Moved[] = [];
  for (const [where, kill] of kills) {
    const moved = await scene.fill();
    const { result, ...took } = await observed(scene, moved, () => kill(moved), { afterMs: watchedMs });
    seen.push({ ...took, bytes: moved.bytes });
    const left = took.stillWrong ? ', and it stayed wrong' : '';
    const words =
      typeof result === 'object' && result && 'restarted' in result
        ? `; started again: ${String(result.restarted)}`
        : '';
    say(`killed ${where}, ${method}: total wrong for ${rounded(took.wrongTotalMs)} ms${left}${words}`);
  }
  return summary(seen, await scene.close());
}

/** After each statement but the last. */
function scriptKills(script: Script, scene: MoveScene): [string, (moved: MovedDay) => Promise<unknown>][] {
  const { length } = statementsOf(script, scene.cluster, { ...scene, partition: '', day: '' });
  return Array.from({ length: length - 1 }, (_, at) => [
    `after statement ${at + 1}`,
    (moved: MovedDay) => killedScript(script, scene, moved, at),
  ]);
}

function summary(moves: readonly Moved[], { lost, doubled }: { lost: number; doubled: number }) {
  const rate = (ms: (move: Moved) => number | undefined): number =>
    rounded(p50(moves.flatMap((move) => (ms(move) ? [move.bytes / 1_000 / (ms(move) ?? 1)] : []))) || 0);
  return {
    moves: moves.length,
    transferMbPerS: rate(({ transferMs }) => transferMs),
    endToEndMbPerS: rate(({ endToEndMs }) => endToEndMs),
    wrongTotalMs: rounded(Math.max(...moves.map(({ wrongTotalMs }) => wrongTotalMs))),
    wrongTotalMsP50: rounded(p50(moves.map(({ wrongTotalMs }) => wrongTotalMs))),
    leftWrong: moves.filter(({ stillWrong }) => stillWrong).length,
    ...{ lost, doubled },
  };
}
