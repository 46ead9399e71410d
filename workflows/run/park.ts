import { condition } from '@temporalio/workflow';
import type { Parked, TroubleRecord } from '../../src/runs/index.ts';
import { iso } from './record.ts';
import type { ParkRequest, RunContext } from './context.ts';
import { interrupted, throwIfInterrupted } from './context.ts';
import type { Resolution } from './controls.ts';
import { Ending } from './ending.ts';
import { answerInstead } from './if-it-fails.ts';
import { notify } from './notify.ts';
import { tellParent } from './parent.ts';
import { adoptPlatform } from './plan-again.ts';

const frequentReminders = 48;
const dayMs = 24 * 3_600_000;

/** What a retry answers by making the plan again, if it meets it once more. */
const ofThePlatform: readonly string[] = ['PLATFORM_CHANGED', 'PLAN_CHANGED'];

/**
 * Stands still in a safe state with the evidence, tells people and reminds them, until somebody decides.
 * Answers `retry` or `skip`; `stop`, abort, cancellation and pre-emption end the run. A step that meets the platform file of
 * the workers again after a retry goes on at once where the plan is the same with that file.
 */
export async function park(context: RunContext, request: ParkRequest): Promise<Resolution> {
  const { title, trouble } = request;
  throwIfInterrupted(context);
  answerInstead(context, trouble);
  if (context.lane) return context.lane.park(request);
  const asked = context.adopting;
  context.adopting = undefined;
  if (trouble.code !== 'PLATFORM_CHANGED' || asked?.title !== title) return standStill(context, request);
  const { by } = asked;
  const former = context.platformDigest;
  const still = await adoptPlatform(context);
  if (still) return standStill(context, { ...request, trouble: still });
  const note = `the plan is the same with the platform file of the workers (${former.slice(0, 12)} → ${context.platformDigest.slice(0, 12)})`;
  context.runRecord.acted('adopt', { by, note });
  return { action: 'retry', park: '', by };
}

async function standStill(context: RunContext, request: ParkRequest): Promise<Resolution> {
  const { runRecord, controls } = context;
  throwIfInterrupted(context);
  const before = runRecord.state;
  const parked: Parked = {
    id: runRecord.nextPark(),
    title: request.title,
    step: request.step,
    trouble: request.trouble,
    since: iso(Date.now()),
    options: context.undoing || runRecord.pastNoReturn ? ['retry', 'skip', 'stop'] : ['retry', 'skip', 'abort'],
    reminders: 0,
  };
  runRecord.parked = parked;
  controls.resolution = undefined;
  controls.proveDone = request.proveDone;
  runRecord.enter('parked');
  const what = `${runRecord.kind} of ${runRecord.target} is parked at "${request.title}": ${request.trouble.code}`;
  notify(context, 'parked', what, request.trouble);
  tellParent(context);
  const decided = (): boolean => controls.resolution !== undefined || interrupted(context);
  const summary = `parked: ${request.trouble.code}`;
  while (!(await condition(decided, remindAfterMs(context, parked.reminders), { summary }))) {
    parked.reminders += 1;
    notify(context, 'reminder', `still parked since ${parked.since}: ${what}`, request.trouble);
  }
  const resolution = controls.resolution as Resolution | undefined;
  runRecord.parked = undefined;
  controls.resolution = undefined;
  controls.proveDone = undefined;
  throwIfInterrupted(context);
  if (!resolution) throw new Error('a park ended without a decision');
  if (resolution.action === 'stop') throw new Ending('failed', stopped(request.trouble, resolution));
  if (resolution.action === 'retry' && ofThePlatform.includes(request.trouble.code))
    context.adopting = { title: request.title, by: resolution.by };
  runRecord.enter(before);
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
