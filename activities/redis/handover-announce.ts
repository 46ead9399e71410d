import { setTimeout as pause } from 'node:timers/promises';
import type { RedisNode } from '../../src/drivers/redis/index.ts';
import { GantryError } from '../../src/errors/index.ts';
import { isAbsence } from './access.ts';
import type { RedisSwitchoverData } from '../../src/planning/redis/index.ts';
import type { Handover } from './handover-session.ts';
import { ours, persist } from './handover-session.ts';

/** Tries of what must succeed right after the promotion, and the pause between them in milliseconds. */
const tries = 4;
const betweenMs = 50;

/** What an announcement needs to know; a failover has no old primary to let go of. */
export type Announcing = Omit<Handover, 'data'> & {
  data: Pick<RedisSwitchoverData, 'group' | 'primary' | 'candidate'>;
};

export type Promoted = {
  /** Left out when it can't be reached. */
  primary?: RedisNode | undefined;
  candidate: RedisNode;
  /** Of the attempt that promoted. */
  epoch: number;
  /** Whether both roles are known to be in the config files. */
  persisted: boolean;
};

/**
 * After the promotion, all at once: clients are told, those that the old primary held back are let go (they get READONLY,
 * then a closed connection: never a silent loss), and the epoch is raised on the new primary, so that a predecessor that
 * wakes up now is refused.
 *
 * @throws DISCOVERY_UNREACHABLE, DISCOVERY_REFUSED, REDIS_NOT_PERSISTED
 */
export async function announce(given: Announcing, promoted: Promoted): Promise<void> {
  const { access, context, data } = given;
  const { primary, candidate, epoch, persisted } = promoted;
  const startedAt = performance.now();
  const redirect = insist(() => access.discovery.redirect({ primary: addressOf(data.candidate), epoch })).then(() =>
    context.measure('redirectMs', performance.now() - startedAt),
  );
  const fence = insist(() => ours(candidate.raiseEpoch(epoch)));
  const written = persisted ? undefined : persist(primary ? [candidate, primary] : [candidate]);
  const results = await Promise.allSettled([redirect, fence, written, primary && letGo(given, primary)]);
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}

/** Ends the pause and, once those who waited have their answer, the connections of all clients. */
async function letGo({ data, log }: Announcing, primary: RedisNode): Promise<void> {
  try {
    await primary.unpause();
    const killed = await primary.killNormalClients();
    log.info({ group: data.group, node: data.primary.name, killed }, 'clients of the old primary disconnected');
  } catch (error) {
    // A node that is gone holds nobody back.
    if (!isAbsence(error)) throw error;
    log.warn({ group: data.group, node: data.primary.name }, 'the old primary can not be reached after the handover');
  }
}

/** Tries again, shortly, what must succeed right after a promotion. */
export async function insist(act: () => Promise<unknown>): Promise<void> {
  for (let left = tries - 1; ; left -= 1) {
    try {
      await act();
      return;
    } catch (error) {
      if (left === 0 || !(error instanceof GantryError) || !error.retryable) throw error;
      await pause(betweenMs);
    }
  }
}

function addressOf({ host, port }: { host: string; port: number }): { host: string; port: number } {
  return { host, port };
}
