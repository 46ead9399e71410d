import type { Description } from '../../client/index.ts';
import { stateInks } from './marks.ts';
import type { Canvas } from './paint.ts';
import { columns, pad, paint } from './paint.ts';
import { ago, clock } from './time.ts';

/** State and id: without them the list is of no use. */
const least = 2;

/** Runs as a table, one line each: the state first, then the id that commands take. What there is no room for is left out, last column first. */
export function runsLines(runs: readonly Description[], canvas: Canvas): string[] {
  if (runs.length === 0) return ['no runs'];
  const rows = runs.map(({ workflowId, kind, state, startedAt, execution, closed, runId }) => [
    paint(canvas, stateInks[state], state) + (execution === 'TERMINATED' ? ' (terminated)' : ''),
    workflowId,
    kind,
    clock(startedAt),
    closed ? runId : `open for ${ago(startedAt, canvas.now)}`,
  ]);
  const heads = ['STATE', 'ID', 'KIND', 'STARTED', 'RUN'];
  const widths = heads.map((head, at) => Math.max(columns(head), ...rows.map((row) => columns(row[at] ?? ''))));
  let shown = heads.length;
  while (shown > least && sum(widths.slice(0, shown)) + 2 * (shown - 1) > canvas.width) shown -= 1;
  const line = (cells: readonly string[]) =>
    cells
      .slice(0, shown)
      .map((cell, at) => pad(cell, widths[at] ?? 0))
      .join('  ')
      .trimEnd();
  const left = heads.slice(shown).map((head) => head.toLowerCase());
  return [
    paint(canvas, 'dim', line(heads)),
    ...rows.map(line),
    ...(left.length > 0 ? [paint(canvas, 'dim', `(${left.join(', ')}: in a wider terminal, or --json)`)] : []),
  ];
}

function sum(widths: readonly number[]): number {
  return widths.reduce((total, width) => total + width, 0);
}
