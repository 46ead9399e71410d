import type { StepReport } from '../../src/runs/index.ts';

/**
 * Whether another one has done what the first look still found to do: the very first attempt of a step found it done and
 * changed nothing. A later attempt may have found the work of its predecessor, which this run answers for.
 */
export function isNotOurs(report: StepReport<unknown>, earlierCalls: number): boolean {
  return !report.changed && report.attempts === 1 && earlierCalls === 0;
}
