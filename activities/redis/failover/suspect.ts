import { GantryError } from '../../../src/errors/index.ts';
import { sameAddress } from '../../../src/planning/redis/index.ts';
import type { NodeRef } from '../../../src/planning/redis/index.ts';
import type { RedisSuspect } from '../../../src/runs/index.ts';
import { plainActivity } from '../../../src/steps/index.ts';
import type { RedisDeps, RedisGroupAccess } from '../access/access.ts';
import { withNode } from '../access/access.ts';
import { candidateTime } from '../group/candidate-clock.ts';
import { watchLinks } from '../group/links.ts';
import { readDiscovery } from '../group/read-facts.ts';

/**
 * Which node is the primary that is believed to be dead, which vantages are to look at it, and whether its replicas still
 * hear from it. Changes nothing.
 *
 * @throws REDIS_UNKNOWN_GROUP, REDIS_NO_PRIMARY, DISCOVERY_DISAGREES
 */
export function suspectActivity({ groups }: RedisDeps): (call: { group: string }) => Promise<RedisSuspect> {
  return plainActivity(async ({ group }, signal) => {
    const access = await groups(group);
    const primary = await suspectOf(group, access);
    const { vantages, probes, probeEveryMs, probeTimeoutMs } = access.config.failover;
    const links = await watchLinks(access, primary, signal);
    const clocks = await clocksOf(access, primary);
    return { primary, vantages, probes, probeEveryMs, probeTimeoutMs, links, clocks };
  });
}

/** The time of day of every other node that answers, by its name. */
async function clocksOf(access: RedisGroupAccess, primary: NodeRef): Promise<Record<string, number>> {
  const others = access.config.nodes.filter(({ name }) => name !== primary.name);
  const read = await Promise.all(
    others.map(async (node) => [node.name, await candidateTime(access, { candidate: node })] as const),
  );
  return Object.fromEntries(read.flatMap(([name, time]) => (time === undefined ? [] : [[name, time]])));
}

/** The primary by what clients are told; where nobody tells them, by whom the replicas follow. */
async function suspectOf(group: string, access: RedisGroupAccess): Promise<NodeRef> {
  const { nodes } = access.config;
  const refOf = ({ name, host, port }: NodeRef): NodeRef => ({ name, host, port });
  const told = await readDiscovery(access);
  if (told.kind === 'entry') {
    const known = nodes.find((node) => sameAddress(node, told.primary));
    if (known) return refOf(known);
    const where = `${told.primary.host}:${told.primary.port}`;
    throw new GantryError('DISCOVERY_DISAGREES', `the discovery names ${where}, which is no node of ${group}`);
  }
  const followed = await Promise.all(nodes.map(({ name }) => followedBy(access, name)));
  const [first] = followed.flatMap((address) => nodes.find((node) => address && sameAddress(node, address)) ?? []);
  if (first) return refOf(first);
  throw new GantryError('REDIS_NO_PRIMARY', `neither the discovery nor a replica names a primary of ${group}`);
}

async function followedBy(access: RedisGroupAccess, name: string): Promise<{ host: string; port: number } | undefined> {
  try {
    return (await withNode(access, name, (node) => node.replication())).follows;
  } catch (error) {
    if (error instanceof GantryError) return undefined;
    throw error;
  }
}
