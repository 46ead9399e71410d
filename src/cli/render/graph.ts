import type { RunReport, StepRecord } from '../../runs/index.ts';

/** The graph of a run's lanes, as its plan has it: what comes after what. */
export type RunGraph = { nodes: readonly string[]; edges: readonly (readonly [from: string, to: string])[] };

const edge = /^([\w.-]+) --> ([\w.-]+)$/;

/** The fact of a plan that is a graph, in the words of Mermaid. */
export function isGraph(value: string): boolean {
  const [head, ...lines] = value.split('\n');
  return head === 'graph LR' && lines.length > 0 && lines.every((line) => edge.test(line));
}

/** The graph that a plan shows; nothing where it shows none. */
export function graphOf(report: Pick<RunReport, 'plan'>): RunGraph | undefined {
  const text = report.plan?.facts.find(({ value }) => isGraph(value))?.value;
  if (text === undefined) return undefined;
  const edges = text.split('\n').flatMap((line) => {
    const [, from, to] = edge.exec(line) ?? [];
    return from === undefined || to === undefined ? [] : [[from, to] as const];
  });
  return { nodes: [...new Set(edges.flat())], edges };
}

/** How many edges lie before each node, on the longest way to it. */
export function depthsOf({ nodes, edges }: RunGraph): ReadonlyMap<string, number> {
  const depths = new Map(nodes.map((node) => [node, 0]));
  // A graph of so many nodes has no longer way.
  for (let round = 0; round < nodes.length; round += 1)
    for (const [from, to] of edges) depths.set(to, Math.max(depths.get(to) ?? 0, (depths.get(from) ?? 0) + 1));
  return depths;
}

/** What a run did for one node: the steps whose title names it, and nothing else. */
export function stepsOf(node: string, all: readonly StepRecord[]): StepRecord[] {
  const titles = [`apply ${node}`, `${node} is ready`];
  if (node !== 'network') return all.filter(({ title }) => titles.includes(title));
  return all.filter(({ step }) => /^region\.(make|attach|set)-/.test(step));
}
