import type { Finding, Match } from '../references.ts';
import { fields, matches } from '../references.ts';

/** The tables that the sources of an archive name are known in their cluster. */
export function archivedTablesExist(content: unknown, { path, value }: Match): Finding[] {
  return matches(value, ['sources', 'clickhouse', '*']).flatMap((source) => {
    const { cluster } = fields(source.value);
    if (typeof cluster !== 'string') return [];
    const known = matches(content, ['clickhouse', 'clusters', cluster, 'tables', '*']).map(({ key }) => key);
    return matches(source.value, ['tables', '*'])
      .filter((one) => typeof one.value === 'string' && !known.includes(one.value))
      .map((one) => ({
        path: [...path, ...source.path, ...one.path],
        message: `${cluster} has no table called ${String(one.value)}; ${
          known.length > 0 ? `known: ${known.join(', ')}` : 'the file lists none'
        }`,
      }));
  });
}

/** Totals are declared of tables that the archive holds. */
export function totalledTablesAreHeld(content: unknown, { path, value }: Match): Finding[] {
  return matches(value, ['sources', 'clickhouse', '*']).flatMap((source) => {
    const { cluster } = fields(source.value);
    const listed = matches(source.value, ['tables', '*']).map((one) => one.value);
    const known = matches(content, ['clickhouse', 'clusters', String(cluster), 'tables', '*']).map(({ key }) => key);
    const held: readonly unknown[] = listed.length > 0 ? listed : known;
    return matches(source.value, ['totals', '*'])
      .filter(({ key }) => !held.includes(key))
      .map((one): Finding => ({
        path: [...path, ...source.path, ...one.path],
        message: `the archive does not hold ${one.key}: its totals would never be made`,
        aboutKey: true,
      }));
  });
}

/** No two archives write below one another: each counts what lies under its prefix as its own. */
export function separatePrefixes(content: unknown): Finding[] {
  const seen: { key: string; bucket: string; prefix: string }[] = [];
  return matches(content, ['archive', 'archives', '*']).flatMap(({ path, key, value }): Finding[] => {
    const { bucket, prefix = 'gantry/' } = fields(value);
    if (typeof bucket !== 'string' || typeof prefix !== 'string') return [];
    const other = seen.find(
      (one) => one.bucket === bucket && (one.prefix.startsWith(prefix) || prefix.startsWith(one.prefix)),
    );
    seen.push({ key, bucket, prefix });
    return other ? [{ path: [...path, 'bucket'], message: `archive ${other.key} has the same bucket and prefix` }] : [];
  });
}
