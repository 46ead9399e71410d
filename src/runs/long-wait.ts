/** By which anyone wakes a run that waits for something outside: it looks at once. */
export const wakeSignalName = 'wake';

/** The argument of the signal `wake`; it may also come without one. */
export type WakeNews = { by?: string; reason?: string };

/** How a run waits for what takes hours or days. Milliseconds. */
export type LongWait = {
  /** Between the first two looks, and the most between two: the interval grows by half with each look. */
  everyMs: readonly [first: number, most: number];
  /** How long it may take. */
  deadlineMs: number;
};

/** So many looks at most, whatever the deadline: a look is about eleven events of the history. */
export const mostLooks = 300;

const growth = 1.5;

/**
 * How long a run waits before its next look. Pure. The interval grows from the first to the most; where the looks that are left
 * would not reach to the deadline at the most between two, it is longer.
 */
export function nextLookMs({ everyMs: [first, most] }: LongWait, looks: number, leftMs: number): number {
  const grown = Math.min(most, first * growth ** Math.min(Math.max(0, looks - 1), 60));
  const looksLeft = mostLooks - looks;
  // The last look is the one at the deadline.
  if (looksLeft <= 1) return leftMs;
  // Whole milliseconds, as timers are: the rest of one would be waited for past the deadline.
  const enough = looksLeft * most >= leftMs;
  return Math.max(1, Math.min(leftMs, Math.ceil(enough ? grown : Math.max(grown, leftMs / looksLeft))));
}
