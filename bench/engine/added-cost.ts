import type { Say } from '../bench.ts';
import { p50, p95, rounded } from '../statistics.ts';
import { latencies, readHistory } from './history.ts';
import { plainLoop } from './plain-loop.ts';
import type { EngineStage, EngineWorker } from './stage.ts';

/** What durability adds to an activity, and where the time goes. Milliseconds. */
export type AddedCost = {
  addedMsPerStepP50: number;
  addedMsPerStepP95: number;
  plainLoopMsPerStepP50: number;
  /** Medians. */
  dispatchMs: number;
  workAndReportMs: number;
  workflowTaskMs: number;
  activityP95IdleMs: number;
  /** A whole run: admission, plan, steps, report. */
  runMsP50: number;
  eventsPerRun: number;
  stepsPerRun: number;
  activitiesPerRun: number;
};

/**
 * Runs and plain loops in turns, one at a time. Added to an activity: from its scheduling to that of the next activity of
 * the run (dispatch, work, its report, the workflow task), less what the same call took in the loop beside it.
 */
export async function measureAddedCost(
  stage: EngineStage,
  { taskQueue }: EngineWorker,
  { rounds, steps }: { rounds: number; steps: number },
  say: Say,
): Promise<AddedCost> {
  const samples = { added: [], plain: [], dispatch: [], work: [], task: [], all: [], run: [] } as Record<
    'added' | 'plain' | 'dispatch' | 'work' | 'task' | 'all' | 'run',
    number[]
  >;
  let [events, activitiesPerRun] = [0, 0];
  for (let round = -warmUps; round < rounds; round += 1) {
    const plain = await plainLoop(steps, new Map());
    const run = await stage.startRun(taskQueue, { steps, people: 0 });
    const report = await run.result();
    if (round < 0) continue;
    const history = await readHistory(run);
    const own = history.activities.filter(({ type }) => type === 'redisTurnOn');
    if (own.length !== plain.length) throw new Error(`${own.length} activities beside ${plain.length} plain calls`);
    for (const [index, at] of own.entries()) {
      const next = at.nextScheduledMs ?? Number.NaN;
      samples.added.push(next - at.scheduledMs - (plain[index] ?? Number.NaN));
      samples.dispatch.push(at.startedMs - at.scheduledMs);
      samples.work.push(at.completedMs - at.startedMs);
      samples.task.push(next - at.completedMs);
    }
    samples.plain.push(...plain);
    samples.all.push(...latencies(history.activities));
    samples.run.push(report.ms);
    [events, activitiesPerRun] = [history.events, history.activities.length];
  }
  const cost = {
    addedMsPerStepP50: rounded(p50(samples.added)),
    addedMsPerStepP95: rounded(p95(samples.added)),
    plainLoopMsPerStepP50: rounded(p50(samples.plain), 4),
    dispatchMs: rounded(p50(samples.dispatch)),
    workAndReportMs: rounded(p50(samples.work)),
    workflowTaskMs: rounded(p50(samples.task)),
    activityP95IdleMs: rounded(p95(samples.all)),
    runMsP50: p50(samples.run),
    eventsPerRun: events,
    stepsPerRun: steps,
    activitiesPerRun,
  };
  say(`${samples.added.length} activities: ${cost.addedMsPerStepP50} ms added each, p95 ${cost.addedMsPerStepP95} ms`);
  return cost;
}

/** Compiled code and warm caches on all sides: the first runs are not what the thousandth costs. */
const warmUps = 3;
