import { setTimeout as pause } from 'node:timers/promises';
import type { Endpoint, RedisNode, RoleChange } from '../../../../src/drivers/redis/index.ts';
import type { SentinelNode } from '../../../../src/drivers/sentinel/index.ts';
import { GantryError } from '../../../../src/errors/index.ts';
import type { NodeRef } from '../../../../src/planning/redis/index.ts';
import { sameAddress } from '../../../../src/planning/redis/index.ts';
import { isAbsence, withNode } from '../../access/access.ts';
import { announce } from '../../roles/announce.ts';
import type { Demotion, Handover } from './session.ts';
import { ours } from '../../access/ours.ts';
import type { SentinelAccess } from '../../access/sentinels.ts';

export type SwitchSeen = {
  /** Connected before the switch; its connection may be gone. */
  primary: RedisNode;
  /** Whom the Sentinels promoted. */
  to: Endpoint;
  epoch: number;
  pausedAt: number;
  /** The offset at which both nodes were equal under the pause; left out where nobody waited for that. */
  equalAt?: number;
};

/** How long the Sentinels may take to agree, beyond which the proof after the handover says so. Milliseconds. */
const agreeMs = 5_000;

/**
 * After the Sentinels' decision: the old primary follows whom they promoted, in the same transaction written to its file,
 * then clients are told. Deaf to the signal: there is no undo from here.
 *
 * @throws HANDOVER_OTHER_PROMOTED; what `announce` throws
 */
export async function followSwitch(given: Handover, seen: SwitchSeen): Promise<void> {
  const { context, data, log } = given;
  const next = [data.candidate, ...data.siblings].find((ref) => sameAddress(ref, seen.to));
  if (!next) {
    throw new GantryError(
      'HANDOVER_OTHER_PROMOTED',
      `the Sentinels name ${seen.to.host}:${seen.to.port}, not of the group`,
      {
        evidence: { to: seen.to },
      },
    );
  }
  const demoted = await demote(given, seen, next);
  if (demoted) context.progress({ demotedAt: demoted.offset, replid: demoted.replid } satisfies Demotion);
  if (demoted && seen.equalAt !== undefined) {
    // A PING of the replication stream counts too: not every byte is a write.
    context.measure('bytesAfterEqual', Math.max(0, demoted.offset - seen.equalAt));
  }
  // The Sentinel closed our connection to the new primary when it promoted it.
  await withNode(given.access, next.name, async (candidate) => {
    context.measure('pausedMs', performance.now() - seen.pausedAt);
    const { epoch } = seen;
    const target: Handover = { ...given, data: { ...data, candidate: next } };
    await announce(target, {
      // Without a demotion nothing is noted as settled: `redis.settle` asks the old primary again.
      primary: demoted && seen.primary,
      candidate,
      epoch,
      // Promoted by a Sentinel: whether it wrote that down nobody has said.
      persisted: { primary: demoted?.persisted ?? true, candidate: false },
    });
  });
  if (next === data.candidate) return;
  log.warn(
    { group: data.group, planned: data.candidate.name, promoted: next.name },
    'the Sentinels chose another node',
  );
  throw new GantryError('HANDOVER_OTHER_PROMOTED', `${next.name} is primary, ${data.candidate.name} was planned`, {
    evidence: { promoted: next.name, demotedAt: demoted?.offset, equalAt: seen.equalAt },
  });
}

/**
 * Makes the old primary a replica of the new one; nothing if it can't be reached: the Sentinels demote it when it returns.
 * No lease guards this: once the Sentinels have decided, a late demotion is still the right one.
 */
async function demote(given: Handover, { primary, epoch }: SwitchSeen, next: NodeRef): Promise<RoleChange | undefined> {
  try {
    return await ours(primary.stepDown(epoch, next));
  } catch (error) {
    if (!isAbsence(error)) throw error;
  }
  try {
    // The Sentinel's own reconfiguration closes all connections, ours among them.
    return await withNode(given.access, given.data.primary.name, (again) => ours(again.stepDown(epoch, next)));
  } catch (error) {
    if (!isAbsence(error)) throw error;
    given.log.warn({ group: given.data.group, node: given.data.primary.name }, 'the old primary cannot be demoted now');
    return undefined;
  }
}

/** Waits until all Sentinels that answer name `to`. Answers how long that took, in milliseconds. */
export async function agreeing(
  access: SentinelAccess,
  sentinels: readonly SentinelNode[],
  to: Endpoint,
): Promise<number> {
  const startedAt = performance.now();
  for (;;) {
    const told = await Promise.allSettled(
      sentinels.map(async (sentinel) => access.spelling(await sentinel.primaryAddress(access.master))),
    );
    const seen = told.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    const tookMs = performance.now() - startedAt;
    if (seen.every((address) => sameAddress(address, to)) || tookMs > agreeMs) return tookMs;
    await pause(10);
  }
}
