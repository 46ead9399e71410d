import type { Cron } from './cron.ts';
import { parseCron } from './cron.ts';

const minuteMs = 60_000;
/** A schedule that has no instant within this time has none (30 February). A leap year is at most eight years away. */
const horizonMs = 9 * 366 * 86_400_000;

/**
 * The first instant after `after` at which a schedule fires, as Temporal's Schedules count: a day must match both the day of
 * the month and that of the week; a local time that the clocks skip doesn't fire, one that they repeat fires twice. Pure.
 * Undefined for a schedule that never fires.
 */
export function nextFire(schedule: { cron: string; timezone: string }, after: Date): Date | undefined {
  const cron = parseCron(schedule.cron);
  if (!cron) return undefined;
  const local = clockOf(schedule.timezone);
  let at = (Math.floor(after.getTime() / minuteMs) + 1) * minuteMs;
  const end = at + horizonMs;
  while (at < end) {
    const now = local(at);
    if (!matchesDay(cron, now) || !cron.hours.has(now.hour)) at += (60 - now.minute) * minuteMs;
    else if (cron.minutes.has(now.minute)) return new Date(at);
    else at += minuteMs;
  }
  return undefined;
}

type LocalTime = { minute: number; hour: number; day: number; month: number; weekday: number };

function matchesDay({ days, months, weekdays }: Cron, { day, month, weekday }: LocalTime): boolean {
  return months.has(month) && days.has(day) && weekdays.has(weekday);
}

function clockOf(timezone: string): (at: number) => LocalTime {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone: timezone,
    hourCycle: 'h23',
    ...{ year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric' },
  });
  return (at) => {
    const parts = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
    const { year = 0, month = 0, day = 0, hour = 0, minute = 0 } = parts;
    return { minute, hour, day, month, weekday: new Date(Date.UTC(year, month - 1, day)).getUTCDay() };
  };
}
