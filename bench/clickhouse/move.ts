import { DefaultLogger, Runtime } from '@temporalio/worker';
import { startClickHouseCluster } from '../../lab/clickhouse/clickhouse.ts';
import { rowsPerBlock } from '../../lab/load/clickhouse-events.ts';
import { defineBench } from '../bench.ts';
import { atEnd } from '../cleanup.ts';
import type { Contestant, World } from './move/contestants.ts';
import { killed, unkilled } from './move/contestants.ts';
import { heartbeatMs, killPlaces } from './move/killed.ts';
import type { MethodResult, Moved } from './move/summary.ts';
import { summary } from './move/summary.ts';
import { benchServer, countOf } from '../gantry.ts';
import { oneMinuteLoad, rounded } from '../statistics.ts';

const methods = ['gantry', 'fetchAttachDrop', 'insertSelect'] as const;
type Method = (typeof methods)[number];
type Scenario<M extends string = Method> = Record<M, MethodResult>;

/** What the bench `clickhouse-move` answers. */
export type ClickHouseMoveResult = {
  bench: 'clickhouse-move';
  quick: boolean;
  undisturbed: Scenario;
  /** `gantryQuiet`: where the platform file has no fence, so that nobody is held back. */
  lateRows: Scenario<Method | 'gantryQuiet'>;
  killed: Scenario;
  /** Gantry's transfer as a share of the plain FETCH's, undisturbed. */
  transferRatio: number;
  /** How long a worker that says nothing counts as alive: a part of `rightAgainMs`. */
  heartbeatMs: number;
  rowsPerMove: { undisturbed: number; otherwise: number };
  /** The machine's load average over a minute, before and after: others may use it too. */
  load: readonly number[];
};

/** Of the partitions of the other two scenarios, beside the undisturbed ones. */
const share = 0.2;
const full = { rows: 3_000_000, moves: 3 };
const sampled = { rows: 100_000, moves: 1 };
/** Where the totals are wrong at that moment: what a sample needs to show. */
const worstPlace = 'driver:after:clickhouse.attachPartitionFrom#1@clickhouseCutOver.ensure#1';

/**
 * The same partition moved by Gantry, by FETCH/ATTACH/DROP (what ckman sends) and by INSERT … SELECT and a drop, by turns on
 * one cluster: undisturbed, under late rows, and killed between each pair of statements.
 */
export const clickhouseMove = defineBench<ClickHouseMoveResult>({
  name: 'clickhouse-move',
  summary: 'transfer, wrong totals, lost and doubled rows of a partition move: Gantry beside the usual scripts',
  settings: [
    'ClickHouse 18.16.1 of the distribution, 2 shards of 2 replicas on loopback, ZooKeeper 3.8',
    'a reader of the Distributed table asks for the total every 2 ms; producers write another day, 5 blocks of 1,000 rows a second, every third one sent twice',
    'Gantry: whole durable runs, workers in this process (killed: in processes of their own, Gantry’s own time limits)',
    'Temporal dev server of the lab, SQLite on a file (WAL, synchronous=off)',
  ],
  options: {
    quick: { type: 'boolean', help: 'one small partition of each, one kill of each: its figures are rough' },
    rows: { type: 'string', help: `of a partition, undisturbed; ${full.rows} unless given. A fifth of it otherwise` },
    moves: { type: 'string', help: `of each method, undisturbed and under late rows; ${full.moves} unless given` },
  },
  async run(options, say) {
    const quick = options['quick'] === true;
    const sizes = quick ? sampled : full;
    const blocks = Math.max(5, Math.round(countOf(options, 'rows', sizes.rows) / rowsPerBlock));
    const moves = countOf(options, 'moves', sizes.moves);
    const loadBefore = oneMinuteLoad();
    // Workers that come and go are no news.
    Runtime.install({ logger: new DefaultLogger('ERROR') });
    const server = await benchServer();
    const cluster = await startClickHouseCluster({ stateDir: server.stateDir, name: 'metrics' });
    atEnd(() => cluster.stop());
    const world: World = { server, cluster, blocks, say };
    const small: World = { ...world, blocks: Math.max(5, Math.round(blocks * share)) };
    const undisturbed = await byTurns(methods, (method) => unkilled(world, method, { moves }));
    const late = { moves, late: true };
    const lateRows = await byTurns([...methods, 'gantryQuiet'], (method) => unkilled(small, method, late));
    const killedResult = await byTurns(methods, (method) => killed(small, method, placesOf(method, quick)));
    const plain = undisturbed.fetchAttachDrop.transferMbPerS ?? Number.NaN;
    return {
      ...{ bench: 'clickhouse-move', quick, undisturbed, lateRows, killed: killedResult },
      transferRatio: rounded((undisturbed.gantry.transferMbPerS ?? Number.NaN) / plain, 2),
      heartbeatMs,
      rowsPerMove: { undisturbed: blocks * rowsPerBlock, otherwise: small.blocks * rowsPerBlock },
      load: [loadBefore, oneMinuteLoad()],
    };
  },
  table: (result) => [
    ...(['undisturbed', 'lateRows', 'killed'] as const).flatMap((name) => [...scenarioTable(name, result[name]), '']),
    `Gantry transfers at ${result.transferRatio} of the plain FETCH; the heartbeat timeout is ${result.heartbeatMs} ms`,
    `load ${result.load.join(' → ')}`,
    ...(result.quick ? ['--quick: too few moves for more than a rough idea'] : []),
  ],
});

/** For Gantry the driver's calls, for a script after each statement but the last; of a sample only the last of these. */
function placesOf(method: Method, quick: boolean): (statements: number) => readonly (string | number)[] {
  if (method === 'gantry') return () => (quick ? [worstPlace] : killPlaces);
  return (statements) => Array.from({ length: statements - 1 }, (_, at) => at).slice(quick ? -1 : 0);
}

/** Every method in its turn, so that what else the machine does falls on all of them. */
async function byTurns<M extends string>(
  names: readonly M[],
  open: (name: M) => Promise<Contestant>,
): Promise<Scenario<M>> {
  const all: { name: M; contestant: Contestant; seen: Moved[] }[] = [];
  for (const name of names) all.push({ name, contestant: await open(name), seen: [] });
  const turns = Math.max(...all.map(({ contestant }) => contestant.turns.length));
  for (let turn = 0; turn < turns; turn += 1) {
    for (const { contestant, seen } of all) {
      const moved = await contestant.turns[turn]?.();
      if (moved) seen.push(moved);
    }
  }
  const results: [M, MethodResult][] = [];
  for (const { name, contestant, seen } of all) results.push([name, summary(seen, await contestant.close())]);
  return Object.fromEntries(results) as Scenario<M>;
}

const lines = [
  ['moves', 'moves'],
  ['transfer, MB/s', 'transferMbPerS'],
  ['end to end, MB/s', 'endToEndMbPerS'],
  ['wrong total, p50, ms', 'wrongTotalMsP50'],
  ['wrong total, worst move, ms', 'wrongTotalMs'],
  ['right again after a kill, max, ms', 'rightAgainMs'],
  ['moves that left it wrong', 'leftWrong'],
  ['moves that could not be finished', 'unfinished'],
  ['rows lost', 'lost'],
  ['rows doubled', 'doubled'],
] as const satisfies readonly (readonly [string, keyof MethodResult])[];

function scenarioTable(name: string, scenario: Record<string, MethodResult>): string[] {
  const row = (what: string, cells: readonly (string | number | null)[]): string =>
    what.padEnd(36) + cells.map((cell) => String(cell ?? '–').padStart(18)).join('');
  const results = Object.values(scenario);
  return [
    row(name, Object.keys(scenario)),
    ...lines.map(([what, field]) =>
      row(
        what,
        results.map((result) => result[field]),
      ),
    ),
  ];
}
