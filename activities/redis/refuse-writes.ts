import type { RedisNode } from '../../src/drivers/redis/index.ts';
import type { RedisGroupAccess } from './access.ts';
import { brief, withNode } from './access.ts';
import { setWriteSafety, writeSafetyOf } from './write-safety.ts';

/** More replicas than any primary has: with it every write is refused, scripts' included. */
const neverEnough = 99;
const minReplicas = 'min-replicas-to-write';

/** Whether the node, asked itself, takes no writes of clients. @throws what connecting gives: then nothing is proven */
export async function refusesWrites(
  access: RedisGroupAccess,
  name: string,
): Promise<{ confirmed: boolean; evidence: string }> {
  const ask = async (node: RedisNode): Promise<{ confirmed: boolean; evidence: string }> => {
    const { role } = await node.replication();
    if (role === 'replica') return { confirmed: true, evidence: `${name} is a replica` };
    const { minReplicasToWrite } = await writeSafetyOf(node);
    const evidence = `${minReplicas} of ${name} is ${minReplicasToWrite}`;
    return { confirmed: minReplicasToWrite >= neverEnough, evidence };
  };
  return withNode(access, name, ask, brief(access));
}

/**
 * Tells a primary that still answers to refuse all writes, also after a restart. The pause holds what is under way for a
 * moment; the connections are closed, so that clients ask the discovery again. Refused by a node that knows a later epoch
 * than the plan's: an attempt that slept would stop the writes of the primary that it has become again since.
 * @throws STALE_ATTEMPT, and what connecting gives
 */
export async function refuseWrites(
  access: RedisGroupAccess,
  name: string,
  { epoch, pauseMs }: { epoch: number; pauseMs: number },
): Promise<void> {
  // Whether it answers at all is found out shortly; then it has the usual time.
  await withNode(access, name, (node) => node.ping(), brief(access));
  await withNode(access, name, async (node) => {
    await node.configPersistUntil(epoch, { [minReplicas]: String(neverEnough) });
    await node.pauseWrites(pauseMs);
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
