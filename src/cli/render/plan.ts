import type { PlannedAction, PlanView } from '../../runs/index.ts';
import type { Canvas } from './paint.ts';
import { paint } from './paint.ts';
import { rebalanceLines } from './rebalance.ts';
import { duration } from './time.ts';

/** A plan as it is approved: what will be done in order, what can't be undone, what it was made of, its hash. */
export function planLines(plan: PlanView, canvas: Canvas): string[] {
  const { title, actions, facts, warnings, irreversible, voidIf, hash, platformDigest, picture } = plan;
  return [
    paint(canvas, 'bold', title),
    ...actions.flatMap(({ what, estimateMs }, index) => {
      const estimate = estimateMs === undefined ? '' : paint(canvas, 'dim', ` (about ${duration(estimateMs)})`);
      const line = `  ${String(index + 1).padStart(2)}. ${what}${estimate}`;
      return noReturnBegins(actions, index) ? [paint(canvas, 'red', '      ── no undo from here on ──'), line] : [line];
    }),
    // What is drawn says more than its readings in words.
    ...(picture
      ? ['', ...rebalanceLines(picture.plan, canvas), '']
      : section(
          'Facts',
          facts.map(({ label, value }) => `${label}: ${value}`),
          canvas,
        )),
    ...section('Warnings', warnings, canvas, 'yellow'),
    ...section('Cannot be undone', irreversible, canvas, 'red'),
    ...section('Void if', voidIf, canvas),
    paint(canvas, 'dim', `plan ${hash}, part ${platformDigest.slice(0, 12)} of the platform file`),
  ];
}

/** Said once, where it begins: what follows isn't dangerous, it only can't be taken back. */
export function noReturnBegins(actions: readonly PlannedAction[], index: number): boolean {
  return actions[index]?.reversible === false && actions[index - 1]?.reversible !== false;
}

function section(name: string, items: readonly string[], canvas: Canvas, ink: 'dim' | 'yellow' | 'red' = 'dim') {
  return items.length === 0 ? [] : [paint(canvas, ink, `${name}:`), ...items.map((item) => `  - ${item}`)];
}
