import { setTimeout as pause } from 'node:timers/promises';
import type { Endpoint } from '../../../../src/drivers/redis/index.ts';
import type { SentinelNode } from '../../../../src/drivers/sentinel/index.ts';
import { GantryError } from '../../../../src/errors/index.ts';
import { sameAddress } from '../../../../src/planning/redis/index.ts';
import type { SentinelAccess } from '../../access/sentinels.ts';

/** Between two looks at the Sentinels while writes are held. Milliseconds. */
const pollEveryMs = 10;
/** How long the Sentinel that was asked may be silent before its failover counts as given up. Milliseconds. */
const silenceMs = 3_000;

/** What became of a failover that was asked for. */
export type SentinelDecision = { kind: 'switched'; to: Endpoint } | { kind: 'gave-up'; why: string };

export type Question = {
  access: SentinelAccess;
  sentinels: readonly SentinelNode[];
  /** The one that was asked; undefined if a predecessor asked. */
  leader: SentinelNode | undefined;
  /** The old primary. */
  from: Endpoint;
  /** Of `performance.now()`. */
  deadlineMs: number;
  /** Whether the candidate calls itself primary; asked only where no Sentinel leads any more. */
  isPromoted: () => Promise<boolean>;
};

/**
 * Follows a failover until the Sentinels have decided. Decided is what a Sentinel tells clients: the leader names the new
 * primary from the moment that it has seen the promotion and written it down, the others follow within milliseconds. A
 * promotion that no Sentinel stands by is taken back by them within seconds, so that it is waited for.
 *
 * @throws HANDOVER_SENTINEL_UNDECIDED at the deadline
 */
export async function decided(question: Question): Promise<SentinelDecision> {
  const { access, sentinels, leader, from, deadlineMs } = question;
  let heardAt = performance.now();
  for (;;) {
    const looks = await Promise.all(sentinels.map((sentinel) => look(access, sentinel)));
    for (const seen of looks)
      if (seen && !sameAddress(seen.primary, from)) return { kind: 'switched', to: seen.primary };
    const heard = leader ? looks[sentinels.indexOf(leader)] : looks.find((seen) => seen !== undefined);
    if (heard) heardAt = performance.now();
    const isOver = looks.every((seen) => !seen?.failoverInProgress);
    const isSilent = performance.now() - heardAt > silenceMs;
    if (isOver && (heard || isSilent) && !(await question.isPromoted())) {
      return { kind: 'gave-up', why: heard ? 'it promoted no replica' : 'it cannot be reached any more' };
    }
    if (performance.now() > deadlineMs) {
      throw new GantryError('HANDOVER_SENTINEL_UNDECIDED', 'the Sentinels have not decided', {
        evidence: { sentinels: looks.map((seen, index) => ({ ...sentinels[index]?.endpoint, ...seen })) },
      });
    }
    await pause(pollEveryMs);
  }
}

type Look = { primary: Endpoint; failoverInProgress: boolean };

/** The state first, then the address: a failover that ended in between has its address by then. */
async function look(access: SentinelAccess, sentinel: SentinelNode): Promise<Look | undefined> {
  try {
    const { failoverInProgress } = await sentinel.state(access.master);
    const primary = await access.spelling(await sentinel.primaryAddress(access.master));
    return { primary, failoverInProgress };
  } catch (error) {
    if (error instanceof GantryError && error.code.startsWith('REDIS_')) return undefined;
    throw error;
  }
}
