import type { Waiting } from '../runs/index.ts';
import { domains, nameOf } from '../runs/index.ts';

/** The parts of Temporal's `PendingActivityInfo` that say whether a worker has taken it. */
type PendingActivity = {
  activityType?: { name?: string | null } | null;
  state?: number | null;
  scheduledTime?: { seconds?: number | { toNumber: () => number } | null } | null;
  lastStartedTime?: object | null;
};

/** `PENDING_ACTIVITY_STATE_SCHEDULED`: in its queue, or between two attempts. */
const scheduled = 1;

/**
 * The activity of a run that lies in its queue and that no worker has taken yet, if there is one. The run itself says so only after
 * minutes (the `startMs` of its profile): it cannot see its queue, and whoever looks at it can.
 */
export function untaken(pending: readonly PendingActivity[]): Waiting | undefined {
  for (const { activityType, state, scheduledTime, lastStartedTime } of pending) {
    const activity = activityType?.name ?? '';
    const domain = domains.find((one) => activity.startsWith(one));
    const seconds = scheduledTime?.seconds ?? undefined;
    if (state !== scheduled || lastStartedTime || !domain || seconds === undefined) continue;
    const at = typeof seconds === 'number' ? seconds : seconds.toNumber();
    const reference = activity.slice(domain.length);
    const title = nameOf(domain, `${reference.charAt(0).toLowerCase()}${reference.slice(1)}`);
    return { domain, title, since: new Date(at * 1_000).toISOString() };
  }
  return undefined;
}
