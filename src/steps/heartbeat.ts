import type { Context } from '@temporalio/activity';
import { GantryError } from '../errors/index.ts';
import { jsonBytes, payloadLimits } from '../runs/index.ts';
import { stoodStillMs, watchStandstills } from './standstill.ts';

/** A cancellation travels on the answer to a heartbeat: at this pace it arrives within half a second. */
const everyMs = 400;

export type Heartbeat = {
  /** Aborts when the attempt is no longer ours. */
  outlived: AbortSignal;
  /**
   * To be asked right before something is sent that nobody may send late: a woken process acts before it hears of anything.
   * @throws ATTEMPT_OUTLIVED
   */
  mustBeOurs: () => void;
  set: (details: unknown) => void;
  stop: () => void;
};

/**
 * Heartbeats until stopped: without them an activity costs its whole start-to-close after a crash. None is sent at once:
 * a step that takes less than the pace costs the server no extra write (2 ms each, measured), and what a predecessor
 * reported stays with the server until something newer comes.
 *
 * The attempt is no longer ours when this process stood still for longer than the heartbeat timeout since the attempt was
 * handed out: the server has given it to somebody else by then. A help, not a fence: a statement that had left before the
 * standstill lands, so that what is decisive is refused by the target.
 */
export function startHeartbeat(activity: Context): Heartbeat {
  watchStandstills();
  const { heartbeatTimeoutMs, currentAttemptScheduledTimestampMs } = activity.info;
  let details: unknown = activity.info.heartbeatDetails;
  const every = heartbeatTimeoutMs ? Math.min(heartbeatTimeoutMs / 3, everyMs) : everyMs;
  const outlived = new AbortController();
  const mustBeOurs = (): void => {
    if (!heartbeatTimeoutMs) return;
    // Stood still before this function ran: the attempt may have been handed to this process all the same.
    const stood = stoodStillMs(currentAttemptScheduledTimestampMs);
    if (stood <= heartbeatTimeoutMs) return;
    const message = `this process stood still for ${Math.round(stood)} ms: the attempt has been given to another one`;
    throw new GantryError('ATTEMPT_OUTLIVED', message);
  };
  const timer = setInterval(() => {
    try {
      mustBeOurs();
    } catch (error) {
      outlived.abort(error);
    }
    activity.heartbeat(details);
  }, every);
  return {
    outlived: outlived.signal,
    mustBeOurs,
    set: (next) => {
      if (jsonBytes(next) > payloadLimits.evidence)
        throw new GantryError('PAYLOAD_TOO_LARGE', `${jsonBytes(next)} bytes of progress`);
      details = next;
      activity.heartbeat(details);
    },
    stop: () => clearInterval(timer),
  };
}
