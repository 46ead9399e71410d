import type { RedisGroupAccess } from './access.ts';
import { withNode } from './access.ts';
import { setWriteSafety, writeSafetyOf } from './write-safety.ts';

/** More replicas than any primary has: with it every write is refused, scripts' included. */
export const neverEnough = 99;
const minReplicas = 'min-replicas-to-write';

/** Whether the node, asked itself, takes no writes of clients. @throws what connecting gives: then nothing is proven */
export async function refusesWrites(
  access: RedisGroupAccess,
  name: string,
): Promise<{ confirmed: boolean; evidence: string }> {
  return withNode(access, name, async (node) => {
    const { role } = await node.replication();
    if (role === 'replica') return { confirmed: true, evidence: `${name} is a replica` };
    const { minReplicasToWrite } = await writeSafetyOf(node);
    const evidence = `${minReplicas} of ${name} is ${minReplicasToWrite}`;
    return { confirmed: minReplicasToWrite >= neverEnough, evidence };
  });
}

/**
 * Tells a primary that still answers to refuse all writes, also after a restart. The pause holds what is under way for a
 * moment; the connections are closed, so that clients ask the discovery again.
 */
export async function refuseWrites(access: RedisGroupAccess, name: string, pauseMs: number): Promise<void> {
  await withNode(access, name, async (node) => {
    await node.configSet(minReplicas, String(neverEnough));
    await node.pauseWrites(pauseMs);
    await node.configPersist({ [minReplicas]: String(neverEnough) });
    await node.killNormalClients();
  });
}

/**
 * The same for a node that is certainly not the primary any more, where a late attempt must not reach the primary that it
 * may have become since: it is refused once the node's epoch has moved. What is under way needs no pause: each command is
 * refused when its turn comes. @throws STALE_ATTEMPT, REDIS_NOT_PERSISTED
 */
export async function refuseWritesUnder(access: RedisGroupAccess, name: string, epoch: number): Promise<void> {
  await withNode(access, name, async (node) => {
    // In its file in the same breath: cut off in between, a look would find all well, and a restart bring the writes back.
    await node.configPersistUnder(epoch, minReplicas, String(neverEnough));
    await node.killNormalClients();
  });
}

/** Takes the refusal back, where there is one: the primary serves again as the platform file says. */
export async function liftRefusal(access: RedisGroupAccess, name: string): Promise<void> {
  const { confirmed } = await refusesWrites(access, name).catch(() => ({ confirmed: false }));
  if (!confirmed) return;
  await withNode(access, name, async (node) => {
    await setWriteSafety(node, access.config.writeSafety);
    await node.unpause();
  });
}
