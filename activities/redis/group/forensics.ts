import { GantryError, troubleOf } from '../../../src/errors/index.ts';
import type { RawCommand } from '../../../src/drivers/redis-files/index.ts';
import { parseTail, readAppendOnlyFile } from '../../../src/drivers/redis-files/index.ts';
import type { LostWritesOf } from '../../../src/planning/redis/index.ts';
import { findDivergence } from '../../../src/planning/redis/index.ts';
import { defineStep, done } from '../../../src/steps/index.ts';
import type { RedisDeps, RedisGroupAccess } from '../access/access.ts';
import { withNode } from '../access/access.ts';

/** How much of the common stream is looked for in the old file: enough writes in a row to be there once only. Bytes. */
const tailBytes = 64 * 1024;

/** What the old primary had and the new one never got. Neither keys nor values: those are the data's owner's to read. */
export type LostWrites =
  | {
      known: true;
      /** The file was synced at every write: the count is exact. Otherwise it is the least. */
      exact: boolean;
      writes: number;
      bytes: number;
      keys: number;
      byCommand: Record<string, number>;
    }
  | { known: false; why: string };

/**
 * Compares the append-only file of the old primary, if it can be read, with what the new one got from it: that stands in
 * its replication backlog. It only looks, and never fails the run: what is lost is lost by now.
 */
export const forensics = defineStep<LostWritesOf, LostWrites, RedisDeps>({
  name: 'redis.forensics',
  probe: async (data, { groups, log }) => {
    try {
      const lost = await compare(data, await groups(data.group));
      return done(lost, wordsOf(lost, data));
    } catch (error) {
      // Whatever it is: what is lost is lost by now, and the group must not wait for an account of it.
      const { code, message } = troubleOf(error);
      log.warn({ group: data.group, code }, 'what is lost could not be found out');
      const lost = { known: false, why: `${code}: ${message}` } as const;
      return done(lost, wordsOf(lost, data));
    }
  },
});

async function compare(data: LostWritesOf, access: RedisGroupAccess): Promise<LostWrites> {
  const { forensics: reader } = access.config.failover;
  if (!reader) return { known: false, why: 'the platform file does not say how its files can be read' };
  const common = await lastCommon(access, data.candidate.name);
  const old = await readAppendOnlyFile(filledPath(reader.path, data));
  const parted = findDivergence(
    old.map(({ raw }) => raw),
    common.writes.map(({ raw }) => raw),
  );
  if (!parted.found) return { known: false, why: parted.why };
  const lost = old.slice(parted.after + 1).filter(({ name }) => name !== 'multi' && name !== 'exec');
  const byCommand: Record<string, number> = {};
  for (const { name } of lost) byCommand[name] = (byCommand[name] ?? 0) + 1;
  return {
    known: true,
    exact: common.syncedAlways,
    writes: lost.length,
    bytes: lost.reduce((sum, { raw }) => sum + raw.length, 0),
    keys: new Set(lost.map(({ key }) => key)).size,
    byCommand,
  };
}

/** The last writes that the new primary applied before its promotion, from its backlog. */
async function lastCommon(
  access: RedisGroupAccess,
  name: string,
): Promise<{ writes: RawCommand[]; syncedAlways: boolean }> {
  return withNode(access, name, async (node) => {
    const fields = await node.info('replication');
    const { appendfsync, appendonly } = await node.configGet(['appendfsync', 'appendonly']);
    const replid = fields['master_replid2'] ?? '';
    // The first offset that is not of the common history.
    const promotedAt = Number(fields['second_repl_offset'] ?? -1);
    const first = Number(fields['repl_backlog_first_byte_offset'] ?? 0);
    if (promotedAt <= 0 || fields['repl_backlog_active'] !== '1' || first >= promotedAt) {
      throw new GantryError('FORENSICS_IMPOSSIBLE', `the backlog of ${name} does not reach back before its promotion`);
    }
    const from = Math.max(first, promotedAt - tailBytes);
    const bytes = await node.streamPiece({ replid, from, to: promotedAt - 1 });
    // Nodes of a group are set up alike; what the dead one had can't be asked any more.
    return { writes: parseTail(bytes), syncedAlways: appendonly === 'yes' && appendfsync === 'always' };
  });
}

function filledPath(path: string, { group, dead }: LostWritesOf): string {
  const values: Record<string, string> = { group, node: dead.name, host: dead.host, port: String(dead.port) };
  return path.replace(/\{(group|node|host|port)\}/g, (_, name: string) => values[name] ?? '');
}

function wordsOf(lost: LostWrites, { dead, candidate }: LostWritesOf): string {
  if (!lost.known) return `what is lost is not known: ${lost.why}`;
  const of = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;
  const count = `${lost.exact ? 'exactly' : 'at least'} ${of(lost.writes, 'write')} (${lost.bytes} bytes, ${of(lost.keys, 'key')})`;
  return `${dead.name} had ${count} that ${candidate.name} never got`;
}
