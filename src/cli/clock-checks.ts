import type { ClockReading, ClockUnread } from '../runs/index.ts';
import type { Check } from './render/checks.ts';
import { ok, unknown } from './render/checks.ts';
import { duration } from './render/time.ts';

/**
 * Ages of seconds are compared between machines (a broken link, a last failover, rows that came a moment ago). From a
 * second on what they say is doubtful; five seconds are half of what Redis grants a silent primary unless told otherwise
 * (`minReplicasMaxLag`, 10 s).
 */
const warnMs = 1_000;
const redMs = 5_000;

/**
 * The clocks of workers and targets against that of the Temporal server. Of a difference only what is certain counts: the
 * way of the question may have taken some of it.
 */
export function clockChecks(
  workers: readonly ClockReading[],
  targets: readonly (ClockReading | ClockUnread)[],
  here: ClockReading,
): Check[] {
  const read = targets.filter((one): one is ClockReading => !('code' in one));
  const machines = [...bestOf(workers.map((one) => ({ ...one, name: `worker ${one.name}` }))), ...read];
  const off = machines.filter((one) => certainMs(one) > warnMs);
  const [first] = off;
  // All of them agree, and the server does not: then it is the server's.
  const server =
    first && machines.length > 2 && off.length === machines.length && off.every((one) => agrees(one, first));
  return [
    ...(server ? [serversOwn(first, machines.length)] : off.map(wrong)),
    ...(off.length === 0 ? [inStep(workers, read)] : []),
    ...targets.flatMap((one) =>
      'code' in one ? [unknown(`clock of ${one.name}`, `it could not be read: ${one.code}: ${one.message}`)] : [],
    ),
    // Nothing is decided by it; ages that this command shows are.
    ...(certainMs(here) > warnMs && !server ? [{ ...wrong(here), state: 'unknown' as const }] : []),
  ];
}

/** One process may poll several queues: its surest reading. */
function bestOf(readings: readonly ClockReading[]): ClockReading[] {
  const best = new Map<string, ClockReading>();
  for (const one of readings) {
    const known = best.get(one.name);
    if (!known || one.withinMs < known.withinMs) best.set(one.name, one);
  }
  return [...best.values()];
}

function certainMs({ aheadMs, withinMs }: ClockReading): number {
  return Math.max(0, Math.abs(aheadMs) - withinMs);
}

function agrees(one: ClockReading, other: ClockReading): boolean {
  return Math.abs(one.aheadMs - other.aheadMs) < warnMs + one.withinMs + other.withinMs;
}

function wrong(one: ClockReading): Check {
  const state = certainMs(one) > redMs ? 'bad' : 'unknown';
  const next = 'let its time service (chrony, ntpd) set it: Gantry and people compare times of several machines';
  return { name: `clock of ${one.name}`, state, fact: `${words(one)} Temporal's server`, next };
}

function serversOwn({ aheadMs, withinMs }: ClockReading, count: number): Check {
  const own = { name: "Temporal's server", aheadMs: -aheadMs, withinMs };
  return { ...wrong(own), fact: `${words(own)} all ${count} others, which agree` };
}

function inStep(workers: readonly ClockReading[], read: readonly ClockReading[]): Check {
  const all = [...workers, ...read];
  if (all.length === 0) return unknown('clocks', 'none could be read');
  const most = Math.max(...all.map(({ aheadMs, withinMs }) => Math.abs(aheadMs) + withinMs));
  const of = `${bestOf(workers).length} of workers and ${read.length} of targets`;
  return ok('clocks', `${of} differ from Temporal's server by ${duration(most)} at most`);
}

function words({ aheadMs, withinMs }: ClockReading): string {
  const side = aheadMs > 0 ? 'ahead of' : 'behind';
  return `${duration(Math.abs(aheadMs))} (± ${duration(withinMs)}) ${side}`;
}
