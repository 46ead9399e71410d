/** At this pace a process notices that it goes on: a gap between two ticks is a time in which it stood still. */
const everyMs = 100;
/** Shorter gaps are a busy machine, and no heartbeat timeout is as short. */
const worthMs = 200;
const kept = 16;

type Standstill = { untilMs: number; ms: number };

let last: number | undefined;
let past: Standstill[] = [];

/**
 * Begins to watch whether this process stands still (SIGSTOP, a starved machine, a paused VM). Once for a process; it keeps
 * none alive.
 */
export function watchStandstills(): void {
  if (last !== undefined) return;
  last = performance.now();
  setInterval(tick, everyMs).unref();
}

/**
 * The longest time that this process stood still since a moment of the wall clock, one that has just ended included: the
 * first thing that a woken process does may be to act, before any timer of it has run. Milliseconds, 0 for none.
 */
export function stoodStillMs(sinceMs: number): number {
  tick();
  return past.reduce((most, { untilMs, ms }) => (untilMs > sinceMs ? Math.max(most, ms) : most), 0);
}

function tick(): void {
  const now = performance.now();
  const ms = now - (last ?? now);
  last = now;
  if (ms >= worthMs) past = [...past.slice(1 - kept), { untilMs: Date.now(), ms }];
}
