import { fullName } from '../cluster/schema-order.ts';
import type { ObjectFacts, ShardServer } from '../cluster/types.ts';
import type { Finding } from '../facts/types.ts';

/** Where a server's replica of a table is in ZooKeeper. */
export type ReplicaPlace = { zookeeper: string; replica: string };

/** The place that a table has on a server with these macros; undefined where a macro is missing or the statement has none. */
export function placeOn(
  { database, name, path }: ObjectFacts,
  macros: Readonly<Record<string, string>>,
): ReplicaPlace | undefined {
  if (!path?.zookeeper || !path.replica) return undefined;
  const known: Readonly<Record<string, string>> = { ...macros, database, table: name };
  const filled = (text: string): string =>
    text.replace(/\{(\w+)\}/g, (as, macro: string) => (Object.hasOwn(known, macro) ? (known[macro] ?? as) : as));
  const place = { zookeeper: filled(path.zookeeper), replica: filled(path.replica) };
  return /\{\w+\}/.test(`${place.zookeeper}${place.replica}`) ? undefined : place;
}

/**
 * What is wrong with the places of the new shard's tables in ZooKeeper: a path that another shard has, replicas of one shard
 * that don't meet or have one name, and what somebody left there.
 */
export function pathFindings(
  wanted: readonly ObjectFacts[],
  fresh: readonly ShardServer[],
  others: readonly ShardServer[],
): Finding[] {
  return wanted.flatMap((table): Finding[] => {
    if (!table.path) return [];
    const name = fullName(table);
    const shared = (message: string): Finding[] => [{ code: 'CLICKHOUSE_PATH_SHARED', message, place: name }];
    const places = fresh.map(({ server, macros }) => ({ server, place: placeOn(table, macros) }));
    const unknown = places.find(({ place }) => !place);
    if (unknown) {
      const words = `${table.path.zookeeper || 'no path'}, ${table.path.replica || 'no replica'}`;
      return shared(`${name} would be at ${words} on ${unknown.server}: not every macro of it is known`);
    }
    const paths = new Set(places.map(({ place }) => place?.zookeeper));
    if (paths.size > 1) return shared(`the replicas of ${name} would be at ${[...paths].join(' and ')}`);
    if (new Set(places.map(({ place }) => place?.replica)).size < places.length)
      return shared(`the replicas of ${name} would have one name, ${places[0]?.place?.replica ?? ''}`);
    const [path = ''] = paths;
    const holder = others.find(({ macros }) => placeOn(table, macros)?.zookeeper === path);
    if (holder) return shared(`${name} would be at ${path}, where ${holder.server} has it`);
    return stale(table, path, fresh, places);
  });
}

/** Replicas that are no server's own, and those of a server that has no such table any more. */
function stale(
  table: ObjectFacts,
  path: string,
  fresh: readonly ShardServer[],
  places: readonly { server: string; place: ReplicaPlace | undefined }[],
): Finding[] {
  const there = new Set(fresh.flatMap(({ replicas }) => replicas[path] ?? []));
  const alive = places
    .filter(({ server }) =>
      fresh.some((one) => one.server === server && one.objects.some((object) => fullName(object) === fullName(table))),
    )
    .map(({ place }) => place?.replica);
  const left = [...there].filter((replica) => !alive.includes(replica)).sort();
  if (left.length === 0) return [];
  const message = `${path} has ${left.join(', ')}, and no new server has ${fullName(table)} under that name`;
  return [{ code: 'CLICKHOUSE_STALE_REPLICA', message, place: fullName(table) }];
}
