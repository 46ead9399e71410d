import type { RedisLinkObservation } from '../../../runs/index.ts';

/** What a replica shows of the link that it had to the dead primary. */
export type DetachedFor = Pick<RedisLinkObservation, 'replica' | 'state'> & {
  /** How long it has certainly not acknowledged anything to that primary. Milliseconds. */
  detachedMs?: number;
  /** It has not been linked since it was started. */
  neverLinked?: boolean;
};

export type LeaseJudgement = { valid: true; waitMs: number; why: string } | { valid: false; why: string };

/** What a plan says of a lease. */
export type PlannedLease = { minReplicasInForce: number; leaseMs: number; leaseVoid?: string };

/** Whether the lease that was planned with holds, by what the replicas' links say now. Pure. */
export function judgePlannedLease(
  { minReplicasInForce, leaseMs, leaseVoid }: PlannedLease,
  all: readonly DetachedFor[],
  elsewhere?: readonly string[],
): LeaseJudgement {
  if (leaseVoid !== undefined) return { valid: false, why: leaseVoid };
  return judgeLease(minReplicasInForce, leaseMs, all, elsewhere);
}

/**
 * Whether a cut-off primary refuses writes by itself, and how long that still takes. It does once fewer than
 * `minReplicasToWrite` replicas acknowledge: so fewer than that many may be left that are not *proven* detached (linked,
 * silent, or out of reach). Holds against a crash and a partition, never against a frozen primary: woken, it takes what
 * waits in its sockets before it notices (tried). Pure.
 *
 * @param leaseMs min-replicas-max-lag and the margin
 * @param elsewhere replicas that have followed another node for longer than the lease is waited for: nothing of theirs is
 *   left to lapse
 */
export function judgeLease(
  minReplicasToWrite: number,
  leaseMs: number,
  all: readonly DetachedFor[],
  elsewhere: readonly string[] = [],
): LeaseJudgement {
  const replicas = all.map((one) =>
    one.state === 'elsewhere' && elsewhere.includes(one.replica) ? { ...one, detachedMs: leaseMs } : one,
  );
  if (minReplicasToWrite < 1)
    return { valid: false, why: 'min-replicas-to-write or min-replicas-max-lag is 0: it never refuses writes' };
  const detached = replicas.flatMap(({ state, detachedMs }) =>
    (state === 'down' || state === 'elsewhere') && detachedMs !== undefined ? [detachedMs] : [],
  );
  const unproven = replicas.filter(
    ({ state, detachedMs }) => !(state === 'down' || state === 'elsewhere') || detachedMs === undefined,
  );
  if (unproven.length >= minReplicasToWrite) {
    const names = unproven.map(({ replica, state }) => `${replica} (${state})`).join(', ');
    const why = `not proven to be detached from it: ${names}; with ${minReplicasToWrite} of them it still takes writes`;
    return { valid: false, why };
  }
  // So many of the detached ones could be the last that it still counted.
  const mustHaveLapsed = [...detached]
    .sort((a, b) => b - a)
    .slice(0, Math.max(0, replicas.length - minReplicasToWrite + 1));
  const waitMs = Math.max(0, leaseMs - Math.min(...mustHaveLapsed, Infinity));
  return {
    valid: true,
    waitMs: Number.isFinite(waitMs) ? waitMs : leaseMs,
    why: `${detached.length} replicas detached`,
  };
}
