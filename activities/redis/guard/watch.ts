import type { WatchState, WatchTick } from '../../../src/planning/redis/index.ts';
import { beginWatch, needsConfirmation, stepWatch } from '../../../src/planning/redis/index.ts';
import type { GuardHeartbeat, GuardPolicy, GuardWatchCall, GuardWatched } from '../../../src/runs/index.ts';
import { plainActivity, wait } from '../../../src/steps/index.ts';
import type { RedisDeps } from '../access/access.ts';
import type { Auditor } from './audit.ts';
import { createAuditor } from './audit.ts';
import type { Sampler } from './sample.ts';
import { createSampler } from './sample.ts';
import { temporalClock } from '../access/temporal-clock.ts';

/** What the platform file says of a group's guard. @throws REDIS_UNKNOWN_GROUP */
export type GuardPolicyOf = (group: string) => GuardPolicy;

/** An audit that says something new is made again after this, before anybody is told. Milliseconds. */
const confirmMs = 5_000;

/**
 * One slice of a guard: reads the primary's offset again and again, compares the nodes with the platform file less often,
 * and comes back when its time is over or something happened. It changes nothing. What it knows travels in its heartbeats,
 * so that a retry after a worker's death still has the last offset that was read before it.
 */
export function guardWatchActivity(
  { groups, log }: RedisDeps,
  policyOf: GuardPolicyOf,
): (call: GuardWatchCall) => Promise<GuardWatched> {
  return plainActivity(async (call, signal, progress) => {
    // The predecessor of this attempt had a clock of its own, the guard too: all go by Temporal's.
    const clock = temporalClock();
    const policy = policyOf(call.group);
    const begun = resumed(call, progress.resumed, clock());
    const sampler = createSampler({ group: call.group, groups, known: begun.known.primary, clock });
    const auditor = createAuditor(async () => sampler.access(), clock);
    try {
      return await watch(call, { policy, begun, sampler, auditor, signal, clock, tell: progress.set });
    } catch (error) {
      log.warn({ group: call.group, error }, 'a watch failed');
      throw error;
    } finally {
      sampler.close();
      auditor.stop();
    }
  });
}

type Watch = {
  policy: GuardPolicy;
  begun: GuardHeartbeat;
  sampler: Sampler;
  auditor: Auditor;
  signal: AbortSignal;
  clock: () => number;
  tell: (details: GuardHeartbeat) => void;
};

async function watch(call: GuardWatchCall, { policy, begun, sampler, auditor, signal, clock, tell }: Watch) {
  let state = beginWatch(begun.known);
  let { samples } = begun;
  const result = (event: GuardWatched['event']): GuardWatched => ({ event, known: state.known, samples, policy });
  for (;;) {
    const startedAt = performance.now();
    const ticks: WatchTick[] = [await sampler.tick(), ...auditor.taken()];
    for (const tick of ticks) {
      const next = stepWatch(state, tick, sampler.probes());
      state = next.state;
      if (tick.kind === 'sample') samples += 1;
      if (next.event) return result(next.event);
    }
    tell({ startedAt: begun.startedAt, samples, known: state.known });
    if (signal.aborted) return result('interrupted');
    if (clock() - begun.startedAt >= call.forMs) return result('slice');
    if (isAuditDue(state, policy, auditor, clock())) auditor.start(signal);
    const pace = state.silence ? sampler.probeEveryMs() : policy.sampleEveryMs;
    const left = begun.startedAt + call.forMs - clock();
    // Told to stop it wakes at once, and the top of the loop says so after one more look.
    await wait(Math.max(0, Math.min(pace - (performance.now() - startedAt), left)), signal).catch(() => undefined);
    if (signal.aborted) return result('interrupted');
  }
}

/** A dead primary is no drift: nothing is compared while it is silent. */
function isAuditDue(state: WatchState, { auditEveryMs }: GuardPolicy, auditor: Auditor, nowMs: number): boolean {
  if (state.silence || state.known.silent) return false;
  const { auditedAt } = state.known;
  if (auditedAt === undefined) return nowMs - auditor.startedAt() >= confirmMs;
  const everyMs = needsConfirmation(state) ? Math.min(confirmMs, auditEveryMs) : auditEveryMs;
  const ageMs = nowMs - Math.max(Date.parse(auditedAt), auditor.startedAt());
  // A negative age is none.
  return ageMs < 0 || ageMs >= everyMs;
}

/** What the workflow gave, or what a predecessor of this attempt had found out since. */
function resumed(call: GuardWatchCall, details: unknown, nowMs: number): GuardHeartbeat {
  const told = details as Partial<GuardHeartbeat> | undefined;
  if (typeof told?.startedAt === 'number' && told.known && Array.isArray(told.known.findings)) {
    // A time ahead of this one would make a slice of any length.
    return { startedAt: Math.min(told.startedAt, nowMs), samples: told.samples ?? 0, known: told.known };
  }
  return { startedAt: nowMs, samples: 0, known: call.known };
}
