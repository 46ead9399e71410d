import type { PlanView } from '../../runs/index.ts';
import type { Canvas } from './paint.ts';
import { paint } from './paint.ts';
import { duration } from './time.ts';

/** A plan as it is approved: what will be done in order, what can't be undone, what it was made of, its hash. */
export function planLines(plan: PlanView, canvas: Canvas): string[] {
  const { title, actions, facts, warnings, irreversible, voidIf, hash, platformDigest } = plan;
  return [
    paint(canvas, 'bold', title),
    ...actions.map(({ what, reversible, estimateMs }, index) => {
      const estimate = estimateMs === undefined ? '' : paint(canvas, 'dim', ` (about ${duration(estimateMs)})`);
      const mark = reversible ? '' : paint(canvas, 'red', ' [no way back]');
      return `  ${String(index + 1).padStart(2)}. ${what}${mark}${estimate}`;
    }),
    ...section(
      'Facts',
      facts.map(({ label, value }) => `${label}: ${value}`),
      canvas,
    ),
    ...section('Warnings', warnings, canvas, 'yellow'),
    ...section('Can not be undone', irreversible, canvas, 'red'),
    ...section('Void if', voidIf, canvas),
    paint(canvas, 'dim', `plan ${hash}, platform file ${platformDigest.slice(0, 12)}`),
  ];
}

function section(name: string, items: readonly string[], canvas: Canvas, ink: 'dim' | 'yellow' | 'red' = 'dim') {
  return items.length === 0 ? [] : [paint(canvas, ink, `${name}:`), ...items.map((item) => `  - ${item}`)];
}
