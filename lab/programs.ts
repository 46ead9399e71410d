import { accessSync, constants, existsSync, readdirSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { GantryError } from '../src/errors/index.ts';

// The versions that scripts/setup-*.sh put into the cache: a test compares.
const temporalVersion = '1.8.2';
const stockTemporalVersion = '1.31.2';
const composeVersion = '2.40.3';
const timeSkippingVersion = '1.38.0';
const chdbVersion = '3.4.0';
const motoVersion = '5.2.5';
const schemathesisVersion = '4.32.5';

/** Where set-up keeps what it downloads and builds: GANTRY_CACHE, or `~/.cache/gantry`. */
export function cacheDir(): string {
  return process.env['GANTRY_CACHE'] ?? join(homedir(), '.cache', 'gantry');
}

/**
 * The Temporal CLI: TEMPORAL_CLI_PATH, else `temporal` on PATH, else the project's cache (filled by
 * scripts/setup-temporal.sh, from the SDK's download or a build).
 * @throws GantryError LAB_PART_MISSING
 */
export async function findTemporalCli(): Promise<string> {
  const named = process.env['TEMPORAL_CLI_PATH'];
  if (named) {
    if (isProgram(named)) return named;
    throw missing(
      'Temporal CLI',
      `TEMPORAL_CLI_PATH names ${named}, which is not a program`,
      'unset TEMPORAL_CLI_PATH',
    );
  }
  const cached = join(cacheDir(), `temporal-${temporalVersion}`);
  const found = onPath('temporal') ?? (isProgram(cached) ? cached : undefined);
  if (found) return found;
  throw missing('Temporal CLI', `not on PATH, not at ${cached}`, 'scripts/setup-temporal.sh');
}

/**
 * The stock Temporal server, in the project's cache: the dev server of the CLI has no authentication.
 * @throws GantryError LAB_PART_MISSING
 */
export async function findStockTemporal(): Promise<string> {
  const program = join(cacheDir(), `temporal-server-${stockTemporalVersion}`);
  if (isProgram(program)) return program;
  throw missing('the stock Temporal server', `not at ${program}`, 'scripts/setup-temporal-server.sh');
}

/**
 * Docker Compose, in the project's cache.
 * @throws GantryError LAB_PART_MISSING
 */
export async function findCompose(): Promise<string> {
  const program = join(cacheDir(), `compose-${composeVersion}`);
  if (isProgram(program)) return program;
  throw missing('Docker Compose', `not at ${program}`, 'scripts/setup-compose.sh');
}

/**
 * `redis-server` on PATH.
 * @throws GantryError LAB_PART_MISSING
 */
export async function findRedisServer(): Promise<string> {
  const found = onPath('redis-server');
  if (found) return found;
  throw missing('redis-server', 'not on PATH', 'scripts/setup-redis.sh');
}

/**
 * Debian's Chromium, for the test that uses the Temporal UI.
 * @throws GantryError LAB_PART_MISSING
 */
export function findChromium(): string {
  const found = onPath('chromium');
  if (found) return found;
  throw missing('chromium', 'not on PATH', 'scripts/setup-chromium.sh');
}

/**
 * The folder in the project's cache that holds Valkey 9 with all that it needs.
 * @throws GantryError LAB_PART_MISSING
 */
export async function valkeyRoot(): Promise<string> {
  const root = join(cacheDir(), `valkey-${process.env['GANTRY_VALKEY_SUITE'] ?? 'sid'}`);
  if (isProgram(join(root, 'usr', 'bin', 'valkey-server'))) return root;
  throw missing('Valkey 9', `not at ${root}`, 'scripts/setup-valkey.sh');
}

/**
 * The start script of Temporal's time-skipping test server, in the project's cache.
 * @throws GantryError LAB_PART_MISSING
 */
export async function findTimeSkippingServer(): Promise<string> {
  const script = join(cacheDir(), `time-skipping-${timeSkippingVersion}`, 'temporal-test-server');
  if (!isProgram(script)) throw missing('time-skipping server', `not at ${script}`, 'scripts/setup-time-skipping.sh');
  if (!onPath('java')) throw missing('time-skipping server', 'java is not on PATH', 'scripts/setup-time-skipping.sh');
  return script;
}

/**
 * `clickhouse-server`, on PATH or in /usr/sbin (which not every user has on PATH).
 * @throws GantryError LAB_PART_MISSING
 */
export async function findClickHouseServer(): Promise<string> {
  const found = onPath('clickhouse-server') ?? ['/usr/sbin/clickhouse-server'].find(isProgram);
  if (found) return found;
  throw missing('clickhouse-server', 'not on PATH', 'scripts/setup-clickhouse.sh');
}

/**
 * Java and what it needs to run Debian's ZooKeeper; its jar names the others that it needs.
 * @throws GantryError LAB_PART_MISSING
 */
export async function findZooKeeper(): Promise<{ java: string; classPath: string }> {
  const [java, jars] = [onPath('java'), '/usr/share/java'];
  const jar = join(jars, 'zookeeper.jar');
  if (!existsSync(jar)) throw missing('ZooKeeper', `no ${jar}`, 'scripts/setup-clickhouse.sh');
  if (!java) throw missing('ZooKeeper', 'java is not on PATH', 'scripts/setup-clickhouse.sh');
  return { java, classPath: [jar, join(jars, 'slf4j-simple.jar')].join(delimiter) };
}

/**
 * The folder in the project's cache whose node_modules hold chdb, the modern ClickHouse engine.
 * @throws GantryError LAB_PART_MISSING
 */
export async function findModernClickHouse(): Promise<string> {
  const root = join(cacheDir(), `chdb-${chdbVersion}`);
  if (existsSync(join(root, '.complete'))) return root;
  throw missing('the modern ClickHouse engine', `not at ${root}`, 'scripts/setup-clickhouse-modern.sh');
}

/**
 * moto's server, in the project's cache.
 * @throws GantryError LAB_PART_MISSING
 */
export async function findMoto(): Promise<string> {
  const root = join(cacheDir(), `moto-${motoVersion}`);
  const server = join(root, 'bin', 'moto_server');
  if (existsSync(join(root, '.complete')) && isProgram(server)) return server;
  throw missing('the object store (moto)', `not at ${root}`, 'scripts/setup-s3.sh');
}

/**
 * schemathesis, in the project's cache.
 * @throws GantryError LAB_PART_MISSING
 */
export async function findSchemathesis(): Promise<string> {
  const root = join(cacheDir(), `schemathesis-${schemathesisVersion}`);
  const program = join(root, 'bin', 'schemathesis');
  if (existsSync(join(root, '.complete')) && isProgram(program)) return program;
  throw missing('schemathesis', `not at ${root}`, 'scripts/setup-schemathesis.sh');
}

/**
 * The registry of the distribution project, in the project's cache.
 * @throws GantryError LAB_PART_MISSING
 */
export async function findRegistry(): Promise<string> {
  return unpacked('the registry of images', 'docker-registry', 'scripts/setup-registry.sh');
}

/**
 * Prometheus, in the project's cache.
 * @throws GantryError LAB_PART_MISSING
 */
export async function findPrometheus(): Promise<string> {
  return unpacked('Prometheus', 'prometheus', 'scripts/setup-prometheus.sh');
}

/** A program of a package of the distribution that is unpacked in the cache, under the package's own name. */
function unpacked(part: string, name: string, command: string): string {
  const root = join(cacheDir(), `debian-${name}`);
  const program = join(root, 'usr', 'bin', name);
  if (existsSync(join(root, '.complete')) && isProgram(program)) return program;
  throw missing(part, `not at ${root}`, command);
}

/**
 * Both parts of the ClickHouse cluster.
 * @throws GantryError LAB_PART_MISSING
 */
export async function findClickHouse(): Promise<void> {
  await findClickHouseServer();
  await findZooKeeper();
}

/**
 * libfaketime for programs of many threads, as the distribution's package puts it; what it is preloaded into has another clock.
 * @throws GantryError LAB_PART_MISSING
 */
export function fakeTimeLibrary(): string {
  const folders = ['/usr/lib', ...readdirSync('/usr/lib').map((folder) => join('/usr/lib', folder))];
  const found = folders
    .map((folder) => join(folder, 'faketime', 'libfaketimeMT.so.1'))
    .find((path) => existsSync(path));
  if (found) return found;
  throw missing('libfaketime', 'no faketime/libfaketimeMT.so.1 below /usr/lib', 'scripts/setup-faketime.sh');
}

/** The full path of a program on PATH. */
export function onPath(name: string): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders.map((folder) => join(folder, name)).find(isProgram);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function missing(part: string, why: string, command: string): GantryError {
  return new GantryError('LAB_PART_MISSING', `${part}: ${why}. Run: ${command}`, { evidence: { part, why, command } });
}
