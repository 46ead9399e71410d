import type { Finding, Match } from '../references.ts';
import { fields, matches } from '../references.ts';
import { parseDuration } from '../schema/units.ts';

/** What the levels of a cluster's families name elsewhere in it, each table once, and none kept shorter than the one before. */
export function familyDisagreements(cluster: Match): Finding[] {
  const known = (of: string): string[] => matches(cluster.value, [of, '*']).map(({ key }) => key);
  const [tables, retentions] = [known('tables'), known('retentions')];
  const seen = new Map<string, string>();
  return matches(cluster.value, ['families', '*', 'levels', '*']).flatMap(({ path, value }): Finding[] => {
    const at = [...cluster.path, ...path];
    const { table, retention } = fields(value);
    const findings: Finding[] = [];
    if (typeof table === 'string') {
      const before = seen.get(table);
      seen.set(table, String(path[1]));
      if (before !== undefined)
        findings.push({ path: [...at, 'table'], message: `${table} is a level of ${before} already` });
      else if (!tables.includes(table)) findings.push(dangling([...at, 'table'], 'table', table, tables));
    }
    if (typeof retention === 'string' && !retentions.includes(retention))
      findings.push(dangling([...at, 'retention'], 'retention', retention, retentions));
    else findings.push(...shorter(cluster, path, at));
    return findings;
  });
}

/** A level that is gone before the one that it proves would leave that one unprovable for ever. */
function shorter({ value }: Match, path: Finding['path'], at: Finding['path']): Finding[] {
  const index = Number(path.at(-1));
  const [before, here] = [index - 1, index].map((number) => {
    const level = [...path.slice(0, -1), number].map(String);
    const retention = matches(value, [...level, 'retention'])[0]?.value;
    const keep = matches(value, ['retentions', String(retention), 'keep'])[0]?.value;
    return typeof keep === 'string' ? parseDuration(keep) : undefined;
  });
  if (before === undefined || here === undefined || here >= before) return [];
  return [{ path: [...at, 'retention'], message: 'kept for a shorter time than the level that it adds up' }];
}

function dangling(path: Finding['path'], what: string, name: string, known: readonly string[]): Finding {
  const rest = known.length === 0 ? 'it has none' : `known: ${known.join(', ')}`;
  return { path, message: `this cluster has no ${what} called ${name}; ${rest}` };
}
