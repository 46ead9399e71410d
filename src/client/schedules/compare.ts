import type { ScheduleDescription } from '@temporalio/client';
import { canonicalJson, parseCron } from '../../runs/index.ts';
import type { Desired, ScheduleIntent } from './desired.ts';
import { pausedByFile } from './desired.ts';

/** A field of a schedule that is not as the platform file wants it. */
export type ScheduleDifference = { field: string; live: unknown; wanted: unknown };

/**
 * Where a schedule differs from what the platform file wants, field by field. An operator's pause is no difference: it holds
 * until the operator ends it.
 */
export function differences(
  live: ScheduleDescription,
  desired: Desired,
  { cron, timezone, paused }: ScheduleIntent,
): ScheduleDifference[] {
  const { action, policies, spec, state } = live;
  const wanted = desired.action;
  const fields: [string, unknown, unknown][] = [
    ['kind', action.workflowType, wanted.workflowType],
    ['input', action.args ?? [], wanted.args],
    ['workflow id', action.workflowId, wanted.workflowId],
    ['queue', action.taskQueue, wanted.taskQueue],
    ['cron', firesOf(spec), firesOfCron(cron)],
    ['timezone', spec.timezone === '' || spec.timezone === undefined ? 'UTC' : spec.timezone, timezone],
    ['overlap', policies.overlap, desired.policies.overlap],
    ['catch-up', policies.catchupWindow, desired.policies.catchupWindow],
    ['pause on failure', policies.pauseOnFailure, desired.policies.pauseOnFailure],
    ['limited to', state.remainingActions ?? null, null],
  ];
  const ours = state.paused && state.note === pausedByFile;
  if (paused && !state.paused) fields.push(['paused', false, true]);
  if (!paused && ours) fields.push(['paused', true, false]);
  return fields.flatMap(([field, found, want]) =>
    canonicalJson(found) === canonicalJson(want) ? [] : [{ field, live: found, wanted: want }],
  );
}

type Fires = { minutes: number[]; hours: number[]; days: number[]; months: number[]; weekdays: number[] };

/** The server keeps a cron expression as the calendar that it means: both are compared as the times that they name. */
function firesOfCron(cron: string): unknown {
  const parsed = parseCron(cron);
  if (!parsed) return cron;
  const { minutes, hours, days, months, weekdays } = parsed;
  return [{ minutes, hours, days, months, weekdays }].map((fields) =>
    Object.fromEntries(Object.entries(fields).map(([field, values]) => [field, sorted(values)])),
  );
}

const monthNames = [
  'JANUARY',
  'FEBRUARY',
  'MARCH',
  'APRIL',
  'MAY',
  'JUNE',
  'JULY',
  'AUGUST',
  'SEPTEMBER',
  'OCTOBER',
  'NOVEMBER',
  'DECEMBER',
];
const dayNames = ['SUNDAY', 'MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY'];

/** What no cron expression of ours can mean is kept as it is, so that it differs. */
function firesOf(spec: ScheduleDescription['spec']): unknown {
  const { calendars = [], intervals = [], skip = [], startAt, endAt, jitter = 0 } = spec;
  const odd = { intervals, skip, startAt, endAt, jitter };
  if (intervals.length > 0 || skip.length > 0 || startAt || endAt || jitter > 0) return { calendars, ...odd };
  return calendars.map((calendar): Fires | object => {
    const { second, minute, hour, dayOfMonth, month, dayOfWeek, year } = calendar;
    if (canonicalJson(numbers(second)) !== '[0]' || year.length > 0) return calendar;
    return {
      minutes: numbers(minute),
      hours: numbers(hour),
      days: numbers(dayOfMonth),
      months: numbers(month, monthNames, 1),
      weekdays: sorted(new Set(numbers(dayOfWeek, dayNames, 0).map((one) => one % 7))),
    };
  });
}

type Span<T> = { start: T; end: T; step: number };

function numbers<T extends number | string>(
  spans: readonly Span<T>[],
  names: readonly string[] = [],
  first = 0,
): number[] {
  const number = (value: T): number => (typeof value === 'number' ? value : names.indexOf(value) + first);
  const found = new Set<number>();
  for (const { start, end, step } of spans) {
    const [from, to] = [number(start), number(end)];
    for (let value = from; value <= Math.max(from, to); value += Math.max(1, step)) found.add(value);
  }
  return sorted(found);
}

function sorted(values: Iterable<number>): number[] {
  return [...values].sort((a, b) => a - b);
}
