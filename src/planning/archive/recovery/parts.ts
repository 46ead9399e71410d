import type { ErrorCode } from '../../../errors/index.ts';
import type { BackupObject, RestorePart } from '../../../runs/index.ts';

export type Chosen =
  | { ok: true; objects: readonly BackupObject[]; parts: readonly RestorePart[] }
  | { ok: false; findings: readonly { code: ErrorCode; message: string; place?: string }[] };

/** A table of a cluster, as one text. */
function tableOf(cluster: string, table: string): string {
  return `${cluster} ${table}`;
}

/**
 * The objects that are needed for `what`: `all`, one table, or one group. The schema of its cluster comes along with a table, and
 * nothing of any other table. The platform file is for people: no restore puts it anywhere.
 */
export function chooseParts(objects: readonly BackupObject[], what: string): Chosen {
  const tables = new Map<string, { cluster: string; table: string; shards: Set<number> }>();
  const groups = new Set<string>();
  for (const { source } of objects) {
    if (source.kind === 'redis') groups.add(source.group);
    if (source.kind !== 'clickhouse') continue;
    const key = tableOf(source.cluster, source.table);
    const known = tables.get(key) ?? { cluster: source.cluster, table: source.table, shards: new Set<number>() };
    known.shards.add(source.shard);
    tables.set(key, known);
  }
  const chosenTables = [...tables.values()].filter(({ table }) => what === 'all' || table === what);
  const chosenGroups = [...groups].filter((group) => what === 'all' || group === what);
  const known = [...new Set([...[...tables.values()].map(({ table }) => table), ...groups])].sort();
  if (what !== 'all' && chosenTables.length + chosenGroups.length > 1) {
    const which = [
      ...chosenTables.map(({ cluster }) => `the table of ${cluster}`),
      ...chosenGroups.map(() => 'a group'),
    ];
    return refused(`${what} is ${which.join(' and ')}: rename one, or restore all`);
  }
  if (chosenTables.length + chosenGroups.length === 0)
    return refused(`the backup has no ${what}; it has ${known.slice(0, 40).join(', ') || 'nothing'}`);
  const clusters = new Set(chosenTables.map(({ cluster }) => cluster));
  const wanted = new Set(chosenTables.map(({ cluster, table }) => tableOf(cluster, table)));
  return {
    ok: true,
    objects: objects.filter(({ source }) => {
      if (source.kind === 'clickhouse') return wanted.has(tableOf(source.cluster, source.table));
      if (source.kind === 'clickhouse-schema') return clusters.has(source.cluster);
      return source.kind === 'redis' && chosenGroups.includes(source.group);
    }),
    parts: [
      ...chosenTables.map(({ cluster, table, shards }): RestorePart => ({
        ...{ kind: 'clickhouse', cluster, table, shards: [...shards].sort((a, b) => a - b) },
      })),
      ...chosenGroups.map((group): RestorePart => ({ kind: 'redis', group })),
    ],
  };
}

function refused(message: string): Chosen {
  return { ok: false, findings: [{ code: 'ARCHIVE_UNKNOWN_SOURCE', message, place: 'what' }] };
}

/** A part in words: `metrics.samples of metrics`, `the group sessions`. */
export function partWords(part: RestorePart): string {
  return part.kind === 'redis' ? `the group ${part.group}` : `${part.table} of ${part.cluster}`;
}
