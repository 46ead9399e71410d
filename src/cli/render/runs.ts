import type { Description } from '../../client/index.ts';
import { stateInks } from './marks.ts';
import type { Canvas } from './paint.ts';
import { clip, columns, pad, paint } from './paint.ts';
import { ago, clock } from './time.ts';

/** Runs as a table, one line each. */
export function runsLines(runs: readonly Description[], canvas: Canvas): string[] {
  if (runs.length === 0) return ['no runs'];
  const rows = runs.map(({ workflowId, kind, state, startedAt, execution, closed, runId }) => [
    workflowId,
    kind,
    paint(canvas, stateInks[state], state) + (execution === 'TERMINATED' ? ' (terminated)' : ''),
    clock(startedAt),
    closed ? runId : `open for ${ago(startedAt, canvas.now)}`,
  ]);
  const heads = ['ID', 'KIND', 'STATE', 'STARTED', 'RUN'];
  const widths = heads.map((head, at) => Math.max(columns(head), ...rows.map((row) => columns(row[at] ?? ''))));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, at) => pad(cell, widths[at] ?? 0))
      .join('  ')
      .trimEnd();
  return [paint(canvas, 'dim', line(heads)), ...rows.map((row) => clip(canvas, line(row)))];
}
