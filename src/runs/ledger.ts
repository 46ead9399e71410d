import type { RunState } from './states.ts';

/** One phase of a run, by its own clock: a restore has decide, thaw, copy, verify, restore, validate, promote. */
export type PhaseClock = {
  name: string;
  /** When it was first entered. */
  startedAt: string;
  /** When it was left last; not while it is under way. */
  endedAt?: string;
  /** Milliseconds inside it, over all its times. */
  ms: number;
  /** Of these, how long the run stood: paused, parked, or waiting for an approval. */
  stoodMs: number;
  /** How often it was entered. */
  times: number;
};

/** The states in which a run waits for a person. */
const standing: readonly RunState[] = ['paused', 'parked', 'awaiting-approval'];

/** How long a run stood between two instants, from when it entered each of its states. Milliseconds. */
export function stoodBetween(
  states: readonly { state: RunState; at: number }[],
  fromMs: number,
  untilMs: number,
): number {
  return states.reduce((sum, { state, at }, index) => {
    if (!standing.includes(state)) return sum;
    const end = Math.min(untilMs, states[index + 1]?.at ?? untilMs);
    return sum + Math.max(0, end - Math.max(fromMs, at));
  }, 0);
}
