import { GantryError } from '../../src/errors/index.ts';
import type { RedisSwitchoverData } from '../../src/planning/redis/index.ts';
import type { StepContext } from '../../src/steps/index.ts';
import type { RedisGroupAccess } from './access.ts';
import { withNode } from './access.ts';
import { ours } from './handover-session.ts';
import { readSentinels } from './read-sentinels.ts';

/**
 * Undoes a handover that has not begun: ends what an attempt may have left (a FAILOVER that waits, a write pause) and
 * raises the epoch, so that an attempt that still runs somewhere can demote nobody. Then proves that the old primary is
 * primary still.
 *
 * @throws PAST_NO_RETURN when it was handed over meanwhile: that can be finished, not undone.
 */
export async function undoHandover(
  data: RedisSwitchoverData,
  access: RedisGroupAccess,
  { signal }: StepContext,
): Promise<void> {
  if (access.sentinels && (await readSentinels(access.sentinels)).some(({ reading }) => reading?.failoverInProgress)) {
    throw pastNoReturn(data);
  }
  await withNode(access, data.primary.name, async (primary) => {
    await primary.failoverAbort();
    const { role, failoverState } = await primary.replication();
    if (role === 'replica' || failoverState !== 'no-failover') throw pastNoReturn(data);
    // A SET waits for the end of a pause.
    await primary.unpause();
    signal.throwIfAborted();
    const known = await access.discovery.read().catch(() => undefined);
    try {
      await ours(primary.raiseEpoch(known?.epoch ?? 0));
    } catch (error) {
      if (error instanceof GantryError && error.code === 'REDIS_READ_ONLY') throw pastNoReturn(data);
      throw error;
    }
    // Primary under the raised epoch: whatever was decided under an older one is refused from here on.
    if ((await primary.replication()).role === 'replica') throw pastNoReturn(data);
  });
}

function pastNoReturn({ primary, candidate }: RedisSwitchoverData): GantryError {
  return new GantryError('PAST_NO_RETURN', `${primary.name} has handed over to ${candidate.name}, or is doing so`);
}
