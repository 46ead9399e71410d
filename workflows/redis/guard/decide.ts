import type { GuardFinding, GuardFindingSeen, GuardMode, GuardPolicy, LastHolder } from '../../../src/runs/index.ts';
import { findingKey } from '../../../src/runs/index.ts';

// What a guard decides, without a clock and without Temporal.

/** The wait after the `times`-th attempt in a row that came to nothing. Milliseconds. */
export function backoffMs({ retryFirstMs, retryMaxMs }: GuardPolicy, times: number): number {
  return Math.min(retryMaxMs, retryFirstMs * 2 ** Math.min(Math.max(0, times - 1), 30));
}

/** What the mode comes to: where Sentinels decide, a guard only reports. */
export function effectiveMode(asked: GuardMode | undefined, policy: GuardPolicy | undefined): GuardMode {
  if (!policy) return asked ?? 'observe';
  return policy.sentinel ? 'observe' : (asked ?? policy.mode);
}

/** Why less is done than the mode says, or somebody is asked all the same; in words. */
export function restraintOf(mode: GuardMode, policy: GuardPolicy | undefined): string | undefined {
  if (policy?.sentinel) return 'Sentinels decide the failover of this group: the guard only reports';
  if (mode !== 'act' || !policy || policy.approvers === 0) return undefined;
  return `the policy of redis.failover still asks ${policy.approvers === 1 ? 'one person' : `${policy.approvers} people`}`;
}

/** How often people were reminded of one thing, and when last. */
export type Reminders = { at: number; times: number };

/** Each reminder comes after twice the time of the one before: it never stops, and in a month there are seven. */
export function isReminderDue({ at, times }: Reminders, everyMs: number, now: number): boolean {
  return now >= reminderAt({ at, times }, everyMs);
}

export function reminderAt({ at, times }: Reminders, everyMs: number): number {
  return at + everyMs * 2 ** Math.min(times, 20);
}

/** What is found now against what was: what stays keeps its date, `gone` is what people were told of and is no more. */
export function reconcile(
  had: readonly GuardFindingSeen[],
  found: readonly GuardFinding[],
  now: string,
): { findings: GuardFindingSeen[]; gone: GuardFindingSeen[]; changed: boolean } {
  const before = new Map(had.map((one) => [findingKey(one), one]));
  const present = new Map(found.map((one) => [findingKey(one), one]));
  const findings = [...present].map(([key, one]): GuardFindingSeen => {
    const known = before.get(key);
    return known ? { ...known, message: one.message } : { ...one, since: now, announced: false };
  });
  const lost = had.filter((one) => !present.has(findingKey(one)));
  const changed = lost.length > 0 || findings.some((one) => !before.has(findingKey(one)));
  return { findings, gone: lost.filter(({ announced }) => announced), changed };
}

/** Runs that change a group on purpose: what is found while one holds it, or right after, is its doing. */
const changers = ['redis.switchover', 'redis.failover'];

/** The run whose doing a change of the group most likely is. */
export function changerOf(holder: LastHolder | undefined, now: number, graceMs: number): string | undefined {
  if (!holder || !changers.includes(holder.kind)) return undefined;
  const recent = holder.endedAt !== undefined && now - Date.parse(holder.endedAt) < graceMs;
  return holder.open || recent ? holder.kind : undefined;
}

/** Outcomes that a person chose, or let happen: the same question again at once would be no help. */
const declined = ['aborted', 'cancelled', 'APPROVAL_EXPIRED', 'APPROVAL_REJECTED'];

/** How long to leave it after a failover that changed nothing. Milliseconds. */
export function nextTryMs(policy: GuardPolicy, refusals: number, outcome: string, code: string | undefined): number {
  if (declined.includes(outcome) || (code !== undefined && declined.includes(code))) return policy.retryMaxMs;
  return backoffMs(policy, refusals);
}

/** Events of one run of a guard before the next begins. Temporal suggests it at 4,096. */
const softEvents = 1_000;
const hardEvents = 2_500;
/** Watches of one run before the next begins: at eleven events each, about as many events. */
const mostSlices = 90;

/** Whether a guard should go on in a new run. One that waits for a failover's end holds on longer: its result comes here. */
export function isRunFull(run: {
  slices: number;
  historyLength: number;
  suggested: boolean;
  waitsForChild: boolean;
}): boolean {
  if (run.waitsForChild) return run.historyLength >= hardEvents || run.suggested;
  return run.slices >= mostSlices || run.historyLength >= softEvents || run.suggested;
}
