import type { RunUnder } from '../../client/index.ts';
import type { RunStatus, StepRecord } from '../../runs/index.ts';
import { isClosed } from '../../runs/index.ts';
import { movedWords, movesLine, underWords } from './moves.ts';
import { stateInks, stepMarks } from './marks.ts';
import type { Canvas } from './paint.ts';
import { clip, columns, pad, paint } from './paint.ts';
import { noReturnBegins } from './plan.ts';
import { problemLines } from './problem.ts';
import { ago, duration } from './time.ts';

/**
 * A run as a tree of its steps, each line no wider than the canvas: what `--follow` redraws. `under`: the runs that it is made
 * of and that are under way, each a line beneath its own.
 */
export function treeLines(status: RunStatus, canvas: Canvas, note?: string, under: readonly RunUnder[] = []): string[] {
  const steps = [...status.steps.map((step) => stepLine(step, canvas, under)), ...ahead(status, canvas)];
  const moves = movesLine(status, canvas.now);
  const titles = Math.min(44, Math.max(0, ...steps.map(({ left }) => columns(left))));
  return [
    head(status, canvas),
    ...steps.flatMap(({ left, right, below = [] }, index) => {
      const last = index === steps.length - 1;
      const branch = paint(canvas, 'dim', last ? '└─' : '├─');
      const stem = paint(canvas, 'dim', last ? ' ' : '│');
      return [
        right === '' ? `${branch} ${left}` : `${branch} ${pad(left, titles)}  ${right}`,
        ...below.map((line) => `${stem}     ${line}`),
      ];
    }),
    ...(moves === undefined ? [] : [moves]),
    ...standing(status, canvas),
    ...(note === undefined ? [] : [paint(canvas, 'yellow', note)]),
  ].map((line) => clip(canvas, line));
}

function head(status: RunStatus, canvas: Canvas): string {
  const { kind, target, workflowId, state, since, startedAt, dryRun, pending, pastNoReturn } = status;
  const marks = [
    ...(dryRun ? ['dry run'] : []),
    ...pending.map((what) => `${what} at the next safe point`),
    ...(pastNoReturn && !isClosed(state) ? ['past its point of no return'] : []),
  ];
  const took = isClosed(state) ? duration(Date.parse(since) - Date.parse(startedAt)) : ago(startedAt, canvas.now);
  return [
    `${paint(canvas, 'bold', `${kind} ${target}`)}  ${paint(canvas, stateInks[state], state)}`,
    took,
    ...marks.map((mark) => paint(canvas, 'yellow', mark)),
    paint(canvas, 'dim', workflowId),
  ].join('  ');
}

type Line = { left: string; right: string; below?: readonly string[] };

function stepLine(step: StepRecord, canvas: Canvas, under: readonly RunUnder[]): Line {
  const { mark, ink } = stepMarks[step.state];
  const atWork = step.state === 'running' || step.state === 'looking' || step.state === 'undoing';
  const time =
    atWork && step.startedAt ? ago(step.startedAt, canvas.now) : step.ms === undefined ? '' : duration(step.ms);
  const took = `${time}${(step.attempts ?? 1) > 1 ? `, ${step.attempts} attempts` : ''}`;
  const of = step.run && atWork ? `${step.run.workflowId} (${step.run.state})` : undefined;
  const words = step.note ?? movedWords(step) ?? step.summary;
  const said = [of, words].filter((part) => part !== undefined).join(': ');
  return {
    left: `${paint(canvas, ink, mark)} ${step.title}`,
    below: under.filter((one) => atWork && one.status.runId === step.run?.runId).map(underWords),
    right: said === '' ? paint(canvas, 'dim', took) : `${paint(canvas, 'dim', pad(took, 8))}  ${said}`,
  };
}

/** What the plan still has ahead: only for a run that will get there. */
function ahead(status: RunStatus, canvas: Canvas): Line[] {
  if (!status.plan || isClosed(status.state) || status.state === 'undoing') return [];
  const begun = new Set(status.steps.map(({ step }) => stepKey(step)));
  const { actions } = status.plan;
  return actions
    .map((action, index) => ({ ...action, begins: noReturnBegins(actions, index) }))
    .filter(({ step }) => !begun.has(stepKey(step)))
    .map(({ what, begins, estimateMs }) => ({
      left: paint(canvas, 'dim', `· ${what}`),
      right: [
        ...(begins ? [paint(canvas, 'red', 'no way back from here on')] : []),
        ...(estimateMs === undefined ? [] : [paint(canvas, 'dim', `about ${duration(estimateMs)}`)]),
      ].join('  '),
    }));
}

/** A step under way goes by its activity (`redisHandover`), a finished or planned one by its name (`redis.handover`). */
function stepKey(step: string): string {
  return step.replace(/[^A-Za-z0-9]/g, '').toLowerCase();
}

/** What the run waits for or came to. */
function standing(status: RunStatus, canvas: Canvas): string[] {
  const { approval, parked, problem, workflowId, plan, state } = status;
  if (state === 'awaiting-approval' && plan) {
    const until = approval ? ` until ${approval.expiresAt}` : '';
    return [`waits for approval${until}: gantry approve ${workflowId} --plan-hash ${plan.hash}`];
  }
  if (state === 'paused') return [`paused: gantry resume ${workflowId}`];
  if (parked && !isClosed(state)) {
    return [
      `parked at "${parked.title}" for ${ago(parked.since, canvas.now)}`,
      ...problemLines(parked.trouble, canvas),
      `now: ${parked.options.map((option) => `gantry ${option} ${workflowId}`).join('  |  ')}`,
    ];
  }
  return problem ? problemLines(problem, canvas) : [];
}
