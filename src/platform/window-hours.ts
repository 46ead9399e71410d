import type { MaintenanceWindow } from './schema/calendar.ts';
import { weekdays } from './schema/calendar.ts';

const dayMs = 86_400_000;

/** A calendar day, as the UTC midnight of the same date: only a date, never an instant. */
type DateMs = number;

/** Whether `window` is open at `atMs`: from its opening, included, to its closing, excluded. */
export function isOpenAt(window: MaintenanceWindow, atMs: number): boolean {
  const today = dateIn(window.timezone, atMs);
  return [today - dayMs, today].some((date) => {
    const hours = hoursOn(window, date);
    return hours !== undefined && hours.opensMs <= atMs && atMs < hours.closesMs;
  });
}

/** The first instant after `atMs` at which `window` opens. */
export function nextOpening(window: MaintenanceWindow, atMs: number): number | undefined {
  const today = dateIn(window.timezone, atMs);
  // Two weeks: one opening in the week to come may fall into the hour that summer time skips.
  for (let ahead = 0; ahead <= 14; ahead += 1) {
    const hours = hoursOn(window, today + ahead * dayMs);
    if (hours && hours.opensMs > atMs) return hours.opensMs;
  }
  return undefined;
}

/** The instants between which a window is open on a date; nothing where it stays shut, or the clock skips it whole. */
function hoursOn(window: MaintenanceWindow, date: DateMs): { opensMs: number; closesMs: number } | undefined {
  const weekday = weekdays[new Date(date).getUTCDay()];
  if (weekday === undefined || !window.days.includes(weekday)) return undefined;
  const overnight = window.to <= window.from;
  const opensMs = instantOf(window.timezone, date + clockMs(window.from));
  const closesMs = instantOf(window.timezone, date + clockMs(window.to) + (overnight ? dayMs : 0));
  return closesMs > opensMs ? { opensMs, closesMs } : undefined;
}

function clockMs(clock: string): number {
  return Number(clock.slice(0, 2)) * 3_600_000 + Number(clock.slice(3)) * 60_000;
}

/**
 * The instant at which a wall clock in `timezone` shows `localMs` (the local time, written as if it were UTC). A time
 * that comes twice in autumn is the first one; a time that spring skips is as much later as the clock jumps.
 */
function instantOf(timezone: string, localMs: number): number {
  const before = offsetAt(timezone, localMs - dayMs);
  const after = offsetAt(timezone, localMs + dayMs);
  const candidates = [localMs - before, localMs - after].sort((a, b) => a - b);
  return candidates.find((at) => at + offsetAt(timezone, at) === localMs) ?? localMs - before;
}

function dateIn(timezone: string, atMs: number): DateMs {
  const local = atMs + offsetAt(timezone, atMs);
  return local - (((local % dayMs) + dayMs) % dayMs);
}

/** How far the wall clock of `timezone` is ahead of UTC at an instant. */
function offsetAt(timezone: string, atMs: number): number {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone: timezone,
    calendar: 'iso8601',
    numberingSystem: 'latn',
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  }).formatToParts(atMs);
  const of = (type: Intl.DateTimeFormatPartTypes) => Number(parts.find((part) => part.type === type)?.value);
  const local = Date.UTC(of('year'), of('month') - 1, of('day'), of('hour'), of('minute'), of('second'));
  return local - Math.floor(atMs / 1000) * 1000;
}
