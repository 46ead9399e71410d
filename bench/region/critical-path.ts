import type { RunReport, StepRecord } from '../../src/runs/index.ts';
import type { RunGraph } from '../../src/cli/render/graph.ts';

/** What a run would have taken at the least, and what it took. Milliseconds. */
export type CriticalPath = { ms: number; path: readonly string[]; wallMs: number };

const isNetwork = ({ step }: StepRecord): boolean => /^region\.(make|attach|set)-/.test(step);
const endOf = ({ startedAt = '', ms = 0 }: StepRecord): number => Date.parse(startedAt) + ms;

/**
 * The longest way through the graph of a run. A component costs the call that applied it and the time until the API server itself
 * called it ready, not the time until Gantry saw that; the network costs its own longest way. Beginning and end are those of the first and
 * the last step: planning is not part of it.
 */
export function criticalPath(
  { steps }: Pick<RunReport, 'steps'>,
  { nodes, edges }: RunGraph,
  readyAt: ReadonlyMap<string, number>,
): CriticalPath {
  const costs = new Map(
    nodes.map((node) => [node, node === 'network' ? networkMs(steps) : componentMs(node, steps, readyAt)]),
  );
  const best = new Map<string, { ms: number; path: string[] }>();
  const wayTo = (node: string): { ms: number; path: string[] } => {
    const known = best.get(node);
    if (known) return known;
    const before = edges.filter(([, to]) => to === node).map(([from]) => wayTo(from));
    const longest = before.reduce((a, b) => (b.ms > a.ms ? b : a), { ms: 0, path: [] as string[] });
    const way = { ms: longest.ms + (costs.get(node) ?? 0), path: [...longest.path, node] };
    best.set(node, way);
    return way;
  };
  const longest = nodes.map(wayTo).reduce((a, b) => (b.ms > a.ms ? b : a), { ms: 0, path: [] as string[] });
  const begins = steps.flatMap(({ startedAt }) => (startedAt === undefined ? [] : [Date.parse(startedAt)]));
  return { ...longest, wallMs: Math.max(...steps.map(endOf)) - Math.min(...begins) };
}

function componentMs(node: string, steps: readonly StepRecord[], readyAt: ReadonlyMap<string, number>): number {
  const apply = steps.find(({ title }) => title === `apply ${node}`);
  if (!apply) throw new Error(`no step applied ${node}`);
  const gate = steps.find(({ title }) => title === `${node} is ready`);
  const { workloads = [] } = (gate?.after ?? {}) as { workloads?: readonly { words: string }[] };
  const own = workloads.flatMap(({ words }) => /^(?:Deployment|StatefulSet|DaemonSet) [^:]+/.exec(words)?.[0] ?? []);
  const ready = own.map((name) => readyAt.get(name.replace(' ', '/')));
  if (ready.some((at) => at === undefined)) throw new Error(`${node} was never seen ready: ${own.join(', ')}`);
  return Math.max(apply.ms ?? 0, ...ready.map((at = 0) => at - Date.parse(apply.startedAt ?? '')));
}

/** The VPC and its gateway, then the longest of what is done side by side. */
function networkMs(steps: readonly StepRecord[]): number {
  const sum = (some: readonly StepRecord[]): number => some.reduce((total, { ms = 0 }) => total + ms, 0);
  const network = steps.filter(isNetwork);
  const first = network.filter(({ step }) => /\.(make-vpc|attach-gateway)$/.test(step));
  const groups = network.filter(({ step }) => /\.(make-groups|set-rules)$/.test(step));
  const zones = new Map<string, StepRecord[]>();
  for (const one of network) {
    const zone = / of (\S+)$/.exec(one.title)?.[1];
    if (zone !== undefined) zones.set(zone, [...(zones.get(zone) ?? []), one]);
  }
  return sum(first) + Math.max(sum(groups), ...[...zones.values()].map(sum));
}
