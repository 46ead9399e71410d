import type { Replication } from '../../../src/drivers/redis/index.ts';
import type { Address, DiscoveryFacts, Join } from '../../../src/planning/redis/index.ts';
import { sameAddress } from '../../../src/planning/redis/index.ts';
import type { Probe } from '../../../src/steps/index.ts';
import { blocked } from '../../../src/steps/index.ts';
import type { RedisGroupAccess } from '../access/access.ts';
import { isAbsence, withNode } from '../access/access.ts';
import { keysOf, readDiscovery } from '../group/read-facts.ts';
import { replicasNeeded, writeSafetyOf } from '../writes/write-safety.ts';

/** The node that is to come back, as evidence. */
export type JoinNodeSeen = Pick<Replication, 'role' | 'follows' | 'linkUp' | 'syncInProgress' | 'offset' | 'replid'> & {
  /** What whoever acts on this look is guarded by: read before the role. */
  epoch: number;
  /** In fact: 0 where `min-replicas-max-lag` is. */
  minReplicasToWrite: number;
  /** Replicas that are linked to it. */
  replicas: number;
  keys: number;
};

/** A node that can't be asked everything; one that loads says at least whom it follows. */
export type JoinNodeMissing = { missing: string; isUp: boolean; follows?: Address };

export type JoinSeen = {
  node: JoinNodeSeen | JoinNodeMissing;
  /** The present primary: its role and epoch now. */
  primary: Pick<Replication, 'role'> & { epoch: number };
  discovery: DiscoveryFacts;
};

/** Looks at the node that comes back and at the primary that it is to follow. @throws what the primary's absence gives */
export async function readJoin(access: RedisGroupAccess, data: Join): Promise<JoinSeen> {
  const [node, primary, discovery] = await Promise.all([
    readNode(access, data.node.name),
    withNode(access, data.candidate.name, async (one) => {
      const epoch = await one.epoch();
      return { epoch, role: (await one.replication()).role };
    }),
    readDiscovery(access),
  ]);
  return { node, primary, discovery };
}

async function readNode(access: RedisGroupAccess, name: string): Promise<JoinSeen['node']> {
  let following: Address | undefined;
  try {
    return await withNode(access, name, async (node) => {
      const epoch = await node.epoch().catch(async (error: unknown) => {
        // While it loads it answers INFO, and nothing about its data.
        if (isLoading(error)) following = (await node.replication()).follows;
        throw error;
      });
      const { role, follows, linkUp, syncInProgress, offset, replid, replicas } = await node.replication();
      const minReplicasToWrite = replicasNeeded(await writeSafetyOf(node));
      const keys = keysOf(await node.info('keyspace'));
      return {
        ...{ role, linkUp, syncInProgress, offset, replid, epoch, minReplicasToWrite, replicas: replicas.length, keys },
        ...(follows ? { follows } : {}),
      };
    });
  } catch (error) {
    if (!isAbsence(error)) throw error;
    const isUp = error.code === 'REDIS_LOADING' || error.code === 'REDIS_BUSY';
    return { missing: `${error.code}: ${error.message}`, isUp, ...(following ? { follows: following } : {}) };
  }
}

function isLoading(error: unknown): boolean {
  return isAbsence(error) && error.code === 'REDIS_LOADING';
}

/**
 * What has changed since the plan so that nothing may be done to the node any more: above all that it has become the
 * primary itself, by what clients are told.
 */
export function joinBlocked(seen: JoinSeen, { candidate, node }: Join): Probe<JoinSeen> | undefined {
  const { primary, discovery } = seen;
  if (primary.role !== 'primary') return blocked('REDIS_ROLES_CHANGED', seen, `${candidate.name} is a replica by now`);
  if (discovery.kind === 'problem') return blocked(discovery.code, seen, discovery.message);
  if (discovery.kind === 'entry' && sameAddress(discovery.primary, candidate)) return undefined;
  const told = discovery.kind === 'entry' ? `${discovery.primary.host}:${discovery.primary.port}` : 'no primary';
  const words = `the discovery names ${told}, not ${candidate.name}: ${node.name} is left alone`;
  return blocked('REDIS_ROLES_CHANGED', seen, words);
}
