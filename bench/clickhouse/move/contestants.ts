import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { until } from '../../../lab/clock.ts';
import type { ClickHouseCluster } from '../../../lab/clickhouse/clickhouse.ts';
import { reportOfRun, startMoveRig } from '../../../test/support/move-rig.ts';
import { buildBundle } from '../../../workers/bundle.ts';
import type { Say } from '../../bench.ts';
import { atEnd } from '../../cleanup.ts';
import type { BenchServer } from '../../gantry.ts';
import { rounded } from '../../statistics.ts';
import type { Killed } from './killed.ts';
import { killedGantry, killedScript } from './killed.ts';
import type { MovedDay, MoveScene, Observed } from './scene.ts';
import { observed, openScene } from './scene.ts';
import type { Script, Statement } from './scripts.ts';
import { runStatements, statementsOf } from './scripts.ts';
import type { Moved } from './summary.ts';

/** What every method shares: one cluster, partitions of one size. */
export type World = { server: BenchServer; cluster: ClickHouseCluster; blocks: number; say: Say };

/** One method in one scenario, over a table of its own. */
export type Contestant = {
  /** Its moves, each of a day that is filled for it. */
  turns: readonly (() => Promise<Moved>)[];
  close: MoveScene['close'];
};

/** How a method moves a day. `late` makes a late row come at that moment. */
type Move = (moved: MovedDay, late: () => Promise<void>) => Promise<number | undefined>;

/** Moves that nobody kills. With `late` rows come to the day between the statements, when a script has read its last. */
export async function unkilled(
  world: World,
  method: 'gantry' | 'gantryQuiet' | Script,
  { moves, late = false }: { moves: number; late?: boolean },
): Promise<Contestant> {
  const { server, cluster, blocks, say } = world;
  const scene = await openScene(cluster, server.stateDir, blocks);
  const byGantry = method === 'gantry' || method === 'gantryQuiet';
  const move = byGantry ? await gantryMoves(world, scene, method === 'gantry') : scriptMoves(scene, method);
  const turn = async (): Promise<Moved> => {
    const moved = await scene.fill();
    if (late) await lateBlock(scene, moved, 2);
    const seen = await observed(scene, moved, () =>
      move(moved, () => (late ? lateBlock(scene, moved, 1) : Promise.resolve())),
    );
    say(`${late ? 'late rows' : 'undisturbed'}, ${method}: ${told(seen)}`);
    const { result: transferMs, endToEndMs } = seen;
    const took = { endToEndMs, ...(transferMs === undefined ? {} : { transferMs }) };
    return { ...took, ...wrongness(seen), bytes: moved.bytes, finished: true };
  };
  return { turns: Array.from({ length: moves }, () => turn), close: scene.close };
}

/** Moves whose executor is killed, each at another of these places: between each pair of statements. */
export async function killed(
  { server, cluster, blocks, say }: World,
  method: 'gantry' | Script,
  places: (statements: number) => readonly (string | number)[],
): Promise<Contestant> {
  const scene = await openScene(cluster, server.stateDir, blocks);
  const bundle = method === 'gantry' ? await sweptBundle() : '';
  const statements = (moved: MovedDay): readonly Statement[] =>
    method === 'gantry' ? [] : statementsOf(method, cluster, { ...scene, ...moved });
  const kill = (moved: MovedDay, place: string | number): Promise<Killed> =>
    typeof place === 'string'
      ? killedGantry(server, scene, moved, place, bundle)
      : killedScript(statements(moved), place, say);
  const all = statements({ day: '', partition: '', bytes: 0 }).length;
  const turns = places(all).map((place) => async (): Promise<Moved> => {
    const moved = await scene.fill();
    const seen = await observed(scene, moved, () => kill(moved, place));
    const { killedAtMs, finished } = seen.result;
    // Wrong at that moment: a cutover that follows later has its own double count.
    const then = seen.wrong.filter(({ fromMs, toMs }) => fromMs <= killedAtMs && toMs >= killedAtMs);
    const rightAgainMs = Math.max(0, ...then.map(({ toMs }) => toMs - killedAtMs));
    const where = typeof place === 'string' ? place : `after statement ${place + 1}`;
    say(`killed ${where}, ${method}: ${told(seen)}, right again ${rounded(rightAgainMs, 0)} ms after the kill`);
    return { endToEndMs: seen.endToEndMs, ...wrongness(seen), bytes: moved.bytes, finished, rightAgainMs };
  });
  return { turns, close: scene.close };
}

type Read = Pick<Moved, 'wrongTotalMs' | 'stillWrong' | 'answers' | 'failures'>;

function wrongness({ wrong, stillWrong, answers, failures }: Observed<unknown>): Read {
  return { wrongTotalMs: wrong.reduce((sum, { ms }) => sum + ms, 0), stillWrong, answers, failures };
}

function told(seen: Observed<unknown>): string {
  const { wrongTotalMs, stillWrong, answers, failures } = wrongness(seen);
  const wrong = `total wrong for ${rounded(wrongTotalMs)} ms${stillWrong ? ' and on' : ''}`;
  return `${rounded(seen.endToEndMs, 0)} ms, ${wrong} (${answers} answers, ${failures} failures)`;
}

/** A block of the day under way to this shard; resolves when it is acknowledged, or held back by a fence. */
async function lateBlock({ inserter }: MoveScene, { day }: MovedDay, shard: number): Promise<void> {
  const { low } = inserter.ledger.bounds(day);
  inserter.send(shard, day);
  await until(async () => inserter.held() > 0 || inserter.ledger.bounds(day).low > low, 10_000, 2);
}

function scriptMoves(scene: MoveScene, script: Script): Move {
  return async (moved, late) => {
    const statements = statementsOf(script, scene.cluster, { ...scene, ...moved });
    const { transferMs } = await runStatements(statements, (at) => (at + 1 < statements.length ? late() : undefined));
    return transferMs;
  };
}

/** Whole durable runs. Late rows come where a script has them: after the fetch, and before the source gives its rows away. */
async function gantryMoves({ server, cluster, say }: World, scene: MoveScene, fenced: boolean): Promise<Move> {
  const stateDir = join(server.stateDir, scene.table);
  mkdirSync(stateDir);
  const waiting = new Map<string, () => Promise<void>>();
  const rig = await startMoveRig({
    ...{ server: { address: server.temporal.address, client: server.client }, cluster, table: scene.full, stateDir },
    ...(fenced ? { settings: scene.settings } : {}),
    async before(call) {
      const act = waiting.get(call);
      waiting.delete(call);
      await act?.();
    },
  });
  atEnd(() => rig.stop());
  return async ({ partition }, late) => {
    for (const call of ['clickhouse.attachPartition', 'clickhouse.detachPartition']) waiting.set(call, late);
    const { outcome, measurements } = await reportOfRun(await rig.move(partition, 1, 2));
    if (outcome !== 'done') throw new Error(`the move of ${partition} ended as ${outcome}`);
    const cutover = ['attachMs', 'shownMs', 'detachMs'] as const;
    say(
      `cutover: ${cutover.map((ms) => `${ms} ${rounded(measurements[`clickhouse.cut-over.${ms}`] ?? 0)}`).join(', ')}`,
    );
    return measurements['clickhouse.copy.fetchMs'];
  };
}

function sweptBundle(): Promise<string> {
  return buildBundle(fileURLToPath(new URL('../../../test/support/under-table.ts', import.meta.url)));
}
