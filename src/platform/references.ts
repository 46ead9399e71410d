/** A problem found in the file's content: where, as a path of keys, and what. `aboutKey`: the key itself is wrong. */
export type Finding = { path: readonly (string | number)[]; message: string; aboutKey?: true };

type Pattern = readonly string[];

/** A field that names something, and where the file defines such things: as keys of a map, or as a field of list items. */
type Reference = { field: Pattern; what: string; definedIn: Pattern };

const star = '*';
const region = { what: 'region', definedIn: ['regions', star] };
const daemon = { what: 'daemon', definedIn: ['daemons', star] };
const segment = { what: 'network segment', definedIn: ['network', 'segments', star] };
const tier = { what: 'storage tier', definedIn: ['storage', 'tiers', star] };
const component = { what: 'component', definedIn: ['rollout', 'components', star] };
const window = { what: 'maintenance window', definedIn: ['windows', star, 'name'] };
const metricsSystem = { what: 'monitoring system', definedIn: ['monitoring', 'systems', star] };
const logSystem = { what: 'logging system', definedIn: ['logging', 'systems', star] };

/** Every name in the file that must be defined elsewhere in it. */
const references: readonly Reference[] = [
  { field: ['redis', 'groups', star, 'region'], ...region },
  { field: ['clickhouse', 'clusters', star, 'region'], ...region },
  { field: ['clickhouse', 'clusters', star, 'copies', star, 'region'], ...region },
  { field: ['zookeeper', 'ensembles', star, 'region'], ...region },
  { field: ['storage', 'buckets', star, 'region'], ...region },
  {
    field: ['clickhouse', 'clusters', star, 'coordination'],
    what: 'ensemble',
    definedIn: ['zookeeper', 'ensembles', star],
  },
  { field: ['hosts', 'pools', star, 'zone'], what: 'zone', definedIn: ['regions', star, 'zones', star] },
  { field: ['hosts', 'pools', star, 'class'], what: 'host class', definedIn: ['hosts', 'classes', star] },
  { field: ['hosts', 'inventory', star, 'class'], what: 'host class', definedIn: ['hosts', 'classes', star] },
  { field: ['hosts', 'inventory', star, 'zone'], what: 'zone', definedIn: ['regions', star, 'zones', star] },
  { field: ['hosts', 'inventory', star, 'bastion'], what: 'bastion', definedIn: ['hosts', 'bastions', star] },
  { field: ['network', 'flows', star, 'from'], ...segment },
  { field: ['network', 'flows', star, 'to'], ...segment },
  { field: ['daemons', star, 'segment'], ...segment },
  { field: ['daemons', star, 'dependsOn', star], ...daemon },
  { field: ['mesh', 'routes', star, 'daemon'], ...daemon },
  { field: ['messaging', 'producers', star], ...daemon },
  { field: ['messaging', 'consumers', star], ...daemon },
  { field: ['serviceDiscovery', 'clients', star], ...daemon },
  { field: ['archive', 'archives', star, 'region'], ...region },
  { field: ['archive', 'archives', star, 'bucket'], what: 'bucket', definedIn: ['storage', 'buckets', star] },
  {
    field: ['clickhouse', 'clusters', star, 'families', star, 'backup', 'archive'],
    what: 'archive',
    definedIn: ['archive', 'archives', star],
  },
  {
    field: ['archive', 'archives', star, 'sources', 'clickhouse', star, 'cluster'],
    what: 'ClickHouse cluster',
    definedIn: ['clickhouse', 'clusters', star],
  },
  {
    field: ['archive', 'archives', star, 'sources', 'redis', star],
    what: 'Redis group',
    definedIn: ['redis', 'groups', star],
  },
  { field: ['rollout', 'components', star, 'after', star], ...component },
  {
    field: ['rollout', 'components', star, 'regions', star],
    what: 'region of a rollout',
    definedIn: ['rollout', 'regions', star],
  },
  { field: ['network', 'entries', star, 'to'], ...segment },
  { field: ['storage', 'services', star, 'tier'], ...tier },
  { field: ['storage', 'moves', star, 'from'], ...tier },
  { field: ['storage', 'moves', star, 'to'], ...tier },
  { field: ['policies', 'default', 'window'], ...window },
  { field: ['policies', 'kinds', star, 'window'], ...window },
  { field: ['monitoring', 'sources', star, 'to', star], ...metricsSystem },
  { field: ['monitoring', 'systems', star, 'to', star], ...metricsSystem },
  { field: ['logging', 'sources', star, 'to', star], ...logSystem },
  { field: ['logging', 'systems', star, 'to', star], ...logSystem },
];

/** Maps whose keys name something that the file defines elsewhere. */
const keyReferences: readonly Reference[] = [
  { field: ['kubernetes', 'workloads', star], ...daemon },
  { field: ['mesh', 'breakers', star], ...daemon },
  { field: ['hosts', 'kubernetes', star], ...region },
  { field: ['rollout', 'regions', star], ...region },
  { field: ['rollout', 'regions', star, 'patches', star], ...component },
];

/** A place that a pattern matches: its path, the key it has there, and what it holds. */
export type Match = { path: readonly (string | number)[]; key: string; value: unknown };

/**
 * The names in `content` that nothing in it defines. Works on the file as it was read, however malformed, so that a
 * type error in one place doesn't hide a dangling name in another.
 */
export function danglingNames(content: unknown): Finding[] {
  return [
    ...references.flatMap((reference) =>
      matches(content, reference.field)
        .filter((match) => typeof match.value === 'string')
        .flatMap((match) => dangling(content, reference, match.path, String(match.value))),
    ),
    ...keyReferences.flatMap((reference) =>
      matches(content, reference.field).flatMap((match) =>
        dangling(content, reference, match.path, match.key).map((finding) => ({ ...finding, aboutKey: true as const })),
      ),
    ),
  ];
}

/** The places of `content` that `pattern` matches; `*` stands for any key or index. */
export function matches(content: unknown, pattern: Pattern): Match[] {
  let found: Match[] = [{ path: [], key: '', value: content }];
  for (const part of pattern) found = found.flatMap((match) => below(match, part));
  return found;
}

function below({ path, value }: Match, part: string): Match[] {
  if (typeof value !== 'object' || value === null) return [];
  const isList = Array.isArray(value);
  return Object.entries(value)
    .filter(([key]) => part === star || key === part)
    .map(([key, held]) => ({ path: [...path, isList ? Number(key) : key], key, value: held as unknown }));
}

function dangling(content: unknown, { what, definedIn }: Reference, path: Finding['path'], called: string): Finding[] {
  const byKey = definedIn.at(-1) === star;
  const known = matches(content, definedIn).map((match) => (byKey ? match.key : String(match.value)));
  if (known.includes(called)) return [];
  const rest = known.length === 0 ? 'the file defines none' : `known: ${[...new Set(known)].join(', ')}`;
  return [{ path, message: `no ${what} is called ${called}; ${rest}` }];
}

/** What a value holds by name; nothing, where it holds nothing by name. */
export function fields(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

export function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value > 0;
}
