import { pause, until } from '../../lab/clock.ts';
import { searchAttributeNames } from '../../src/runs/index.ts';
import type { Say } from '../bench.ts';
import { rounded } from '../statistics.ts';
import { memoryMb } from './proc.ts';
import type { EngineStage } from './stage.ts';

/** Decimal megabytes of the worker process. */
export type Memory = {
  rssIdleMb: number;
  /** With all runs open and at rest. */
  rssOpenRunsMb: number;
  /** The most it ever had. */
  rssPeakMb: number;
  openRuns: number;
  serverRssMb: number;
};

const startsAtOnce = 8;

/** A fresh worker's memory after its first run, then with many runs that all wait for their approval. */
export async function measureMemory(
  stage: EngineStage,
  { openRuns, restMs }: { openRuns: number; restMs: number },
  say: Say,
): Promise<Memory> {
  const worker = await stage.startWorker();
  await pause(restMs);
  const rssIdleMb = rounded(memoryMb(worker.pid), 0);
  say(`an idle worker: ${rssIdleMb} MB; opening ${openRuns} runs`);
  for (let open = 0; open < openRuns; open += startsAtOnce) {
    const batch = Math.min(startsAtOnce, openRuns - open);
    await Promise.all(Array.from({ length: batch }, () => stage.startRun(worker.taskQueue, { steps: 10, people: 1 })));
  }
  const waiting = `TaskQueue = '${worker.taskQueue}' AND ${searchAttributeNames.state} = 'awaiting-approval'`;
  const all = await until(
    async () => (await stage.client.workflow.count(waiting)).count === openRuns || undefined,
    120_000,
    250,
  );
  if (!all) throw new Error(`not all of ${openRuns} runs came to wait for their approval`);
  await pause(restMs);
  const memory = {
    rssIdleMb,
    rssOpenRunsMb: rounded(memoryMb(worker.pid), 0),
    rssPeakMb: rounded(memoryMb(worker.pid, 'VmHWM'), 0),
    openRuns,
    serverRssMb: rounded(memoryMb(stage.serverPid), 0),
  };
  say(`with ${openRuns} runs open: ${memory.rssOpenRunsMb} MB, at most ${memory.rssPeakMb} MB`);
  await worker.stop();
  return memory;
}
