import { GantryError } from '../../../../src/errors/index.ts';
import type { RedisSwitchoverData } from '../../../../src/planning/redis/index.ts';
import type { RedisNode } from '../../../../src/drivers/redis/index.ts';
import type { StepContext } from '../../../../src/steps/index.ts';
import { wait } from '../../../../src/steps/index.ts';
import type { RedisGroupAccess } from '../../access/access.ts';
import { withNode } from '../../access/access.ts';
import { ours } from '../../access/ours.ts';
import { readSentinels } from '../../group/read-sentinels.ts';

/** What the server may need to say that its FAILOVER gave up, beyond the time limit that it was given. Milliseconds. */
const graceMs = 2_000;
const pollEveryMs = 50;

/**
 * Undoes a handover that has not begun: waits for the end of a FAILOVER, ends a write pause that an attempt may have left
 * and raises the epoch, so that an attempt that still runs somewhere can demote nobody: one that has an epoch is refused
 * under it, one that sleeps before its own raise is refused there, since it starts from what it saw. Then proves that the
 * old primary is primary still.
 *
 * A FAILOVER is not aborted: it may move on between the look and the abort, which could then make two primaries
 * (redis/redis#8315). It gives up by itself at the time limit that it was given.
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
    if (!(await isPrimaryAndQuiet(data, primary, signal))) throw pastNoReturn(data);
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
    const { role, failoverState } = await primary.replication();
    if (role === 'replica' || failoverState !== 'no-failover') throw pastNoReturn(data);
  });
}

async function isPrimaryAndQuiet(
  { handover }: RedisSwitchoverData,
  primary: RedisNode,
  signal: AbortSignal,
): Promise<boolean> {
  const deadline = performance.now() + handover.failoverTimeoutMs + graceMs;
  for (;;) {
    const { role, failoverState } = await primary.replication();
    if (failoverState === 'no-failover') return role === 'primary';
    if (performance.now() > deadline) return false;
    await wait(pollEveryMs, signal);
  }
}

function pastNoReturn({ primary, candidate }: RedisSwitchoverData): GantryError {
  return new GantryError('PAST_NO_RETURN', `${primary.name} has handed over to ${candidate.name}, or is doing so`);
}
