import type { RunUnder } from '../../client/index.ts';
import type { RunStatus, StepRecord, TroubleRecord } from '../../runs/index.ts';
import { awaitedWorkers, isClosed, progressLines } from '../../runs/index.ts';
import { movedWords, movesLine, underWords } from './moves.ts';
import { stateInks, stepMarks } from './marks.ts';
import type { Canvas } from './paint.ts';
import { beside, clip, columns, pad, paint, wrap } from './paint.ts';
import { noReturnBegins } from './plan.ts';
import { problemLines } from './problem.ts';
import { ago, duration } from './time.ts';

/**
 * A run as a tree of its steps: what `--follow` redraws. Steps are cut to the canvas; what a person acts upon is not: the state
 * and its marks, problems, commands, hashes and where there is no undo any more go over several lines. `under`: the runs
 * that it is made of and that are under way, each a line beneath its own.
 */
export function treeLines(status: RunStatus, canvas: Canvas, note?: string, under: readonly RunUnder[] = []): string[] {
  const earlier = status.stepsBefore
    ? [{ left: paint(canvas, 'dim', `· ${status.stepsBefore} earlier steps`), right: '' }]
    : [];
  const steps: Line[] = [
    ...earlier,
    ...status.steps.map((step) => stepLine(step, canvas, under)),
    ...ahead(status, canvas),
  ];
  const moves = movesLine(status, canvas.now);
  const titles = Math.min(44, Math.max(0, ...steps.map(({ left }) => columns(left))));
  return [
    ...head(status, canvas),
    ...steps.flatMap((line, index) => stepLines(line, canvas, titles, index === steps.length - 1)),
    ...(moves === undefined ? [] : [clip(canvas, moves)]),
    ...standing(status, canvas),
    ...(note === undefined ? [] : wrap(canvas, note).map((line) => paint(canvas, 'yellow', line))),
  ];
}

function stepLines({ left, right, below = [], before, whole }: Line, canvas: Canvas, titles: number, last: boolean) {
  const branch = paint(canvas, 'dim', last ? '└─' : '├─');
  const stem = paint(canvas, 'dim', last ? ' ' : '│');
  const row = right === '' ? `${branch} ${left}` : `${branch} ${pad(left, titles)}  ${right}`;
  const fits = whole === undefined || columns(row) <= canvas.width;
  const narrow = { ...canvas, width: Math.max(1, canvas.width - 6) };
  const under = [...(fits ? [] : wrap(narrow, whole, '')), ...below.map((line) => clip(narrow, line))];
  return [
    ...(before === undefined ? [] : [`${paint(canvas, 'dim', '│')}  ${before}`]),
    clip(canvas, fits ? row : `${branch} ${left}`),
    ...under.map((line) => `${stem}     ${line}`),
  ];
}

function head(status: RunStatus, canvas: Canvas): string[] {
  const { kind, target, workflowId, state, since, startedAt, dryRun, pending, pastNoReturn } = status;
  const marks = [
    ...(dryRun ? ['dry run'] : []),
    ...pending.map((what) => `${what} at the next safe point`),
    ...(pastNoReturn && !isClosed(state) ? ['past its point of no return'] : []),
  ];
  const took = isClosed(state) ? duration(Date.parse(since) - Date.parse(startedAt)) : ago(startedAt, canvas.now);
  return beside(canvas, [
    paint(canvas, 'bold', `${kind} ${target}`),
    paint(canvas, stateInks[state], state),
    took,
    ...marks.map((mark) => paint(canvas, 'yellow', mark)),
    paint(canvas, 'dim', workflowId),
  ]);
}

/** `before`: a line above it; `whole`: words that are shown in full, beneath it if there is no room beside it. */
type Line = { left: string; right: string; below?: readonly string[]; before?: string; whole?: string };

function stepLine(step: StepRecord, canvas: Canvas, under: readonly RunUnder[]): Line {
  const { mark, ink } = stepMarks[step.state];
  const atWork = step.state === 'running' || step.state === 'looking' || step.state === 'undoing';
  const time =
    atWork && step.startedAt ? ago(step.startedAt, canvas.now) : step.ms === undefined ? '' : duration(step.ms);
  const took = `${time}${(step.attempts ?? 1) > 1 ? `, ${step.attempts} attempts` : ''}`;
  const of = step.run && atWork ? `${step.run.workflowId} (${step.run.state})` : undefined;
  const words = step.note ?? movedWords(step) ?? step.summary;
  const said = [of, atWork && step.list ? undefined : words].filter((part) => part !== undefined).join(': ');
  const matters = step.state === 'failed' || step.state === 'skipped' || step.run?.state === 'parked';
  return {
    left: `${paint(canvas, ink, mark)} ${step.title}`,
    ...(matters && said !== '' ? { whole: [took, said].filter((part) => part !== '').join('  ') } : {}),
    below: [
      ...under.filter((one) => atWork && one.status.runId === step.run?.runId).map(underWords),
      ...(atWork && step.list ? progressLines(step.list) : []),
    ],
    right: said === '' ? paint(canvas, 'dim', took) : `${paint(canvas, 'dim', pad(took, 8))}  ${said}`,
  };
}

/** What the plan still has ahead: only for a run that will get there. */
function ahead(status: RunStatus, canvas: Canvas): Line[] {
  if (!status.plan || isClosed(status.state) || status.state === 'undoing') return [];
  const begun = new Set(status.steps.map(({ step }) => step));
  const { actions } = status.plan;
  return actions
    .map((action, index) => ({ ...action, begins: noReturnBegins(actions, index) }))
    .filter(({ step }) => !begun.has(step))
    .map(({ what, begins, estimateMs }) => ({
      ...(begins ? { before: paint(canvas, 'red', '── no undo from here on ──') } : {}),
      left: paint(canvas, 'dim', `· ${what}`),
      right: estimateMs === undefined ? '' : paint(canvas, 'dim', `about ${duration(estimateMs)}`),
    }));
}

/** What the run waits for or came to. */
function standing(status: RunStatus, canvas: Canvas): string[] {
  const { approval, parked, waiting, problem, workflowId, plan, state } = status;
  if (state === 'awaiting-approval' && plan) {
    const until = approval ? ` until ${approval.expiresAt}` : '';
    return beside(
      canvas,
      [`waits for approval${until}:`, `gantry approve ${workflowId} --plan-hash ${plan.hash}`],
      ' ',
    );
  }
  if (state === 'paused') return beside(canvas, ['paused:', `gantry resume ${workflowId}`], ' ');
  if (parked && !isClosed(state)) {
    const which = (option: string): string => (option === 'abort' ? '' : ` --park ${parked.id}`);
    const commands = parked.options.map((option) => `gantry ${option} ${workflowId}${which(option)}`);
    const now = `now: ${commands.join('  |  ')}`;
    return [
      ...wrap(canvas, `parked at "${parked.title}" for ${ago(parked.since, canvas.now)}`),
      ...inFull(parked.trouble, canvas),
      ...(columns(now) <= canvas.width ? [now] : ['now:', ...commands.map((command) => `  ${command}`)]),
    ];
  }
  if (waiting && !isClosed(state)) {
    const since = ago(waiting.since, canvas.now);
    return wrap(
      canvas,
      `waits for a worker of ${awaitedWorkers(waiting)} for ${since}, to do "${waiting.title}"; it goes on by itself`,
    );
  }
  return problem ? inFull(problem, canvas) : [];
}

function inFull(trouble: TroubleRecord, canvas: Canvas): string[] {
  return problemLines(trouble, canvas).flatMap((line) => wrap(canvas, line));
}
