import { ScheduleOverlapPolicy } from '@temporalio/client';
import type { ScheduleOptions } from '@temporalio/client';
import type { Kind } from '../../runs/index.ts';
import { nextFire, workflowTypeOf } from '../../runs/index.ts';

/** A run that starts by the clock, as the platform file declares it. */
export type ScheduleIntent = {
  name: string;
  kind: Kind;
  cron: string;
  timezone: string;
  input: Readonly<Record<string, unknown>>;
  paused: boolean;
};

/** Whose schedules they are: the platform's name, and the queue of its workers. */
export type Installation = { name: string; taskQueue: string };

/** Written at creation and never changed: Temporal reports a change of a memo as done and makes none (temporal#9566). */
export const ownerMark = 'gantryInstallation';

/** By this note a pause is known as the platform file's own. Any other pause is an operator's, and stays. */
export const pausedByFile = 'paused by the platform file';

const hourMs = 3_600_000;

/** The id of a schedule: another installation in the same namespace has other ones. */
export function scheduleId(installation: Installation, name: string): string {
  return `${prefixOf(installation)}${name}`;
}

/** What the ids of an installation's schedules begin with. */
export function prefixOf({ name }: Installation): string {
  return `gantry/${name}/`;
}

export type Desired = ScheduleOptions & {
  policies: NonNullable<ScheduleOptions['policies']> & { catchupWindow: number };
};

/**
 * An intent → the schedule. Overlap and catch-up are always said: by default Temporal catches up on a whole year. A fire that a
 * dead server missed is made up for at most once, within an hour, and never later than the next one.
 */
export function desiredSchedule(intent: ScheduleIntent, installation: Installation): Desired {
  const { name, kind, cron, timezone, input, paused } = intent;
  return {
    scheduleId: scheduleId(installation, name),
    spec: { cronExpressions: [cron], timezone },
    action: {
      type: 'startWorkflow',
      workflowType: workflowTypeOf(kind),
      workflowId: `schedule/${name}`,
      taskQueue: installation.taskQueue,
      args: [{ ...input, requestedBy: `schedule:${name}` }],
    },
    policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: catchUpMs(cron, timezone), pauseOnFailure: false },
    memo: { [ownerMark]: installation.name },
    ...(paused ? { state: { paused: true, note: pausedByFile } } : {}),
  };
}

/** At most an hour, and at most the time between two fires; the server takes no less than 10 s. */
function catchUpMs(cron: string, timezone: string): number {
  const first = nextFire({ cron, timezone }, new Date(0));
  const second = first && nextFire({ cron, timezone }, first);
  return second ? Math.min(hourMs, second.getTime() - first.getTime()) : hourMs;
}
