import type { Outcome, TroubleRecord } from '../../src/runs/index.ts';

/** Thrown inside a run's body to end it in an orderly way; `openRun` turns it into the outcome. */
export class Ending extends Error {
  readonly outcome: Exclude<Outcome, 'done'>;
  readonly trouble: TroubleRecord | undefined;

  constructor(outcome: Exclude<Outcome, 'done'>, trouble?: TroubleRecord) {
    super(outcome);
    this.name = 'Ending';
    this.outcome = outcome;
    this.trouble = trouble;
  }
}
