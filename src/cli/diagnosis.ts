import { access, constants, mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Client } from '@temporalio/client';
import { auditRedis, connect, guardStatus, missingSearchAttributes, serverFacts } from '../client/index.ts';
import { GantryError } from '../errors/index.ts';
import { loadPlatform } from '../platform/index.ts';
import type { LoadedPlatform } from '../platform/index.ts';
import type { Settings } from '../settings/index.ts';
import { doctorsAudit } from './audit.ts';
import type { Check } from './render/checks.ts';
import { bad, ok, unknown } from './render/checks.ts';
import { workerChecks } from './worker-checks.ts';

/** What the doctor's audit may take: it looks at every node, and one that is away costs its timeouts. Milliseconds. */
const auditMs = 20_000;

/**
 * Everything `gantry doctor` looks at, each line as soon as it is known: what this machine can tell first, then the server
 * and in the order in which one thing rests on the other. What could not be looked at is no good news.
 */
export async function* diagnose(settings: Settings): AsyncGenerator<Check> {
  const { checks: file, platform } = await readPlatform(settings.platformPath);
  yield* file;
  const client = await connect(settings.connection).catch((error: unknown) => bad('server', error));
  if ('state' in client) {
    const blind = ['namespace', 'search attributes', 'workers', 'worker versions', 'clocks', 'guards', 'left behind'];
    yield client;
    for (const name of blind) yield unknown(name, 'no server to ask');
    return;
  }
  try {
    yield* await serverChecks(client, settings);
    const { checks, alive } = await workerChecks(client, settings.taskQueue, platform);
    yield* checks;
    const groups = Object.keys(platform?.redis.groups ?? {});
    if (alive.workflows) yield* await Promise.all(groups.map((group) => guardCheck(client, group)));
    else yield unknown('guards', 'no worker answers for them');
    if (alive.workflows && alive.redis) yield* await leftBehind(client, settings.taskQueue);
    else yield unknown('left behind', 'no worker to look with');
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
  const fact = `${missing.value.join(', ')} not registered: a run could not start`;
  const next = `start a worker, which registers them, or \`temporal operator search-attribute create ${create}\``;
  return [...checks, { name: 'search attributes', state: 'bad', fact, next }];
}

type Platform = LoadedPlatform['platform'];

/** What is to be said of the file itself, and what it holds: nothing if it cannot be read. */
async function readPlatform(path: string): Promise<{ checks: Check[]; platform?: Platform }> {
  let loaded: LoadedPlatform;
  try {
    loaded = loadPlatform(path);
  } catch (error) {
    return { checks: [bad('platform file', error), unknown('report store', 'the platform file must say where it is')] };
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
  return { checks, platform: loaded.platform };
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
    const audit = await auditRedis(client, taskQueue, {}, { withinMs: auditMs });
    return audit.groups.length === 0 ? [ok('left behind', 'no Redis group to look at')] : doctorsAudit(audit);
  } catch (error) {
    return [bad('left behind', error)];
  }
}
