import type { RunReport, RunStatus } from '../../runs/index.ts';
import type { Canvas } from './paint.ts';
import { paint } from './paint.ts';
import { planLines } from './plan.ts';
import { differences } from './difference.ts';
import { compact, evidenceLines, problemLines } from './problem.ts';
import { clock, duration } from './time.ts';
import { treeLines } from './tree.ts';

/** A run in full, for a terminal: how it stands or went, its steps with what was there before and after, and why. */
export function runLines(status: RunStatus, report: RunReport | undefined, canvas: Canvas, note?: string): string[] {
  const { plan, actions, requestedBy, reason, parked, problem, runId, startedAt } = status;
  const evidence = (status.state === 'parked' ? parked?.trouble : problem)?.evidence ?? {};
  return [
    // Nothing is redrawn here: no line needs cutting.
    ...treeLines(status, { ...canvas, width: 10_000 }, note),
    '',
    `run ${runId}, started ${clock(startedAt)}${requestedBy ? `, asked for by ${requestedBy}` : ''}`,
    ...(reason ? [`reason: ${reason}`] : []),
    ...block('Plan', plan ? planLines(plan, canvas) : [], canvas),
    ...block('Before → after', changed(status), canvas),
    ...block('Evidence', evidenceLines(evidence), canvas),
    ...block('What people did', actions.map(actionLine), canvas),
    ...(report ? reportBlocks(report, canvas) : []),
  ];
}

function reportBlocks(report: RunReport, canvas: Canvas): string[] {
  const { phases, ledger = [], measurements, leftBehind, published, publishProblem, endedAt, ms } = report;
  return [
    ...block(
      'Clock',
      phases.map(({ state, at, ms: took }) => `  ${clock(at)}  ${state.padEnd(17)}  ${duration(took)}`),
      canvas,
    ),
    ...block(
      'Phases',
      ledger.map(
        ({ name, startedAt, ms: took, stoodMs }) =>
          `  ${clock(startedAt)}  ${name.padEnd(17)}  ${duration(took)}${stoodMs > 0 ? `, ${duration(stoodMs)} of it waiting for people` : ''}`,
      ),
      canvas,
    ),
    ...block(
      'Measured',
      Object.entries(measurements).map(([name, value]) => `  ${name}: ${value}`),
      canvas,
    ),
    ...block(
      'All steps with their evidence',
      (report.pages ?? []).map(({ uri, count }) => `  ${count} steps: ${uri}`),
      canvas,
    ),
    ...block(
      'Left behind',
      leftBehind.map((what) => `  - ${what}`),
      canvas,
    ),
    '',
    `ended ${clock(endedAt)} after ${duration(ms)}${published ? `; report at ${published}` : ''}`,
    ...(publishProblem ? problemLines(publishProblem, canvas) : []),
  ];
}

function block(name: string, lines: readonly string[], canvas: Canvas): string[] {
  return lines.length === 0 ? [] : ['', paint(canvas, 'bold', name), ...lines];
}

/** Only what this run changed, and of that only what differs: all of it is in `--json`. */
function changed({ steps }: RunStatus): string[] {
  return steps.flatMap((step) => {
    if (!step.changed || step.after === undefined) return [];
    const lines = differences(step.before, step.after).map(
      ({ path, before, after }) => `    ${path}: ${shown(before)} → ${shown(after)}`,
    );
    return lines.length === 0 ? [] : [`  ${step.title}`, ...lines];
  });
}

function shown(value: unknown): string {
  return value === undefined || value === null || value === '' ? '(nothing)' : compact(value);
}

function actionLine({ at, action, by, reason, note }: RunStatus['actions'][number]): string {
  return `  ${clock(at)}  ${action} by ${by}${reason ? `: ${reason}` : ''}${note ? ` (${note})` : ''}`;
}
