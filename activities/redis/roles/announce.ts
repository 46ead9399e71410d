import { setTimeout as pause } from 'node:timers/promises';
import type { RedisNode } from '../../../src/drivers/redis/index.ts';
import { GantryError } from '../../../src/errors/index.ts';
import { sameAddress } from '../../../src/planning/redis/index.ts';
import type { RedisSwitchoverData } from '../../../src/planning/redis/index.ts';
import type { Logger } from '../../../src/telemetry/log.ts';
import { isAbsence } from '../access/access.ts';
import type { StepContext } from '../../../src/steps/index.ts';
import type { RedisGroupAccess } from '../access/access.ts';
import { ours } from '../access/ours.ts';
import { persistRoles } from './persist-roles.ts';

/** Tries of what must succeed right after the promotion, and the pause between them in milliseconds. */
const tries = 4;
const betweenMs = 50;

/** What an announcement needs to know; a failover has no old primary to let go of. */
export type Announcing = {
  access: RedisGroupAccess;
  log: Logger;
  context: StepContext;
  data: Pick<RedisSwitchoverData, 'group' | 'primary' | 'candidate'>;
};

export type Promoted = {
  /** Left out when it can't be reached. */
  primary?: RedisNode | undefined;
  candidate: RedisNode;
  /** Of the attempt that promoted. */
  epoch: number;
  /** Whose role is known to be in its config file. */
  persisted: { primary: boolean; candidate: boolean };
};

/**
 * After the promotion, all at once: clients are told, those that the old primary held back are let go (they get READONLY,
 * then a closed connection: never a silent loss), and the epoch is raised on the new primary, so that a predecessor that
 * wakes up now is refused. Cut off in here, a retry may find roles and discovery as they should be and do nothing more:
 * what they don't show is noted at the end, and done by `redis.settle` if the note is missing.
 *
 * @throws DISCOVERY_UNREACHABLE, DISCOVERY_REFUSED (a later decision for another node), REDIS_NOT_PERSISTED
 */
export async function announce(given: Announcing, promoted: Promoted): Promise<void> {
  const { context, data } = given;
  const { primary, candidate, epoch, persisted } = promoted;
  const startedAt = performance.now();
  const redirected = insist(() => redirect(given, epoch)).then(() =>
    context.measure('redirectMs', performance.now() - startedAt),
  );
  const fence = insist(() => ours(candidate.raiseEpoch(epoch)));
  const unwritten = persisted.primary ? undefined : primary;
  const written =
    persisted.candidate && !unwritten
      ? undefined
      : fence.then((raised) => persistRoles(data, { primary: unwritten, candidate, epoch: raised }));
  const free = primary && release(given, primary);
  const results = await Promise.allSettled([redirected, fence, written, free]);
  for (const result of results) if (result.status === 'rejected') throw result.reason;
  if (await free) await note(given, candidate, await fence);
}

/** Without the note the next step does it all once more. */
async function note({ data, log }: Announcing, candidate: RedisNode, epoch: number): Promise<void> {
  try {
    await candidate.markSettled(epoch);
  } catch (error) {
    if (!(error instanceof GantryError)) throw error;
    log.warn({ group: data.group, epoch, code: error.code }, 'the end of the handover could not be noted');
  }
}

/** A later decision that names the candidate too is another attempt's at this very handover: clients are where they should be. */
async function redirect({ access, data }: Announcing, epoch: number): Promise<void> {
  try {
    await access.discovery.redirect({ primary: addressOf(data.candidate), epoch });
  } catch (error) {
    if (!(error instanceof GantryError) || error.code !== 'DISCOVERY_REFUSED') throw error;
    const told = await access.discovery.read();
    if (!told || !sameAddress(told.primary, data.candidate)) throw error;
  }
}

/** Ends the pause and, once those who waited have their answer, the connections of all clients. */
export async function letGo({ group, primary: { name } }: Announcing['data'], primary: RedisNode, log: Logger) {
  await primary.unpause();
  const killed = await primary.killNormalClients();
  log.info({ group, node: name, killed }, 'clients of the old primary disconnected');
}

/** Whether the clients could be let go now. */
async function release({ data, log }: Announcing, primary: RedisNode): Promise<boolean> {
  try {
    await letGo(data, primary, log);
    return true;
  } catch (error) {
    if (!isAbsence(error)) throw error;
    log.warn({ group: data.group, node: data.primary.name }, 'the old primary cannot be reached after the handover');
    return false;
  }
}

/** Tries again, shortly, what must succeed right after a promotion. */
async function insist<T>(act: () => Promise<T>): Promise<T> {
  for (let left = tries - 1; ; left -= 1) {
    try {
      return await act();
    } catch (error) {
      if (left === 0 || !(error instanceof GantryError) || !error.retryable) throw error;
      await pause(betweenMs);
    }
  }
}

function addressOf({ host, port }: { host: string; port: number }): { host: string; port: number } {
  return { host, port };
}
