import type { Context } from '@temporalio/activity';

/** Used when the activity has no heartbeat timeout (tests): often enough to hear of a cancellation within half a second. */
const defaultHeartbeatEveryMs = 400;

/** Heartbeats three times per timeout: without them an activity costs its whole start-to-close after a crash. */
export function startHeartbeat(activity: Context): { set: (details: unknown) => void; stop: () => void } {
  let details: unknown = activity.info.heartbeatDetails;
  const every = activity.info.heartbeatTimeoutMs ? activity.info.heartbeatTimeoutMs / 3 : defaultHeartbeatEveryMs;
  activity.heartbeat(details);
  const timer = setInterval(() => activity.heartbeat(details), every);
  return {
    set: (next) => {
      details = next;
      activity.heartbeat(details);
    },
    stop: () => clearInterval(timer),
  };
}
