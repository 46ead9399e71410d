import { Context } from '@temporalio/activity';

/**
 * Time by Temporal's clock, as an activity can know it: when its attempt was scheduled, and what has passed in this process
 * since. It is never later than it is, and earlier by what the task waited for a worker; so an age that a workflow, whose time
 * is Temporal's, reckons from it is never too short. To be called at an activity's start. Milliseconds since the epoch.
 *
 * The time of day of a worker's machine is no measure: two workers differ by minutes and each is sure of itself.
 */
export function temporalClock(): () => number {
  const scheduledAt = Context.current().info.currentAttemptScheduledTimestampMs;
  const startedAt = performance.now();
  return () => scheduledAt + (performance.now() - startedAt);
}
