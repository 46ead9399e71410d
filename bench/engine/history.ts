import type { WorkflowHandle } from '@temporalio/client';

/** One activity of a history. Milliseconds since 1970, by the server's clock, with a fraction. */
export type ActivityTimes = {
  type: string;
  scheduledMs: number;
  startedMs: number;
  completedMs: number;
  /** When the next activity of the run was scheduled; undefined of the last. */
  nextScheduledMs: number | undefined;
};

type HistoryEvent = NonNullable<Awaited<ReturnType<WorkflowHandle['fetchHistory']>>['events']>[number];

/** The activities of a finished run, in the order of their scheduling, and the number of its events. */
export async function readHistory(
  run: Pick<WorkflowHandle, 'fetchHistory'>,
): Promise<{ events: number; activities: ActivityTimes[] }> {
  const { events } = await run.fetchHistory();
  const all = events ?? [];
  const started = new Map<number, number>();
  const completed = new Map<number, number>();
  for (const event of all) {
    const { activityTaskStartedEventAttributes: start, activityTaskCompletedEventAttributes: end } = event;
    if (start) started.set(Number(start.scheduledEventId), timeOf(event));
    if (end) completed.set(Number(end.scheduledEventId), timeOf(event));
  }
  const scheduled = all.filter((event) => event.activityTaskScheduledEventAttributes);
  const activities = scheduled.map((event, index) => {
    const id = Number(event.eventId);
    const next = scheduled[index + 1];
    return {
      type: event.activityTaskScheduledEventAttributes?.activityType?.name ?? '',
      scheduledMs: timeOf(event),
      startedMs: started.get(id) ?? Number.NaN,
      completedMs: completed.get(id) ?? Number.NaN,
      nextScheduledMs: next && timeOf(next),
    };
  });
  return { events: all.length, activities };
}

/** Schedule to completion of each activity. */
export function latencies(activities: readonly ActivityTimes[]): number[] {
  return activities.map(({ scheduledMs, completedMs }) => completedMs - scheduledMs);
}

function timeOf({ eventTime }: HistoryEvent): number {
  return Number(eventTime?.seconds ?? Number.NaN) * 1_000 + (eventTime?.nanos ?? 0) / 1e6;
}
