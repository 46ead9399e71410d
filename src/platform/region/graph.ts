import type { Finding } from '../references.ts';
import { fields, matches } from '../references.ts';

type Node = { name: string; path: Finding['path']; after: readonly string[]; wave: number; regions: readonly string[] };

/** Whether the components can be put into an order: no cycle, nothing after a later wave, nothing after what its region lacks. */
export function graphFindings(content: unknown): Finding[] {
  const everywhere = matches(content, ['rollout', 'regions', '*']).map(({ key }) => key);
  const nodes = matches(content, ['rollout', 'components', '*']).map(({ key, path, value }): Node => {
    const { after, wave, regions } = fields(value);
    return {
      ...{ name: key, path },
      after: Array.isArray(after) ? after.filter((one) => typeof one === 'string') : [],
      wave: typeof wave === 'number' ? wave : 1,
      regions: Array.isArray(regions) ? regions.filter((one) => typeof one === 'string') : everywhere,
    };
  });
  const byName = new Map(nodes.map((node) => [node.name, node]));
  return [...cycles(nodes, byName), ...nodes.flatMap((node) => contradictions(node, byName))];
}

/** Each cycle once, at the component of it that comes first in the file. */
function cycles(nodes: readonly Node[], byName: ReadonlyMap<string, Node>): Finding[] {
  const state = new Map<string, 'open' | 'closed'>();
  const found: Finding[] = [];
  const visit = (node: Node, way: readonly string[]): void => {
    if (state.get(node.name) === 'closed') return;
    if (state.get(node.name) === 'open') {
      const cycle = [...way.slice(way.indexOf(node.name)), node.name];
      const first = nodes.find(({ name }) => cycle.includes(name)) ?? node;
      found.push({ path: [...first.path, 'after'], message: `a cycle: ${cycle.join(' → ')}` });
      return;
    }
    state.set(node.name, 'open');
    for (const name of node.after) {
      const next = byName.get(name);
      if (next) visit(next, [...way, node.name]);
    }
    state.set(node.name, 'closed');
  };
  for (const node of nodes) visit(node, []);
  return found;
}

function contradictions({ path, after, wave, regions }: Node, byName: ReadonlyMap<string, Node>): Finding[] {
  return after.flatMap((name, index): Finding[] => {
    const before = byName.get(name);
    if (!before) return [];
    const at = [...path, 'after', index];
    const missing = regions.filter((region) => !before.regions.includes(region));
    return [
      ...(before.wave > wave ? [{ path: at, message: `${name} is of wave ${before.wave}, later than ${wave}` }] : []),
      ...(missing.length > 0 ? [{ path: at, message: `${name} is not in ${missing.join(', ')}` }] : []),
    ];
  });
}
