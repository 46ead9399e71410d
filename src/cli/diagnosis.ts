import { access, constants, mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Client } from '@temporalio/client';
import {
  auditRedis,
  connect,
  guardStatus,
  livePollers,
  missingSearchAttributes,
  serverFacts,
} from '../client/index.ts';
import { GantryError, troubleOf } from '../errors/index.ts';
import { loadPlatform } from '../platform/index.ts';
import type { LoadedPlatform } from '../platform/index.ts';
import { controlQueue, domainQueue, kinds, vantageQueue } from '../runs/index.ts';
import type { Domain } from '../runs/index.ts';
import type { Settings } from '../settings/index.ts';
import { auditChecks } from './audit.ts';
import type { Check } from './render/checks.ts';
import { versionCheck } from './worker-versions.ts';

/** Everything `gantry doctor` looks at, in the order in which one thing rests on the other. */
export async function diagnose(settings: Settings): Promise<Check[]> {
  const { checks: file, groups } = await readPlatform(settings.platformPath);
  const client = await connect(settings.connection).catch((error: unknown) => bad('server', error));
  if ('state' in client) {
    const blind = ['namespace', 'search attributes', 'workers', 'worker versions', 'guards', 'left behind'];
    return [client, ...blind.map((name) => unknown(name, 'no server to ask')), ...file];
  }
  try {
    const { checks: workers, identities } = await workerChecks(client, settings.taskQueue);
    const polled = workers.every(({ state }) => state === 'ok');
    return [
      ...(await serverChecks(client, settings)),
      ...workers,
      ...(await vantageChecks(client, settings.taskQueue, groups)),
      versionCheck(identities),
      ...file,
      ...(await Promise.all(Object.keys(groups).map((group) => guardCheck(client, group)))),
      ...(polled ? await leftBehind(client, settings.taskQueue) : [unknown('left behind', 'no workers to look with')]),
    ];
  } finally {
    await client.connection.close();
  }
}

async function serverChecks(client: Client, { connection }: Settings): Promise<Check[]> {
  const { address, namespace } = connection;
  const [facts, missing] = await Promise.allSettled([serverFacts(client), missingSearchAttributes(client)]);
  const checks: Check[] =
    facts.status === 'fulfilled'
      ? [
          ok('server', `Temporal ${facts.value.version} at ${address}`),
          ok('namespace', `${namespace}; closed runs are kept ${facts.value.retentionDays} days`),
        ]
      : [ok('server', `answers at ${address}`), bad('namespace', facts.reason)];
  if (missing.status === 'rejected')
    return [...checks, { ...bad('search attributes', missing.reason), state: 'unknown' }];
  if (missing.value.length === 0) return [...checks, ok('search attributes', 'all registered')];
  const create = missing.value.map((name) => `--name ${name} --type Keyword`).join(' ');
  const fact = `${missing.value.join(', ')} not registered: a run would stick`;
  const next = `start a worker, which registers them, or \`temporal operator search-attribute create ${create}\``;
  return [...checks, { name: 'search attributes', state: 'bad', fact, next }];
}

/** Each queue that a run needs has somebody who polls it; and who those are. */
async function workerChecks(client: Client, taskQueue: string): Promise<{ checks: Check[]; identities: string[] }> {
  const domains = [...new Set<Domain>(Object.values(kinds).map(({ domain }) => domain))];
  const queues = [
    { queue: taskQueue, type: 'workflow' as const },
    { queue: controlQueue(taskQueue), type: 'activity' as const },
    ...domains.map((domain) => ({ queue: domainQueue(taskQueue, domain), type: 'activity' as const })),
  ];
  const looks = await Promise.all(queues.map(({ queue, type }) => queueCheck(client, queue, type)));
  return { checks: looks.map(({ check }) => check), identities: looks.flatMap(({ pollers }) => pollers) };
}

/** Each place that has a say in whether a primary is dead: with too few of them a failover is refused. */
async function vantageChecks(client: Client, taskQueue: string, groups: RedisGroups): Promise<Check[]> {
  const names = [...new Set(Object.values(groups).flatMap(({ failover }) => failover.vantages))];
  const queues = names.map((name) => vantageQueue(taskQueue, 'redis', name));
  const looks = await Promise.all(queues.map((queue) => queueCheck(client, queue, 'activity')));
  return looks.map(({ check }) => check);
}

async function queueCheck(
  client: Client,
  queue: string,
  type: 'workflow' | 'activity',
): Promise<{ check: Check; pollers: readonly string[] }> {
  const name = `queue ${queue}`;
  const pollers = await livePollers(client, queue, type).catch((error: unknown) => bad(name, error));
  if ('state' in pollers) return { check: pollers, pollers: [] };
  const { length } = pollers;
  if (length > 0) return { check: ok(name, `${length} ${length === 1 ? 'worker polls' : 'workers poll'} it`), pollers };
  const next = 'start the workers with `gantry dev`, or look at the deployment of this role';
  return { check: { name, state: 'bad', fact: `no worker polls it: ${type} tasks wait`, next }, pollers };
}

type RedisGroups = LoadedPlatform['platform']['redis']['groups'];

/** What is to be said of the file itself, and the groups that it names: none if it can't be read. */
async function readPlatform(path: string): Promise<{ checks: Check[]; groups: RedisGroups }> {
  let loaded: LoadedPlatform;
  try {
    loaded = loadPlatform(path);
  } catch (error) {
    const checks = [bad('platform file', error), unknown('report store', 'the platform file says where it is')];
    return { checks, groups: {} };
  }
  const folder = resolve(loaded.platform.reports.folder);
  const store = await mkdir(folder, { recursive: true })
    .then(() => access(folder, constants.W_OK))
    .then(
      () => ok('report store', `${folder} can be written from here`),
      (error: NodeJS.ErrnoException): Check => ({
        name: 'report store',
        state: 'bad',
        fact: `${folder} can't be written: ${error.code ?? error.message}`,
        next: 'give the worker a folder that it may write, or correct `reports.folder` in the platform file',
      }),
    );
  const checks = [ok('platform file', `${path}, digest ${loaded.digest.slice(0, 12)}`), store];
  return { checks, groups: loaded.platform.redis.groups };
}

/**
 * Whether a group's guard runs and watches. None at all is no failure (a group may be left to people), but it is said:
 * then nobody samples its offset, and nobody notices a dead primary.
 */
async function guardCheck(client: Client, group: string): Promise<Check> {
  const name = `guard of redis ${group}`;
  const next = `gantry redis guard ${group} --status`;
  try {
    const { status, live, note } = await guardStatus(client, group);
    if (!status) return { ...unknown(name, `runs; ${note ?? 'it did not answer'}`), next };
    const { state, mode, since, restraint, findings } = status;
    const last = (live ?? status).last;
    const seen = last ? `last offset ${last.offset} at ${last.at}` : 'no offset yet';
    const found = findings.length > 0 ? `, ${findings.length} findings` : '';
    const fact = `${state} since ${since}, mode ${mode}${restraint ? ` (${restraint})` : ''}, ${seen}${found}`;
    if (state === 'alarm' || state === 'unwatched') return { name, state: 'bad', fact, next };
    return state === 'watching' && findings.length === 0 ? ok(name, fact) : { ...unknown(name, fact), next };
  } catch (error) {
    if (!(error instanceof GantryError) || error.code !== 'GUARD_NOT_RUNNING') return bad(name, error);
    return { ...unknown(name, error.message), next: `gantry redis guard ${group}` };
  }
}

/** What terminated runs, or anybody else, left in the systems: only workers can look there. */
async function leftBehind(client: Client, taskQueue: string): Promise<Check[]> {
  try {
    return auditChecks(await auditRedis(client, taskQueue));
  } catch (error) {
    return [{ ...bad('left behind', error), state: 'unknown' }];
  }
}

function ok(name: string, fact: string): Check {
  return { name, state: 'ok', fact };
}

function unknown(name: string, fact: string): Check {
  return { name, state: 'unknown', fact };
}

function bad(name: string, error: unknown): Check {
  const { code, message, hint } = troubleOf(error);
  return { name, state: 'bad', fact: `${code}: ${message}`, next: hint };
}
