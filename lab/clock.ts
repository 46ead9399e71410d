/**
 * Milliseconds of the machine's monotonic clock, with a fraction. Comparable between processes of one machine (unlike
 * `performance.now()`, which counts from each process's own start), so a writer, a proxy and a test can share a time line.
 */
export function monotonicMs(): number {
  return performance.now() + offsetMs;
}

/** Both read the same clock in Node: the difference is a constant of the process. */
const offsetMs = Number(process.hrtime.bigint()) / 1e6 - performance.now();

/** Resolves after `ms`. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/**
 * How many times longer than on a quiet machine anything that is waited for may take. The tests set it (vitest.config.ts):
 * what they wait for is an event, and a busy machine only makes it later.
 */
export const patience = Number(process.env['GANTRY_PATIENCE'] ?? 1);

/**
 * Asks `look` every `everyMs` until it gives something other than undefined or false; an error of `look` counts as
 * "not yet". Gives undefined when `withinMs` (on a quiet machine: see `patience`) have passed.
 */
export async function until<T>(
  look: () => Promise<T | undefined | false>,
  withinMs: number,
  everyMs = 20,
): Promise<T | undefined> {
  const deadline = monotonicMs() + withinMs * patience;
  for (;;) {
    const seen = await look().catch(() => undefined);
    if (seen !== undefined && seen !== false) return seen;
    if (monotonicMs() >= deadline) return undefined;
    await pause(everyMs);
  }
}
