import { Context } from '@temporalio/activity';
import { boundedFailure } from './bounded-failure.ts';
import { startHeartbeat } from './heartbeat.ts';

/** What an activity tells whoever looks at it, and its own retry. */
export type Progress = { resumed: unknown; set: (details: unknown) => void };

/** An activity that isn't a step (planning, control): it heartbeats by itself and fails with catalogue errors only. */
export function plainActivity<A, R>(
  act: (argument: A, signal: AbortSignal, progress: Progress) => Promise<R>,
): (argument: A) => Promise<R> {
  return async (argument) => {
    const activity = Context.current();
    const heartbeat = startHeartbeat(activity);
    try {
      const progress = { resumed: activity.info.heartbeatDetails as unknown, set: heartbeat.set };
      return await act(argument, activity.cancellationSignal, progress);
    } catch (error) {
      if (activity.cancellationSignal.aborted) throw activity.cancellationSignal.reason;
      throw await boundedFailure(error);
    } finally {
      heartbeat.stop();
    }
  };
}
