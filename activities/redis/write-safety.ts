import type { RedisNode } from '../../src/drivers/redis/index.ts';
import type { WriteSafety } from '../../src/planning/redis/index.ts';

const minReplicas = 'min-replicas-to-write';
const maxLag = 'min-replicas-max-lag';

/** The node's own settings. */
export async function writeSafetyOf(node: RedisNode): Promise<WriteSafety> {
  const config = await node.configGet([minReplicas, maxLag]);
  return { minReplicasToWrite: Number(config[minReplicas]), minReplicasMaxLagSeconds: Number(config[maxLag]) };
}

/** Sets both and persists them, if they are not so already. Answers whether it changed anything. */
export async function setWriteSafety(node: RedisNode, wanted: WriteSafety): Promise<boolean> {
  if (sameWriteSafety(await writeSafetyOf(node), wanted)) return false;
  await node.configSet(maxLag, String(wanted.minReplicasMaxLagSeconds));
  await node.configSet(minReplicas, String(wanted.minReplicasToWrite));
  await node.configRewrite();
  return true;
}

export function sameWriteSafety(a: WriteSafety, b: WriteSafety): boolean {
  return a.minReplicasToWrite === b.minReplicasToWrite && a.minReplicasMaxLagSeconds === b.minReplicasMaxLagSeconds;
}

/** `min-replicas-to-write` of one node. */
export async function minReplicasOf([node]: readonly RedisNode[]): Promise<number> {
  if (!node) throw new TypeError('a node was asked for');
  return (await writeSafetyOf(node)).minReplicasToWrite;
}

/**
 * Lets a candidate take writes before anybody follows it, in memory only. Asked again right before each promotion: a
 * candidate that restarted since the step that prepares it has its old value back and would refuse all writes.
 */
export async function admitWrites(candidate: RedisNode): Promise<void> {
  if ((await writeSafetyOf(candidate)).minReplicasToWrite > 0) await setMinReplicas([candidate], 0);
}

/** Sets `min-replicas-to-write`, in memory only. */
export async function setMinReplicas(nodes: readonly RedisNode[], count: number): Promise<void> {
  for (const node of nodes) await node.configSet(minReplicas, String(count));
}
