import type { KeptEvidence } from './stored.ts';

/** How a step activity is called: look only, make it so, or go back to what was there before. */
export type StepMode = 'inspect' | 'ensure' | 'undo';

/** What a probe found. `unknown`: nothing that a decision could rest on; it is never done. */
export type Verdict = 'done' | 'todo' | 'blocked' | 'unknown';

/** The one argument of every step activity. */
export type StepCall<I, O> = {
  mode: StepMode;
  input: I;
  /** What the run's first look observed; given with `ensure` and `undo`. */
  before?: O;
  /** Workflow id / run id / step ordinal: stable over retries and resets, names what the step starts on its target. */
  unit: string;
  /** Digest of what the plan depends on in the platform file that it was made from. */
  platformDigest: string;
  /** To be done by whichever worker there is, whatever its platform file says: what must not stay half done. */
  anyPlatform?: boolean;
};

/** What a step activity answers, whatever its mode. */
export type StepReport<O> = {
  /** The step's name, `<domain>.<step>`. */
  step: string;
  verdict: Verdict;
  /** With `todo`: something of it is already done, so that leaving it here leaves the target in between. */
  begun: boolean;
  /** With `blocked`: the catalogue code of what is in the way. */
  blockedBy?: string;
  /** In words, for people: what was found or done. */
  summary: string;
  changed: boolean;
  /** What was there before. Above 16 KiB what stands in for it. */
  before: O;
  /** What is there now, for the run to work from. Above 160 KiB its largest parts are stored. */
  after: O;
  /** What a record keeps of `after` where that is above 16 KiB. */
  kept?: KeptEvidence<O>;
  /** Milliseconds and counts that the step measured; they go into the report. */
  measurements?: Record<string, number>;
  /** What this call has asked of an outside system; they are added up. */
  counts?: Record<string, number>;
  startedAt: string;
  ms: number;
  attempts: number;
};

/** A step as Temporal knows it. */
export type StepActivity<I, O> = (call: StepCall<I, O>) => Promise<StepReport<O>>;
