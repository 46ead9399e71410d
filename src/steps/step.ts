import type { ErrorCode } from '../errors/index.ts';

/** What a look at the system found. `observed` is small, JSON and free of secrets: it is kept as evidence. */
export type Probe<O> =
  | { verdict: 'done'; observed: O; summary: string }
  | { verdict: 'todo'; observed: O; summary: string; begun: boolean }
  | { verdict: 'blocked'; observed: O; summary: string; code: ErrorCode }
  | { verdict: 'unknown'; observed: O; summary: string };

/** The system is as the step wants it. */
export function done<O>(observed: O, summary: string): Probe<O> {
  return { verdict: 'done', observed, summary };
}

/** There is something to do. `begun`: a part of it is done, so that the target now stands in between. */
export function todo<O>(observed: O, summary: string, options: { begun?: boolean } = {}): Probe<O> {
  return { verdict: 'todo', observed, summary, begun: options.begun ?? false };
}

/** The step can't be done and trying again won't help. */
export function blocked<O>(code: ErrorCode, observed: O, summary: string): Probe<O> {
  return { verdict: 'blocked', observed, summary, code };
}

/** There is nothing to go by: no data, stale data, no answer yet. Never done; a gate is inconclusive while it lasts. */
export function unknown<O>(observed: O, summary: string): Probe<O> {
  return { verdict: 'unknown', observed, summary };
}

/** What a step is given besides its input and its drivers. */
export type StepContext = {
  /** Aborts when the run cancels the step, the worker shuts down, or another one has the attempt. Every wait listens to it. */
  signal: AbortSignal;
  /**
   * Throws when this process stood still for so long that another one has the attempt. To be called right before something
   * is sent that a woken zombie must not send and that its target can't refuse. @throws ATTEMPT_OUTLIVED
   */
  mustBeOurs: () => void;
  /** Workflow id / run id / step ordinal: the name of what this step starts on its target. */
  unit: string;
  /** 1 for the first attempt. A higher one may have a predecessor that still acts somewhere. */
  attempt: number;
  /** What the predecessor reported last, if anything arrived. */
  resumed: unknown;
  /** Reports progress that a retry can resume from. The runner heartbeats by itself; this sets what it says. */
  progress: (details: unknown) => void;
  /** Records a measurement (unit in the name, `gapMs`); it goes into the run's report. */
  measure: (name: string, value: number) => void;
  /**
   * Counts what is asked of an outside system. Added up over every call of every step of the run, looks too, as `asked.<name>` of its report;
   * what a call counted that failed or was lost is not in it.
   */
  count: (name: string, by?: number) => void;
};

/**
 * A step: look, act, look. `apply` may have been cut off anywhere and is called again, perhaps while a former attempt
 * still acts: long work is a named unit that a retry attaches to, decisive acts are guarded by what the target checks.
 */
export type StepDefinition<I, O, D> = {
  /** `<domain>.<step>`. */
  name: string;
  /** How long the last probe may take to turn `done` after `apply`. Milliseconds, 10,000 unless given. */
  settleMs?: number;
  /** Pause between those probes. Milliseconds, 50 unless given. */
  settleEveryMs?: number;
  probe: (input: I, deps: D, context: StepContext) => Promise<Probe<O>>;
  /** Moves towards done. Left out: the step only looks (a gate). */
  apply?: (input: I, seen: O, deps: D, context: StepContext) => Promise<void>;
  /** Back to `before`; tolerates that the step never happened or happened half. */
  undo?: (input: I, before: O, deps: D, context: StepContext) => Promise<void>;
};

/** Gives a step its types where it is declared. */
export function defineStep<I, O, D>(definition: StepDefinition<I, O, D>): StepDefinition<I, O, D> {
  return definition;
}
