import type { RedisNode } from '../../../src/drivers/redis/index.ts';
import { GantryError } from '../../../src/errors/index.ts';
import type { RedisSwitchoverData } from '../../../src/planning/redis/index.ts';
import { wait } from '../../../src/steps/index.ts';
import type { Logger } from '../../../src/telemetry/log.ts';
import type { RedisGroupAccess } from '../access/access.ts';
import { isAbsence, withNode } from '../access/access.ts';

/** How long a replica may take to have the epoch that fences late attempts off. Milliseconds. */
const reachedMs = 2_000;
const pollEveryMs = 10;

/**
 * A new epoch for an undo, so that an attempt that still sleeps somewhere can't set once more what is being set back.
 * Where the group can't take one (no primary, no replica linked) it is 0, and the value is set back all the same: that is
 * what was asked for.
 */
export async function newEpoch(
  access: RedisGroupAccess,
  data: Pick<RedisSwitchoverData, 'group' | 'primary'>,
  log: Logger,
): Promise<number> {
  try {
    const known = await access.discovery.read().catch(() => undefined);
    return await withNode(access, data.primary.name, (primary) => primary.raiseEpoch(known?.epoch ?? 0));
  } catch (error) {
    const code = error instanceof GantryError ? error.code : undefined;
    if (!isAbsence(error) && code !== 'REDIS_NOT_ENOUGH_REPLICAS' && code !== 'STALE_ATTEMPT') throw error;
    log.warn({ group: data.group, code }, 'undone without a new epoch: a late attempt is not fenced off');
    return 0;
  }
}

/** Waits until a node has the epoch, but no longer than a linked replica needs. */
export async function reached(node: RedisNode, epoch: number, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + reachedMs;
  while ((await node.epoch()) < epoch && performance.now() < deadline) await wait(pollEveryMs, signal);
}
