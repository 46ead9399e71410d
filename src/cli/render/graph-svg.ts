import type { RunReport, StepRecord } from '../../runs/index.ts';
import { depthsOf, graphOf, stepsOf } from './graph.ts';
import { duration } from './time.ts';

const box = { width: 150, height: 40, right: 48, below: 14 } as const;
const margin = 16;

type Placed = { node: string; x: number; y: number };

/** The graph of a run as an SVG document: each node with what became of it and how long it took. Nothing where the plan shows no graph. */
export function graphSvg(report: Pick<RunReport, 'plan' | 'steps'>): string | undefined {
  const graph = graphOf(report);
  if (!graph) return undefined;
  const depths = depthsOf(graph);
  const columns = new Map<number, string[]>();
  for (const node of graph.nodes) {
    const depth = depths.get(node) ?? 0;
    columns.set(depth, [...(columns.get(depth) ?? []), node]);
  }
  const tallest = Math.max(...[...columns.values()].map((nodes) => nodes.length));
  const height = tallest * (box.height + box.below);
  const placed = [...columns].flatMap(([depth, nodes]): Placed[] => {
    const free = height - nodes.length * (box.height + box.below);
    const at = (row: number): number => margin + free / 2 + row * (box.height + box.below);
    return nodes.map((node, row) => ({ node, x: margin + depth * (box.width + box.right), y: at(row) }));
  });
  const where = new Map(placed.map((one) => [one.node, one]));
  const width = 2 * margin + columns.size * (box.width + box.right) - box.right;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height + 2 * margin}" font-family="sans-serif" font-size="12">`,
    `<rect width="100%" height="100%" fill="#ffffff"/>`,
    ...graph.edges.map(([from, to]) => arrow(where.get(from), where.get(to))),
    ...placed.map((one) => drawn(one, stepsOf(one.node, report.steps))),
    '</svg>',
    '',
  ].join('\n');
}

function arrow(from: Placed | undefined, to: Placed | undefined): string {
  if (!from || !to) return '';
  const [x1, y1] = [from.x + box.width, from.y + box.height / 2];
  const [x2, y2] = [to.x, to.y + box.height / 2];
  const bend = box.right / 2;
  return `<path d="M${x1},${y1} C${x1 + bend},${y1} ${x2 - bend},${y2} ${x2},${y2}" fill="none" stroke="#9aa4ad"/>`;
}

function drawn({ node, x, y }: Placed, steps: readonly StepRecord[]): string {
  const ms = spanMs(steps);
  const words = steps.length === 0 ? 'not begun' : `${became(steps)}, ${duration(ms)}`;
  const reading = steps.at(-1)?.summary ?? '';
  return [
    `<g><title>${escaped(reading)}</title>`,
    `<rect x="${x}" y="${y}" width="${box.width}" height="${box.height}" rx="6" fill="${inkOf(steps)}" stroke="#5b6670"/>`,
    `<text x="${x + box.width / 2}" y="${y + 17}" text-anchor="middle">${escaped(node)}</text>`,
    `<text x="${x + box.width / 2}" y="${y + 32}" text-anchor="middle" font-size="10" fill="#4a545c">${escaped(words)}</text></g>`,
  ].join('');
}

/** From the beginning of the first step to the end of the last one: some of them are done side by side. */
function spanMs(steps: readonly StepRecord[]): number {
  const begun = steps.flatMap(({ startedAt }) => (startedAt === undefined ? [] : [Date.parse(startedAt)]));
  const ended = steps.flatMap(({ startedAt, ms }) =>
    startedAt === undefined ? [] : [Date.parse(startedAt) + (ms ?? 0)],
  );
  return begun.length === 0 ? 0 : Math.max(...ended) - Math.min(...begun);
}

function became(steps: readonly StepRecord[]): string {
  if (steps.some(({ state }) => state === 'failed')) return 'failed';
  if (steps.some(({ state }) => state === 'skipped')) return 'skipped';
  return steps.some(({ changed }) => changed) ? 'done' : 'as it was';
}

function inkOf(steps: readonly StepRecord[]): string {
  if (steps.length === 0) return '#f3f4f6';
  const inks = { failed: '#f8c9c4', skipped: '#f7e3a9', done: '#c9ecd0', 'as it was': '#dbe7f4' } as const;
  return inks[became(steps) as keyof typeof inks];
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
