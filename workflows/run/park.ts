import { condition } from '@temporalio/workflow';
import type { Parked, TroubleRecord } from '../../src/runs/index.ts';
import { iso } from './book.ts';
import type { RunContext } from './context.ts';
import { interrupted, throwIfInterrupted } from './context.ts';
import type { Resolution } from './controls.ts';
import { Ending } from './ending.ts';
import { notify } from './notify.ts';
import { tellParent } from './parent.ts';

const frequentReminders = 48;
const dayMs = 24 * 3_600_000;

/** What a park is about, and how the step can be looked at for a skip with proof. */
export type ParkRequest = {
  title: string;
  step: string;
  trouble: TroubleRecord;
  proveDone: () => Promise<{ done: boolean; summary: string }>;
};

/**
 * Stands still in a safe state with the evidence, tells people and reminds them, until somebody decides.
 * Answers `retry` or `skip`; `stop`, abort, cancellation and pre-emption end the run.
 */
export async function park(context: RunContext, request: ParkRequest): Promise<Resolution> {
  const { book, controls } = context;
  throwIfInterrupted(context);
  const before = book.state;
  const parked: Parked = {
    title: request.title,
    step: request.step,
    trouble: request.trouble,
    since: iso(Date.now()),
    options: context.undoing || book.pastNoReturn ? ['retry', 'skip', 'stop'] : ['retry', 'skip', 'abort'],
    reminders: 0,
  };
  book.parked = parked;
  controls.resolution = undefined;
  controls.proveDone = request.proveDone;
  book.enter('parked');
  const what = `${book.kind} of ${book.target} is parked at "${request.title}": ${request.trouble.code}`;
  notify(context, 'parked', what, request.trouble);
  tellParent(context);
  const decided = (): boolean => controls.resolution !== undefined || interrupted(context);
  const summary = `parked: ${request.trouble.code}`;
  while (!(await condition(decided, remindAfterMs(context, parked.reminders), { summary }))) {
    parked.reminders += 1;
    notify(context, 'reminder', `still parked since ${parked.since}: ${what}`, request.trouble);
  }
  const resolution = controls.resolution as Resolution | undefined;
  book.parked = undefined;
  controls.resolution = undefined;
  controls.proveDone = undefined;
  throwIfInterrupted(context);
  if (!resolution) throw new Error('a park ended without a decision');
  if (resolution.action === 'stop') throw new Ending('failed', stopped(request.trouble, resolution));
  book.enter(before);
  tellParent(context);
  return resolution;
}

/** Often at first, then once a day: a run that stays parked for months must not fill its history with reminders. */
function remindAfterMs({ policy }: RunContext, reminders: number): number {
  return reminders < frequentReminders ? policy.remindEveryMs : Math.max(policy.remindEveryMs, dayMs);
}

function stopped(trouble: TroubleRecord, { by, reason }: Resolution): TroubleRecord {
  return {
    code: 'STOPPED_BY_OPERATOR',
    message: `stopped by ${by}${reason ? ` (${reason})` : ''}; it was parked with ${trouble.code}: ${trouble.message}`,
    hint: trouble.hint,
    problems: trouble.problems,
    evidence: trouble.evidence,
  };
}
