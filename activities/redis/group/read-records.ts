import { z } from 'zod';
import type { RedisNode } from '../../../src/drivers/redis/index.ts';
import { failoverKey, minReplicasKey } from '../../../src/drivers/redis/index.ts';
import { GantryError } from '../../../src/errors/index.ts';
import type { RedisGroupAccess } from '../access/access.ts';
import { brief, withNode } from '../access/access.ts';

/** The record that a failover leaves. */
const record = z.object({ at: z.iso.datetime(), epoch: z.int(), from: z.string(), to: z.string() });

export type Records = { lastFailover?: z.output<typeof record>; minReplicasRecorded?: number };

/**
 * What earlier runs wrote into the database, as the nodes that answer have it; of several, the newest. A node that can't be
 * asked, whatever the reason, has no say: one with a rotated password must not keep the others from being failed over.
 * `suspect` is not waited for longer than a probe.
 */
export async function readRecords(access: RedisGroupAccess, suspect?: string): Promise<Records> {
  const read = await Promise.all(access.config.nodes.map(({ name }) => recordsOf(access, name, name === suspect)));
  const newest = read
    .filter(({ lastFailover }) => lastFailover !== undefined)
    .sort((a, b) => (b.lastFailover?.epoch ?? 0) - (a.lastFailover?.epoch ?? 0))[0];
  // The least that any of them has: a lease must not be believed in on the strength of an old copy.
  const counts = read.flatMap(({ minReplicasRecorded }) => minReplicasRecorded ?? []);
  return {
    ...(newest?.lastFailover ? { lastFailover: newest.lastFailover } : {}),
    ...(counts.length > 0 ? { minReplicasRecorded: Math.min(...counts) } : {}),
  };
}

async function recordsOf(access: RedisGroupAccess, name: string, isSuspect: boolean): Promise<Records> {
  const read = async (node: RedisNode): Promise<Records> => {
    const [text, count] = [await node.get(failoverKey), Number((await node.get(minReplicasKey)) ?? NaN)];
    const lastFailover = parseRecord(text);
    return {
      ...(lastFailover ? { lastFailover } : {}),
      ...(Number.isInteger(count) ? { minReplicasRecorded: count } : {}),
    };
  };
  try {
    return await withNode(access, name, read, isSuspect ? brief(access) : undefined);
  } catch (error) {
    if (error instanceof GantryError) return {};
    throw error;
  }
}

/** The record of a failover as it stands in the database; undefined for none, or for what isn't one. */
export function parseRecord(text: string | undefined): z.output<typeof record> | undefined {
  try {
    return text === undefined ? undefined : record.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
