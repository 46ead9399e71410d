import { monotonicMs, pause } from '../../lab/clock.ts';
import type { Say } from '../bench.ts';
import { p50, p95, rounded } from '../statistics.ts';
import { latencies, readHistory } from './history.ts';
import type { EngineRun, EngineStage, EngineWorker } from './stage.ts';

/** One offered rate. `ratio`: its activity p95 over the p95 of runs one at a time just before and after it. */
export type RateTried = {
  runsPerSecond: number;
  activityP50Ms: number;
  activityP95Ms: number;
  idleP95Ms: number;
  ratio: number;
  kept: boolean;
};

export type RateSizes = { rates: readonly number[]; seconds: number; idleRuns: number; steps: number };

/** An activity may take this much longer than on an idle engine. */
const allowed = 1.5;
/** Runs that start while the load still builds up are not looked at. */
const rampMs = 1_000;

/**
 * The highest of the given rates at which activities keep their latency. Open loop: runs are started by the clock, whether
 * or not former ones have ended. A rate that fails is tried once more, since the machine is shared; failed twice it ends
 * the search.
 */
export async function measureRate(
  stage: EngineStage,
  worker: EngineWorker,
  sizes: RateSizes,
  say: Say,
): Promise<{ runsPerSecond: number; tried: RateTried[] }> {
  const tried: RateTried[] = [];
  let best = 0;
  let idle = await idleLatencies(stage, worker, sizes);
  for (const rate of sizes.rates) {
    let kept = false;
    for (let attempt = 0; attempt < 2 && !kept; attempt += 1) {
      const loaded = await offer(stage, worker, rate, sizes);
      const after = await idleLatencies(stage, worker, sizes);
      const result = judge(rate, loaded, [...idle, ...after]);
      idle = after;
      kept = result.kept;
      tried.push(result);
      say(
        `${rate} runs/s: activity p95 ${result.activityP95Ms} ms, idle ${result.idleP95Ms} ms, ratio ${result.ratio}` +
          (kept ? '' : ' (too slow)'),
      );
    }
    if (!kept) break;
    best = rate;
  }
  return { runsPerSecond: best, tried };
}

function judge(runsPerSecond: number, loaded: readonly number[], idle: readonly number[]): RateTried {
  const [activityP95Ms, idleP95Ms] = [p95(loaded), p95(idle)];
  return {
    runsPerSecond,
    activityP50Ms: rounded(p50(loaded)),
    activityP95Ms: rounded(activityP95Ms),
    idleP95Ms: rounded(idleP95Ms),
    ratio: rounded(activityP95Ms / idleP95Ms, 2),
    kept: activityP95Ms <= allowed * idleP95Ms,
  };
}

async function idleLatencies(
  stage: EngineStage,
  { taskQueue }: EngineWorker,
  { idleRuns, steps }: RateSizes,
): Promise<number[]> {
  const runs: EngineRun[] = [];
  for (let count = 0; count < idleRuns; count += 1) {
    const run = await stage.startRun(taskQueue, { steps, people: 0 });
    await run.result();
    runs.push(run);
  }
  return latenciesOf(runs);
}

async function offer(
  stage: EngineStage,
  { taskQueue }: EngineWorker,
  rate: number,
  { seconds, steps }: RateSizes,
): Promise<number[]> {
  // Slow rates need longer for enough samples.
  const forMs = Math.min(2 * seconds, Math.max(seconds, 10 / rate)) * 1_000 + rampMs;
  const startedAt = monotonicMs();
  const starts: Promise<EngineRun>[] = [];
  const judged: Promise<EngineRun>[] = [];
  for (let count = 0; (count * 1_000) / rate < forMs; count += 1) {
    const dueMs = (count * 1_000) / rate;
    await pause(Math.max(0, startedAt + dueMs - monotonicMs()));
    const start = stage.startRun(taskQueue, { steps, people: 0 });
    start.catch(() => undefined); // thrown below, where all are awaited
    starts.push(start);
    if (dueMs >= rampMs) judged.push(start);
  }
  // Read only once all have ended: reading histories is load too.
  for (const run of await Promise.all(starts)) await run.result();
  return latenciesOf(await Promise.all(judged));
}

async function latenciesOf(runs: readonly EngineRun[]): Promise<number[]> {
  const all: number[] = [];
  for (const run of runs) all.push(...latencies((await readHistory(run)).activities));
  return all;
}
