import type { RedisNode } from '../../../src/drivers/redis/index.ts';
import { checkRdb } from '../../../src/drivers/redis-files/index.ts';
import { GantryError } from '../../../src/errors/index.ts';
import type { BackupObject } from '../../../src/runs/index.ts';
import type { RedisGroupAccess } from '../../redis/access/access.ts';
import { isAbsence, withNode } from '../../redis/access/access.ts';
import type { OfBackup } from './source-step.ts';
import { sourceStep } from './source-step.ts';
import { alreadyThere, keyPart, upload } from './upload.ts';

type SnapshotRedis = OfBackup & { group: string };

/** A fork of a large node takes its time, and `repl-diskless-sync-delay` waits for other replicas. Milliseconds. */
const waitMs = 600_000;
const idleMs = 60_000;

/**
 * A snapshot of a Redis group at a known offset, asked for as a replica asks: no access to the host is needed. A replica is
 * asked, so that the primary need not fork; the primary where no replica is sound.
 */
export const snapshotRedis = sourceStep<SnapshotRedis>({
  name: 'archive.snapshot-redis',
  about: ({ opened, group }, { keys }) => ({
    list: `redis/${keyPart(group)}`,
    prefixes: [`${keys.own(opened.backupId)}redis/${keyPart(group)}.`],
    what: `Redis group ${group}`,
  }),
  read: async function* ({ opened: { backupId }, group }, reading) {
    const { deps, context, access: archive } = reading;
    const key = `${archive.keys.own(backupId)}redis/${keyPart(group)}.rdb`;
    const place = { key, role: 'redis' as const, backupId };
    const there = await alreadyThere(reading, place);
    if (there) return void (yield there);
    const access = await deps.groups(group);
    const node = await soundNode(access, group);
    yield await withNode(access, node, async (connection) => {
      const readAt = new Date().toISOString();
      const { replid, offset, body } = await connection.snapshot({ waitMs, idleMs, signal: context.signal });
      const source = { kind: 'redis' as const, group };
      const about = { source, encoding: 'identity' as const, readAt, offset: { replid, offset } };
      return (await upload(reading, place, checked(body), 'identity', async () => about)) as BackupObject;
    });
  },
});

/** A replica whose link is up and that is in no full sync itself, else the primary. @throws REDIS_UNREACHABLE */
async function soundNode(access: RedisGroupAccess, group: string): Promise<string> {
  let primary: string | undefined;
  for (const { name } of [...access.config.nodes].reverse()) {
    const seen = await lookAt(access, name);
    if (seen?.role === 'replica' && seen.linkUp && !seen.syncInProgress) return name;
    if (seen?.role === 'primary') primary ??= name;
  }
  if (primary !== undefined) return primary;
  throw new GantryError('REDIS_UNREACHABLE', `no node of ${group} answers as primary or as a replica whose link is up`);
}

type Seen = Awaited<ReturnType<RedisNode['replication']>>;

async function lookAt(access: RedisGroupAccess, name: string): Promise<Seen | undefined> {
  try {
    return await withNode(access, name, (node) => node.replication());
  } catch (error) {
    if (isAbsence(error)) return undefined;
    throw error;
  }
}

async function* checked(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const check = checkRdb();
  for await (const chunk of body) {
    check.take(chunk);
    yield chunk;
  }
  check.end();
}
