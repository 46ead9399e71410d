import { cpus, totalmem } from 'node:os';
import { temporalSettings } from '../lab/temporal/temporal.ts';
import type { Say } from './bench.ts';
import { defineBench } from './bench.ts';
import { measureAddedCost } from './engine/added-cost.ts';
import { measureMemory } from './engine/memory.ts';
import { measureRate } from './engine/rate.ts';
import type { EngineStage } from './engine/stage.ts';
import { openStage } from './engine/stage.ts';
import { engineTable } from './engine/table.ts';
import { oneMinuteLoad, p50, rounded } from './statistics.ts';
import type { EngineResult } from './engine/result.ts';

const full = {
  rounds: 25,
  steps: 10,
  starts: 5,
  rate: { rates: [0.5, 1, 1.5, 2, 3, 4, 5, 6, 8, 10, 12, 16], seconds: 8, idleRuns: 4, steps: 10 },
  memory: { openRuns: 500, restMs: 5_000 },
};
const sampled: typeof full = {
  rounds: 3,
  steps: 10,
  starts: 1,
  rate: { rates: [1], seconds: 2, idleRuns: 1, steps: 10 },
  memory: { openRuns: 20, restMs: 500 },
};

const settings = [
  'Temporal dev server of the lab (lab/temporal/temporal.ts), SQLite on a file: journal_mode=wal, synchronous=off',
  ...Object.entries(temporalSettings).map(([key, value]) => `${key}=${value}`),
  'worker: options of workers/worker.ts (maxCachedWorkflows 100), a process of its own, bundle built ahead',
];

/** What durability costs: an engine over steps that cost nothing themselves. */
export const engine = defineBench<EngineResult>({
  name: 'engine',
  summary: 'what durability costs: ms per activity, runs per second, events, start and memory of a worker',
  settings,
  options: { quick: { type: 'boolean', help: 'a sample of each measurement, for CI: its figures are rough' } },
  async run(options, say) {
    const quick = options['quick'] === true;
    const sizes = quick ? sampled : full;
    const loadBefore = oneMinuteLoad();
    const stage = await openStage();
    const starts = await workerStarts(stage, sizes.starts, say);
    const worker = await stage.startWorker();
    const cost = await measureAddedCost(stage, worker, sizes, say);
    const { runsPerSecond, tried } = await measureRate(stage, worker, sizes.rate, say);
    await worker.stop();
    const memory = await measureMemory(stage, sizes.memory, say);
    return {
      bench: 'engine',
      quick,
      ...cost,
      runsPerSecond,
      ratesTried: tried,
      workerStartMs: rounded(p50(starts), 0),
      workerStartsMs: starts.map((ms) => rounded(ms, 0)),
      ...memory,
      rss500RunsMb: memory.openRuns === 500 ? memory.rssOpenRunsMb : null,
      settings,
      serverVersion: stage.serverVersion,
      node: process.version,
      cores: cpus().length,
      memoryGib: rounded(totalmem() / 2 ** 30, 0),
      load: [loadBefore, oneMinuteLoad()],
    };
  },
  table: engineTable,
});

async function workerStarts(stage: EngineStage, count: number, say: Say): Promise<number[]> {
  const took: number[] = [];
  for (let started = 0; started < count; started += 1) {
    const worker = await stage.startWorker();
    took.push(worker.startMs);
    await worker.stop();
  }
  say(`spawn to the first finished run: ${took.map((ms) => rounded(ms, 0)).join(', ')} ms`);
  return took;
}
