/**
 * Whether a source, by its name (`clickhouse/<cluster>/<table>/<shard>`, `schema/<cluster>`, `redis/<group>`, `platform-file`),
 * is one of those that the input names. A schema is read with any of its tables. Pure.
 */
export function isSelected(sources: readonly string[] | undefined, name: string): boolean {
  if (sources === undefined) return true;
  return sources.some((selector) => {
    const [kind, cluster] = selector.split('/');
    if (name.startsWith('schema/'))
      return kind === 'clickhouse' && (cluster === undefined || name === `schema/${cluster}`);
    return name === selector || name.startsWith(`${selector}/`);
  });
}
