import type { Context } from '@temporalio/activity';

/** A cancellation travels on the answer to a heartbeat: at this pace it arrives within half a second. */
const everyMs = 400;

/**
 * Heartbeats until stopped: without them an activity costs its whole start-to-close after a crash. None is sent at once:
 * a step that takes less than the pace costs the server no extra write (2 ms each, measured), and what a predecessor
 * reported stays with the server until something newer comes.
 */
export function startHeartbeat(activity: Context): { set: (details: unknown) => void; stop: () => void } {
  const { heartbeatDetails, heartbeatTimeoutMs } = activity.info;
  let details: unknown = heartbeatDetails;
  const every = heartbeatTimeoutMs ? Math.min(heartbeatTimeoutMs / 3, everyMs) : everyMs;
  const timer = setInterval(() => activity.heartbeat(details), every);
  return {
    set: (next) => {
      details = next;
      activity.heartbeat(details);
    },
    stop: () => clearInterval(timer),
  };
}
