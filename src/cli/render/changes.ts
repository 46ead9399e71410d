import type { RunStatus, StepRecord } from '../../runs/index.ts';
import { awaitedWorkers } from '../../runs/index.ts';
import { movedWords } from './moves.ts';
import { stepMarks } from './marks.ts';
import { clock, duration } from './time.ts';

/** What is new since the last look, one line each: what `--follow` prints where there is no terminal to redraw. */
export function changeLines(before: RunStatus | undefined, now: RunStatus): string[] {
  return [
    ...(before?.plan?.hash === now.plan?.hash || !now.plan ? [] : [`plan ${now.plan.hash}: ${now.plan.title}`]),
    ...now.steps.flatMap((step, index) => (same(stepBefore(before, now, index), step) ? [] : [stepChange(step)])),
    ...(before?.state === now.state ? [] : [stateChange(now)]),
    ...(now.waiting && !before?.waiting
      ? [
          `${clock(now.waiting.since)} waits for a worker of ${awaitedWorkers(now.waiting)}, to do "${now.waiting.title}"`,
        ]
      : []),
    ...now.pending.filter((what) => !before?.pending.includes(what)).map((what) => `${what} at the next safe point`),
    ...now.actions
      .slice(before?.actions.length ?? 0)
      .map(
        ({ at, action, by, reason, note }) =>
          `${clock(at)} ${action} by ${by}${reason ? `: ${reason}` : ''}${note ? ` (${note})` : ''}`,
      ),
    ...(now.pastNoReturn && !before?.pastNoReturn ? ['past the point of no return'] : []),
  ];
}

/** The same step at the last look: each of the two may leave older ones out. */
function stepBefore(before: RunStatus | undefined, now: RunStatus, index: number): StepRecord | undefined {
  return before?.steps[index + (now.stepsBefore ?? 0) - (before.stepsBefore ?? 0)];
}

function same(a: StepRecord | undefined, b: StepRecord): boolean {
  return a?.state === b.state && a.note === b.note && a.run?.state === b.run?.state;
}

function stepChange(record: StepRecord): string {
  const { title, state, ms, attempts, summary, note, run } = record;
  const time = ms === undefined ? '' : ` in ${duration(ms)}`;
  const tries = (attempts ?? 1) > 1 ? `, ${attempts} attempts` : '';
  const of = run && state === 'running' ? `${run.workflowId} (${run.state})` : undefined;
  const said = [of, note ?? movedWords(record) ?? summary].filter((words) => words !== undefined).join(': ');
  return `${stepMarks[state].mark} ${title}: ${state}${time}${tries}${said ? `; ${said}` : ''}`;
}

function stateChange({ state, since, parked, problem, plan, workflowId }: RunStatus): string {
  const why = state === 'parked' ? parked?.trouble : problem;
  const what = why ? `: ${why.code}: ${why.message}` : '';
  const next =
    state === 'awaiting-approval' && plan
      ? `: gantry approve ${workflowId} --plan-hash ${plan.hash}`
      : state === 'paused'
        ? `: gantry resume ${workflowId}`
        : '';
  return `${clock(since)} ${state}${what}${next}`;
}
