import { monotonicMs, patience, pause } from '../../lab/clock.ts';
import type { Lane } from './lane.ts';
import { outcomeOf } from './outcome.ts';
import type { Point } from './points.ts';
import type { Findings } from './scene.ts';
import type { SweepWorker } from './worker-process.ts';

/** A run that was made, cut off at a point or undisturbed. */
export type Attempt = {
  /** Whether the worker came to the point at all. */
  reached: boolean;
  /** `done`, any other outcome, or why there is none. */
  outcome: string;
  findings: Findings | undefined;
  /** The places that the run came through in the first worker. Only of an undisturbed run. */
  trace: readonly string[];
  ms: number;
  workflowId: string;
  runId: string;
  logFiles: readonly string[];
};

/** A switchover takes 2 s, with a lease to wait for 6; a move 3 s. */
const usualPatienceMs = 40_000;
/** The longest pause lease is 3 s: a stopped worker sleeps longer than that. */
const pastLeaseMs = 3_300;
/** What a woken worker may need to hear that it has been replaced. */
const settleMs = 8_000;

/** Makes one run with the worker cut off at the point, lets another one finish, and looks at what is there then. */
export async function attempt(lane: Lane, point: Point | undefined): Promise<Attempt> {
  const scene = await lane.scene();
  const victim = await lane.worker();
  const take = await scene.begin();
  await victim.arm(point?.place, point?.cut === 'kill' ? 'SIGKILL' : 'SIGSTOP');
  const startedAt = monotonicMs();
  const handle = await lane.client.workflow.start(scene.workflowType, {
    workflowId: take.workflowId,
    taskQueue: lane.taskQueue,
    args: [take.input],
    workflowIdReusePolicy: 'ALLOW_DUPLICATE',
    workflowTaskTimeout: '1s',
  });
  const watched = take.watched === undefined ? handle : lane.client.workflow.getHandle(take.watched);
  const outcome = outcomeOf(lane.client, handle, watched, {
    silenceMs: (scene.patienceMs ?? usualPatienceMs) * patience,
    approves: scene.approves ?? false,
  });
  const logFiles = [victim.logFile];
  const reached = await Promise.race([cutOff(victim, point), outcome.then(() => false)]);
  if (reached) {
    const rescuer = await lane.rescuer();
    logFiles.push(rescuer.logFile);
    if (point && point.cut !== 'kill') await wokenInTime(victim, rescuer, point, outcome);
  }
  const how = await outcome;
  const ms = monotonicMs() - startedAt;
  if (reached) {
    if (point?.cut !== 'kill') await victim.idle(settleMs).catch(() => false);
    await victim.kill();
  }
  const runId = handle.firstExecutionRunId;
  return {
    reached,
    outcome: how,
    findings: await take.conclude(runId),
    trace: reached ? [] : await victim.trace(),
    ms,
    workflowId: take.watched ?? take.workflowId,
    // The last run under that id.
    runId: take.watched === undefined ? runId : '',
    logFiles,
  };
}

async function cutOff(victim: SweepWorker, point: Point | undefined): Promise<boolean> {
  if (point === undefined) return new Promise(() => undefined);
  if (point.cut === 'kill') await victim.ended;
  else await victim.stopped();
  return true;
}

/**
 * Wakes the stopped worker: at once when another one begins its activity again (`race`), or past its leases and when the
 * run is over (`stop`): whatever it does then, nobody would find it any more.
 */
async function wokenInTime(
  victim: SweepWorker,
  rescuer: SweepWorker,
  { cut }: Point,
  outcome: Promise<string>,
): Promise<void> {
  const stoppedAt = monotonicMs();
  await (cut === 'race' ? Promise.race([rescuer.retried(), outcome]) : outcome);
  if (cut === 'stop') await pause(Math.max(0, stoppedAt + pastLeaseMs - monotonicMs()));
  victim.wake();
}
