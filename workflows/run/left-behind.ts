import type { RunReport, StepRecord } from '../../src/runs/index.ts';
import { cutText, isLeft } from '../../src/runs/index.ts';
import type { RunContext } from './context.ts';

/** So many lines are read by a person; the steps themselves say the rest. */
const shownLines = 100;
const lineCharacters = 300;

/**
 * What a run that didn't finish leaves: each change that isn't undone and, past the point of no return, what remains to be
 * done.
 */
export function leftBehind({ runRecord, leftByChildren }: RunContext): string[] {
  const changed = runRecord.steps.flatMap((record) => leftLines(record, leftByChildren.get(record)));
  const all = runRecord.pastNoReturn ? [...changed, ...unfinished(runRecord.steps), ...notBegun(runRecord)] : changed;
  const lines = all.map((line) => cutText(line, lineCharacters));
  const more = lines.length - shownLines;
  return more > 0 ? [...lines.slice(0, shownLines), `and ${more} more: see the steps of the report`] : lines;
}

/** What a child's report says that it leaves, in whichever way it ended. */
export function leftByChild({ outcome, steps, leftBehind: lines }: RunReport): readonly string[] {
  return outcome === 'done' ? [] : lines.length > 0 ? lines : steps.filter(isLeft).flatMap((step) => leftLines(step));
}

function leftLines(record: StepRecord, ofChild: readonly string[] = []): string[] {
  const { title, state, summary, note, run } = record;
  if (!isLeft(record)) return [];
  if (run && state === 'done') return [`"${title}" is done and stays as it is (${run.workflowId})`];
  if (run)
    return (ofChild.length > 0 ? ofChild : [summary ?? state]).map((line) => `"${title}" (${run.workflowId}): ${line}`);
  const words = note ?? summary;
  const how = state === 'failed' ? `is ${state}` : 'was changed by this run and not undone';
  return [`"${title}" ${how}${words ? `: ${words}` : ''}`];
}

/** Steps that changed nothing yet and that a run past its point of no return still needed. */
function unfinished(steps: readonly StepRecord[]): string[] {
  return steps
    .filter((record) => !isLeft(record) && ['failed', 'running', 'looking'].includes(record.state))
    .map(({ title, state, summary }) => `"${title}" is ${state}${summary ? `: ${summary}` : ''}`);
}

function notBegun({ steps, plan }: RunContext['runRecord']): string[] {
  const begun = new Set(steps.map(({ step }) => step));
  return (plan?.actions ?? []).filter(({ step }) => !begun.has(step)).map(({ what }) => `not begun: ${what}`);
}
