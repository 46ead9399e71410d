import type { Effect } from '../../../lab/faults/effects.ts';
import type { Findings } from '../scene.ts';

/** A node's part in a run, by its name: `old`, `new`, `sibling`. */
export type Parts = ReadonlyMap<string, string>;

/** What one node has in memory and what its configuration file says, as far as runs change it. */
export type Configuration = { memory: Map<string, string>; file: Map<string, string> };

/**
 * A node's recorded effects in the words of parts. A CONFIG SET of the value that is there already and a CONFIG REWRITE
 * of a file that says so already change nothing: `empty`. Whether they do is followed from the state at the start on.
 */
export function effectsOf(
  effects: readonly Effect[],
  parts: Parts,
  partAt: ReadonlyMap<string, string>,
  { memory, file }: Configuration,
): Pick<Findings, 'effects' | 'empty'> {
  const found: { what: string; certain: boolean }[] = [];
  const empty: string[] = [];
  for (const { node, kind, command, certain } of effects) {
    const part = parts.get(node) ?? node;
    const [, first = '', second = '', third = ''] = command.split(' ');
    if (kind === 'promoted') {
      memory.delete('replicaof');
      found.push({ what: `${part}: promoted`, certain });
    } else if (kind === 'demoted') {
      const to = partAt.get(`${first}:${second}`) ?? `${first}:${second}`;
      found.push({ what: `${part}: ${memory.has('replicaof') ? 're-pointed' : 'demoted'} to ${to}`, certain });
      memory.set('replicaof', `${first} ${second}`);
    } else if (kind === 'config-set') {
      if (memory.get(second) === third) empty.push(`${part}: ${command}`);
      else found.push({ what: `${part}: ${second} ${third}`, certain });
      memory.set(second, third);
    } else if (kind === 'config-rewrite') {
      if (same(memory, file)) empty.push(`${part}: ${command}`);
      else found.push({ what: `${part}: written down`, certain });
      file.clear();
      for (const [name, value] of memory) file.set(name, value);
    } else found.push({ what: `${part}: ${kind}`, certain });
  }
  return { effects: found, empty };
}

function same(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean {
  return a.size === b.size && [...a].every(([key, value]) => b.get(key) === value);
}
