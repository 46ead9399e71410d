import type { Say } from '../bench.ts';
import { p50, p95, rounded } from '../statistics.ts';
import type { ActivityTimes } from './history.ts';
import { latencies, readHistory } from './history.ts';
import { plainLoop } from './plain-loop.ts';
import { cpuMs } from './proc.ts';
import type { EngineStage, EngineWorker } from './stage.ts';

/** What durability adds to an activity, and where it goes. Milliseconds. */
export type AddedCost = {
  addedMsPerStepP50: number;
  addedMsPerStepP95: number;
  plainLoopMsPerStepP50: number;
  /** An activity that does nothing, on the SDK alone, and how many times that an activity of a run takes. */
  bareActivityMsP50: number;
  overBareRatio: number;
  /** The parts of an activity, medians. */
  dispatchMs: number;
  workAndReportMs: number;
  workflowTaskMs: number;
  /** CPU per activity of a run, admission, plan and report included. */
  workerCpuMsPerActivity: number;
  serverCpuMsPerActivity: number;
  activityP95IdleMs: number;
  /** A whole run: admission, plan, steps, report. */
  runMsP50: number;
  eventsPerRun: number;
  stepsPerRun: number;
  activitiesPerRun: number;
};

/** Compiled code and warm caches on all sides: the first runs are not what the thousandth costs. */
const warmUps = 3;

/**
 * Plain loops, bare workflows and runs in turns, one at a time. Added to an activity: from its scheduling to that of the
 * run's next activity (dispatch, work, its report, the workflow task), less what the same call took in the loop beside it.
 */
export async function measureAddedCost(
  stage: EngineStage,
  { taskQueue, pid }: EngineWorker,
  { rounds, steps }: { rounds: number; steps: number },
  say: Say,
): Promise<AddedCost> {
  const plain: number[] = [];
  const bare: number[] = [];
  const added: number[] = [];
  const own: ActivityTimes[] = [];
  const idle: number[] = [];
  const runMs: number[] = [];
  const cpu = { worker: 0, server: 0 };
  let [eventsPerRun, activitiesPerRun] = [0, 0];
  for (let round = -warmUps; round < rounds; round += 1) {
    const calls = await plainLoop(steps, new Map());
    const floor = await stage.startBare(taskQueue, calls.length);
    await floor.result();
    const before = { worker: cpuMs(pid), server: cpuMs(stage.serverPid) };
    const run = await stage.startRun(taskQueue, { steps, people: 0 });
    const report = await run.result();
    if (round < 0) continue;
    cpu.worker += cpuMs(pid) - before.worker;
    cpu.server += cpuMs(stage.serverPid) - before.server;
    const { events, activities } = await readHistory(run);
    const made = activities.filter(({ type }) => type === 'redisTurnOn');
    if (made.length !== calls.length) throw new Error(`${made.length} activities beside ${calls.length} plain calls`);
    plain.push(...calls);
    bare.push(...(await readHistory(floor)).activities.slice(0, -1).map(whole));
    added.push(...made.map((activity, index) => whole(activity) - (calls[index] ?? Number.NaN)));
    own.push(...made);
    idle.push(...latencies(activities));
    runMs.push(report.ms);
    [eventsPerRun, activitiesPerRun] = [events, activities.length];
  }
  const [addedP50, bareP50] = [p50(added), p50(bare)];
  const per = (total: number): number => rounded(total / idle.length);
  say(`${added.length} activities: ${rounded(addedP50)} ms added each, p95 ${rounded(p95(added))} ms`);
  return {
    addedMsPerStepP50: rounded(addedP50),
    addedMsPerStepP95: rounded(p95(added)),
    plainLoopMsPerStepP50: rounded(p50(plain), 4),
    bareActivityMsP50: rounded(bareP50),
    overBareRatio: rounded(p50(own.map(whole)) / bareP50, 2),
    dispatchMs: rounded(p50(own.map(({ scheduledMs, startedMs }) => startedMs - scheduledMs))),
    workAndReportMs: rounded(p50(own.map(({ startedMs, completedMs }) => completedMs - startedMs))),
    workflowTaskMs: rounded(p50(own.map((activity) => next(activity) - activity.completedMs))),
    workerCpuMsPerActivity: per(cpu.worker),
    serverCpuMsPerActivity: per(cpu.server),
    activityP95IdleMs: rounded(p95(idle)),
    runMsP50: p50(runMs),
    eventsPerRun,
    stepsPerRun: steps,
    activitiesPerRun,
  };
}

/** From the scheduling of an activity to that of the next. */
function whole(activity: ActivityTimes): number {
  return next(activity) - activity.scheduledMs;
}

function next({ nextScheduledMs }: ActivityTimes): number {
  return nextScheduledMs ?? Number.NaN;
}
