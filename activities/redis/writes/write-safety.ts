import type { RedisNode } from '../../../src/drivers/redis/index.ts';
import { minReplicasKey } from '../../../src/drivers/redis/index.ts';
import { GantryError } from '../../../src/errors/index.ts';
import type { WriteSafety } from '../../../src/planning/redis/index.ts';

const minReplicas = 'min-replicas-to-write';
const maxLag = 'min-replicas-max-lag';

/** The node's own settings. */
export async function writeSafetyOf(node: RedisNode): Promise<WriteSafety> {
  const config = await node.configGet([minReplicas, maxLag]);
  return { minReplicasToWrite: Number(config[minReplicas]), minReplicasMaxLagSeconds: Number(config[maxLag]) };
}

/** So many replicas a write needs in fact: with a lag of 0 Redis asks for none, whatever their number says. */
export function replicasNeeded({ minReplicasToWrite, minReplicasMaxLagSeconds }: WriteSafety): number {
  return minReplicasMaxLagSeconds > 0 ? minReplicasToWrite : 0;
}

/** Sets both and persists them, if they are not so already. */
export async function setWriteSafety(node: RedisNode, wanted: WriteSafety): Promise<void> {
  if (!sameWriteSafety(await writeSafetyOf(node), wanted)) {
    await node.configPersist({
      [maxLag]: String(wanted.minReplicasMaxLagSeconds),
      [minReplicas]: String(wanted.minReplicasToWrite),
    });
  }
  await recordInForce(node, wanted.minReplicasToWrite);
}

/**
 * Where a failover left its record that a primary deviates, the record follows what is set. Afterwards, never before: a
 * record that says more than is in force would make a lease believed in that is void.
 */
export async function recordInForce(node: RedisNode, count: number): Promise<void> {
  const known = await node.get(minReplicasKey);
  if (known === undefined || known === String(count) || (await node.replication()).role !== 'primary') return;
  try {
    await node.set(minReplicasKey, String(count));
  } catch (error) {
    // Refused for want of replicas: the old record, which says less, stays.
    if (!(error instanceof GantryError) || error.code !== 'REDIS_NOT_ENOUGH_REPLICAS') throw error;
  }
}

export function sameWriteSafety(a: WriteSafety, b: WriteSafety): boolean {
  return a.minReplicasToWrite === b.minReplicasToWrite && a.minReplicasMaxLagSeconds === b.minReplicasMaxLagSeconds;
}

/**
 * Lets a candidate take writes before anybody follows it, in memory only. Asked again right before each promotion: a
 * candidate that restarted since the step that prepares it has its old value back and would refuse all writes. Refused by
 * a candidate that is primary by now, or whose epoch moved: a worker that was asleep must not disarm the write safety that
 * was restored since, by the end of the handover or by its undo.
 * @throws STALE_ATTEMPT
 */
export async function admitWrites(candidate: RedisNode, epoch: number): Promise<void> {
  if ((await writeSafetyOf(candidate)).minReplicasToWrite === 0) return;
  await candidate.configSetAsReplica(epoch, minReplicas, '0');
}

/**
 * The same for a survivor that somebody has promoted already: nobody follows it, so it refuses all writes. Guarded by the
 * epoch alone. @throws STALE_ATTEMPT
 */
export async function admitWritesAsPrimary(survivor: RedisNode, epoch: number): Promise<void> {
  if ((await writeSafetyOf(survivor)).minReplicasToWrite === 0) return;
  await survivor.configSetUnder(epoch, minReplicas, '0');
}

/** Sets and persists `min-replicas-to-write`: an attempt at the handover may have written a deviation down. */
export async function setMinReplicas(node: RedisNode, count: number): Promise<void> {
  await node.configPersist({ [minReplicas]: String(count) });
}
