import { Context } from '@temporalio/activity';
import { toFailure } from '../errors/index.ts';
import { startHeartbeat } from './heartbeat.ts';

/** An activity that isn't a step (planning, control): it heartbeats by itself and fails with catalogue errors only. */
export function plainActivity<A, R>(
  act: (argument: A, signal: AbortSignal) => Promise<R>,
): (argument: A) => Promise<R> {
  return async (argument) => {
    const activity = Context.current();
    const heartbeat = startHeartbeat(activity);
    try {
      return await act(argument, activity.cancellationSignal);
    } catch (error) {
      if (activity.cancellationSignal.aborted) throw activity.cancellationSignal.reason;
      throw toFailure(error);
    } finally {
      heartbeat.stop();
    }
  };
}
