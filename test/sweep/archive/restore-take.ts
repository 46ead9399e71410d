import { until } from '../../../lab/clock.ts';
import { clickhouseCall } from '../../../lab/clickhouse/client.ts';
import type { Effect } from '../../../lab/faults/effects.ts';
import type { S3Request } from '../../../lab/s3/record.ts';
import { withRedis } from '../../../lab/redis/client.ts';
import { changesOf, idle, one } from '../clickhouse/look.ts';
import type { Findings, Take } from '../scene.ts';
import type { ClientsAfter } from './clients.ts';
import { startClients } from './clients.ts';
import type { RestoreScene } from './parts.ts';
import { bucket, days, destroyAll, events, keysDigest, stagingDatabases } from './parts.ts';

/** All is lost, and cold: the run brings it back. Clients write to production as soon as they find their data there. */
export async function beginRestore(scene: RestoreScene): Promise<Take> {
  await destroyAll(scene);
  const clients = startClients(scene);
  return {
    workflowId: `archive/${scene.name}/all`,
    input: { archive: scene.name, what: 'all' },
    conclude: () => conclude(scene, clients),
  };
}

async function conclude(scene: RestoreScene, clients: ClientsAfter): Promise<Findings> {
  const { s3, production, staging, primary, proxy, stagingRedis } = scene;
  const { acked, lost } = await clients.stop();
  if (await has(production)) await until(() => idle(production, events.table), 10_000, 50);
  const asked = requested(s3.requests);
  const loads = loadsOf(proxy.effects());
  const attached: { what: string; certain: boolean }[] = [];
  const rows: Record<string, number> = {};
  for (const day of days) {
    const changes = (await has(production)) ? await changesOf(production, events, day) : [];
    attached.push(...changes.map((what) => ({ what: `${day} of production: ${what}`, certain: true })));
    rows[day] = (await has(production))
      ? await one(production, `SELECT count() FROM ${events.database}.${events.table} WHERE day = '${day}'`)
      : 0;
  }
  const copies = (await s3.other('GET', `${bucket}?versions&prefix=gantry/restores/`)).text();
  const state = {
    ...{ rows, sum: (await has(production)) ? await sumOf(production) : '' },
    keys: await keysDigest(primary),
    role: ((await withRedis(primary, undefined, (client) => client.call('ROLE'))) as unknown[])[0],
    staged: await stagingDatabases(staging),
    stagedKeys: await withRedis(stagingRedis, undefined, (client) => client.dbsize()),
    beside: await clickhouseCall(
      production,
      `SELECT count() FROM system.tables WHERE name LIKE '%\\\\_\\\\_restore\\\\_%'`,
    ),
    copiesLeft: [...(await copies).matchAll(/<Version>/g)].length,
  };
  return {
    effects: [...asked.effects, ...attached, ...loads.effects],
    empty: [...asked.empty, ...loads.empty],
    ...{ state, acked, lost, onOldAfterNew: 0 },
    evidence: { requests: s3.requests, commands: proxy.record().filter(({ command }) => command[0] !== 'INFO') },
  };
}

/**
 * What was asked of the store. The state machine of a thaw lets a thaw be asked for again, which extends the copy (200) or is refused
 * (409): neither begins another one. Deletions of what is gone change nothing.
 */
export function requested(requests: readonly S3Request[]): Pick<Findings, 'effects' | 'empty'> {
  const effects: { what: string; certain: boolean }[] = [];
  const empty: string[] = [];
  const deleted = new Set<string>();
  for (const { verb, key, status } of requests) {
    const what = `${verb.toLowerCase()} ${key.replaceAll(/\d{8}T\d{6}Z[-_][^/]+/g, '*')}`;
    if (['HEAD', 'GET', 'LIST', 'BUCKET'].includes(verb)) continue;
    if (status !== undefined && status >= 400) empty.push(`${what}: ${status}`);
    else if (verb === 'RESTORE' && status === 200) empty.push(`${what}: extended`);
    else if (verb === 'DELETE' && deleted.has(key)) empty.push(`${what}: again`);
    else effects.push({ what, certain: status !== undefined });
    if (verb === 'DELETE') deleted.add(key);
  }
  return { effects, empty };
}

/**
 * What the primary took over. A load that was cut off is made again: until it is a primary again no client has written to it, so that
 * this is no second promotion.
 */
export function loadsOf(
  seen: readonly Pick<Effect, 'kind' | 'command' | 'certain'>[],
): Pick<Findings, 'effects' | 'empty'> {
  const effects: { what: string; certain: boolean }[] = [];
  const empty: string[] = [];
  let follows = false;
  for (const { kind, command, certain } of seen) {
    // The port is that of the worker that gives the snapshot.
    const what = `the primary: ${kind === 'demoted' ? 'takes the snapshot over' : kind === 'promoted' ? 'promoted' : command}`;
    if (kind === 'demoted' && follows) empty.push(`${what} again`);
    else effects.push({ what, certain });
    if (kind === 'demoted' || kind === 'promoted') follows = kind === 'demoted';
  }
  return { effects, empty };
}

async function has(server: RestoreScene['production']): Promise<boolean> {
  return (await one(server, `EXISTS TABLE ${events.database}.${events.table}`)) === 1;
}

/** Of the rows that were backed up. */
async function sumOf(server: RestoreScene['production']): Promise<string> {
  const list = days.map((day) => `'${day}'`).join();
  return clickhouseCall(
    server,
    `SELECT sum(cityHash64(day, customer, id, value, isNull(note), ifNull(note, '')))
      FROM ${events.database}.${events.table} WHERE toString(day) IN (${list})`,
  );
}
