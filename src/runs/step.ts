/** How a step activity is called: look only, make it so, or go back to what was there before. */
export type StepMode = 'inspect' | 'ensure' | 'undo';

/** What a probe found. */
export type Verdict = 'done' | 'todo' | 'blocked';

/** The one argument of every step activity. */
export type StepCall<I, O> = {
  mode: StepMode;
  input: I;
  /** What the run's first look observed; given with `ensure` and `undo`. */
  before?: O;
  /** Workflow id / run id / step ordinal: stable over retries, names what the step starts on its target. */
  unit: string;
  /** Digest of the platform file that the run was planned with. */
  platformDigest: string;
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
  before: O;
  after: O;
  /** Milliseconds and counts that the step measured; they go into the report. */
  measurements?: Record<string, number>;
  startedAt: string;
  ms: number;
  attempts: number;
};

/** A step as Temporal knows it. */
export type StepActivity<I, O> = (call: StepCall<I, O>) => Promise<StepReport<O>>;
