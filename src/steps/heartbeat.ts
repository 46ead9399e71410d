import type { Context } from '@temporalio/activity';
import { GantryError } from '../errors/index.ts';

/** A cancellation travels on the answer to a heartbeat: at this pace it arrives within half a second. */
const everyMs = 400;

export type Heartbeat = { outlived: AbortSignal; set: (details: unknown) => void; stop: () => void };

/**
 * Heartbeats until stopped: without them an activity costs its whole start-to-close after a crash. None is sent at once:
 * a step that takes less than the pace costs the server no extra write (2 ms each, measured), and what a predecessor
 * reported stays with the server until something newer comes.
 *
 * `outlived` aborts when this process stood still for longer than the heartbeat timeout (SIGSTOP, a starved machine): the
 * server has given the attempt to somebody else by then. A help, not a fence: what is decisive is refused by the target.
 */
export function startHeartbeat(activity: Context): Heartbeat {
  const { heartbeatTimeoutMs } = activity.info;
  let details: unknown = activity.info.heartbeatDetails;
  const every = heartbeatTimeoutMs ? Math.min(heartbeatTimeoutMs / 3, everyMs) : everyMs;
  const outlived = new AbortController();
  let last = performance.now();
  const timer = setInterval(() => {
    const stood = performance.now() - last;
    last += stood;
    if (heartbeatTimeoutMs && stood > heartbeatTimeoutMs) {
      const message = `this process stood still for ${Math.round(stood)} ms: the attempt has been given to another one`;
      outlived.abort(new GantryError('ATTEMPT_OUTLIVED', message));
    }
    activity.heartbeat(details);
  }, every);
  return {
    outlived: outlived.signal,
    set: (next) => {
      details = next;
      activity.heartbeat(details);
    },
    stop: () => clearInterval(timer),
  };
}
