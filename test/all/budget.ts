import { readdirSync } from 'node:fs';

/**
 * What `make test` may take, in minutes: two cores, nothing else on them, warm caches. Set-up and lint are not in it. 20 for Redis, ClickHouse
 * and the engine, and 5 more for each domain that came after them.
 */
export const wholeMinutes = 20 + 5 * ['host', 'archive', 'region'].length;

/** Of each domain's files, one after the other; files of different domains run beside each other. */
export const domainMinutes: Readonly<Record<string, number>> = {
  clickhouse: 16,
  redis: 14,
  engine: 5,
  cli: 3,
  house: 4,
  // Of its parts in the lab, until it has procedures.
  host: 5,
};

/** Of a domain that is not named above: what each domain to come may add. */
export const furtherDomainMinutes = 5;

/** Folders of tests that belong to a domain without bearing its name. */
const alike: Readonly<Record<string, string>> = {
  sentinel: 'redis',
  discovery: 'redis',
  'redis-files': 'redis',
  run: 'engine',
  runs: 'engine',
  steps: 'engine',
  time: 'engine',
  replay: 'engine',
  client: 'cli',
  cli: 'cli',
  ssh: 'host',
  kubernetes: 'host',
};

/** The domains of Gantry: the folders of `workflows/`, and those that have a budget. */
export function domains(root: string): string[] {
  const folders = readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const named = folders.map(({ name }) => name).filter((name) => !(name in alike));
  return [...new Set([...named, ...Object.keys(domainMinutes)])];
}

/** The domain of a test file, by the folders it is in, else by its name: `test/lab/clickhouse-load.test.ts`. */
export function domainOf(file: string, known: readonly string[]): string {
  const path = file.slice(file.lastIndexOf('test/') + 'test/'.length).split('/');
  const folders = path.slice(0, -1).reverse();
  const named = folders.find((folder) => known.includes(folder) || folder in alike);
  if (named !== undefined) return alike[named] ?? named;
  const words = (path.at(-1) ?? '').split(/[-.]/);
  const word = words.find((one) => known.includes(one) || one === 'sentinel' || one === 'discovery');
  return word === undefined ? 'house' : (alike[word] ?? word);
}
