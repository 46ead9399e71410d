import { z } from 'zod';
import { parseCron } from '../../runs/index.ts';
import { kindName, kindOrDomain } from './kind-names.ts';
import { mapOf, name, text, timezone } from './names.ts';
import { always, noTwins } from './relaxed.ts';

/** Days as the file writes them, Sunday first, as `Date` counts them. */
export const weekdays = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;

const clock = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, { error: 'a time of day between "00:00" and "23:59"' });
const closing = z
  .string()
  .regex(/^(([01]\d|2[0-3]):[0-5]\d|24:00)$/, { error: 'a time of day between "00:00" and "24:00"' });

const window = z
  .strictObject({
    name,
    days: z.array(z.enum(weekdays)).min(1).describe('Days on which it opens.'),
    from: clock,
    to: closing.describe('Earlier than `from`: it closes on the following day.'),
    timezone,
  })
  .refine(({ from, to }) => from !== to, { error: 'opens and closes at the same time', path: ['to'], ...always });

const instant = z.iso.datetime({ offset: true, error: 'an instant with its offset: 2026-12-20T00:00:00Z' });

const freeze = z
  .strictObject({
    name,
    from: instant,
    to: instant.describe('The first instant at which changes are allowed again.'),
    kinds: z.array(kindOrDomain).min(1).exactOptional().describe('Left out: every kind of run.'),
    targets: z
      .array(text)
      .min(1)
      .exactOptional()
      .describe('A group, a cluster, a table of one: `sessions`, `metrics/usage.events`. Left out: every target.'),
    reason: text,
  })
  .refine(({ from, to }) => !(Date.parse(from) >= Date.parse(to)), {
    error: 'ends before it begins',
    path: ['to'],
    ...always,
  });

const schedule = z.strictObject({
  kind: kindName,
  cron: z
    .string()
    .regex(/^[\d*/,-]+( [\d*/,A-Za-z-]+){4}$/, { error: 'five fields: minute hour day-of-month month day-of-week' })
    .refine((text) => parseCron(text) !== undefined, { error: 'a field of it names a time that there is not' }),
  timezone: timezone.default('UTC'),
  input: z.record(z.string(), z.json()).describe('The run’s input, as on the command line.'),
  paused: z.boolean().default(false),
});

const twin = (what: string) => (key: string) => `two ${what} are called ${key}`;

/** Maintenance windows. */
export const windows = z
  .array(window)
  .superRefine(
    noTwins((item) => item.name, twin('windows'), 'name'),
    always,
  )
  .default([]);

/** Change freezes. */
export const freezes = z
  .array(freeze)
  .superRefine(
    noTwins((item) => item.name, twin('freezes'), 'name'),
    always,
  )
  .default([]);

/** Runs that start by the clock. */
export const schedules = mapOf(schedule);

export type MaintenanceWindow = z.output<typeof window>;
export type Freeze = z.output<typeof freeze>;
