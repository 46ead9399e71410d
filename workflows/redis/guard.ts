import { ActivityFailure, TimeoutFailure } from '@temporalio/common';
import {
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  isCancellation,
  workflowInfo,
} from '@temporalio/workflow';
import type { RedisActivities } from '../../activities/redis/index.ts';
import { GantryError, problem, refusal, toFailure, troubleOf } from '../../src/errors/index.ts';
import type { GuardEnd, GuardHeartbeat, GuardWatched, RedisGuardInput } from '../../src/runs/index.ts';
import { guardId } from '../../src/runs/index.ts';
import { callControl, callDomain, domainRefs } from '../run/call.ts';
import type { GuardMemory } from './guard/record.ts';
import { GuardRecord } from './guard/record.ts';
import type { GuardControls } from './guard/controls.ts';
import { openGuardControls } from './guard/controls.ts';
import { backoffMs, isRunFull, reminderAt } from './guard/decide.ts';
import { actOnAlarm, followUnderWay } from './guard/failover.ts';
import { startGuard } from './guard/proxy.ts';
import { takeIn } from './guard/take-in.ts';

const redis = domainRefs<RedisActivities, 'redis'>('redis');

/** What a watch may take longer than its slice: the last look of a node that hangs. */
const spareMs = 60_000;
/** Two clocks are never the same: a rest shorter than this is not worth a timer. */
const leastRestMs = 1_000;
/** How long a run that goes on in the next one waits for its notices to be delivered. */
const noticeGraceMs = 30_000;

/**
 * Watches a Redis group without end: samples the offset for the RPO, compares the nodes with the platform file, starts the
 * failover of a primary that doesn't answer. It is no run: it has no plan, takes no lock and changes nothing itself. Its id
 * is the group's, so there is never a second one. `carried` is what it remembers from the run before.
 */
export async function redisGuard(input: RedisGuardInput, carried?: GuardMemory): Promise<GuardEnd> {
  const identity = guardId(input);
  const record = new GuardRecord(identity.ok ? identity.target : '', input, carried);
  const controls = openGuardControls(record);
  try {
    // First, and whatever the input is: it is told everything that is wrong with it at once.
    record.memory.policy ??= await callControl('admitGuard', { input }, 'admission');
    if (!identity.ok) throw refusal([problem('INVALID_INPUT', identity.problem, identity.place)]);
    if (workflowInfo().workflowId !== identity.id) {
      record.proxyFor = identity.id;
      const end = await startGuard(identity.target, identity.id, input);
      record.ended = 'stopped';
      record.show();
      return end;
    }
    record.show();
    return await keepWatch(record, controls);
  } catch (error) {
    if (isCancellation(error)) record.ended = 'stopped';
    else if (!isOurs(error)) throw error;
    else record.ended = 'refused';
    record.show();
    throw isCancellation(error) ? error : toFailure(asCatalogued(error), { final: true });
  }
}

async function keepWatch(record: GuardRecord, controls: GuardControls): Promise<GuardEnd> {
  const { memory } = record;
  /** Started by an earlier run of the chain: its end is not told here. */
  const inherited = memory.underWay?.workflowId;
  for (;;) {
    if (controls.stopAsked) return stopped(record);
    if (isFull(record, inherited)) {
      await settle(record);
      // Asked for while it waited: not carried over, so it is answered here.
      if (controls.stopAsked) return stopped(record);
      return continueAsNew<typeof redisGuard>(record.input, memory);
    }
    controls.attention = false;
    if (memory.paused) {
      await standPaused(record, controls);
      continue;
    }
    const startedAt = Date.now();
    const forMs = sliceMs(record, inherited);
    const isNews = await watchOnce(record, controls, forMs);
    record.slicesHere += 1;
    memory.slices += 1;
    if (inherited !== undefined && memory.underWay?.workflowId === inherited) await followUnderWay(record, controls);
    await actOnAlarm(record, controls);
    remindAll(record);
    record.show();
    // A watch that came back early with nothing new, or that could not begin, is not begun again at once.
    // Where there is news, nothing is sampled for no longer than between two samples.
    const breathMs = Math.min(leastRestMs, record.policy.sampleEveryMs);
    const restMs = startedAt + (isNews ? breathMs : forMs) - Date.now();
    if (restMs >= breathMs / 2) {
      await condition(() => controls.attention, restMs, { summary: isNews ? 'a breath' : 'the rest of the slice' });
    }
  }
}

/** One watch. What it saw is taken in; what it failed with too. Answers whether anything is new. */
async function watchOnce(record: GuardRecord, controls: GuardControls, forMs: number): Promise<boolean> {
  const { memory, policy, target } = record;
  const profile = { ...policy.profile, startToCloseMs: forMs + spareMs };
  const scope = new CancellationScope({ cancellable: true });
  let watched: GuardWatched | undefined;
  let failure: unknown;
  const summary = `watch ${target} for ${Math.round(forMs / 1000)} s`;
  scope
    .run(() =>
      callDomain(
        redis.guardWatch,
        { group: target, forMs, known: memory.known },
        profile,
        summary,
        policy.unwatchedAfterMs,
      ),
    )
    .then(
      (seen) => (watched = seen),
      (error: unknown) => (failure = error ?? new Error('the watch failed')),
    );
  const isOver = (): boolean => watched !== undefined || failure !== undefined;
  await condition(() => isOver() || controls.attention);
  if (!isOver()) {
    // What it has seen so far comes back with it.
    scope.cancel();
    await condition(isOver);
  }
  if (watched) return takeIn(record, watched);
  if (isCancellation(failure)) return false;
  return unwatched(record, failure, controls);
}

/** Nobody watches. The guard goes on, says since when, and tries again, less and less often. */
async function unwatched(record: GuardRecord, failure: unknown, controls: GuardControls): Promise<boolean> {
  const { memory, policy } = record;
  const told = heartbeatOf(failure);
  if (told) memory.known = told.known;
  const { code, message } = troubleOf(failure);
  const before = memory.unwatched;
  const since = before?.since ?? memory.known.last?.at ?? memory.since;
  memory.unwatched = { since, code, message, times: (before?.times ?? 0) + 1 };
  if (!before) {
    record.announced('unwatched');
    record.tell('alarm', `no worker has watched ${record.target} since ${since}: ${code}: ${message}`);
  }
  record.show();
  const waitMs = backoffMs(policy, memory.unwatched.times);
  await condition(() => controls.attention, waitMs, { summary: 'nobody watches: try again' });
  return true;
}

/** The last that a watch told before it was lost: the offset in it is what the RPO is reckoned from. */
function heartbeatOf(failure: unknown): GuardHeartbeat | undefined {
  const cause = failure instanceof ActivityFailure ? failure.cause : failure;
  const told: unknown = cause instanceof TimeoutFailure ? cause.lastHeartbeatDetails : undefined;
  const heartbeat = told as Partial<GuardHeartbeat> | undefined;
  return heartbeat?.known && Array.isArray(heartbeat.known.findings) ? (heartbeat as GuardHeartbeat) : undefined;
}

/** Stands still until somebody resumes it or its time is over. What was known before is old by then. */
async function standPaused(record: GuardRecord, controls: GuardControls): Promise<void> {
  const { memory } = record;
  memory.alarm = undefined;
  memory.unwatched = undefined;
  record.over('alarm');
  record.over('unwatched');
  record.show();
  while (memory.paused && !controls.stopAsked) {
    controls.attention = false;
    const { until } = memory.paused;
    const now = Date.now();
    const reminders = memory.reminders.paused;
    const next = reminders ? reminderAt(reminders, record.policy.remindEveryMs) : Infinity;
    const end = until === undefined ? Infinity : Date.parse(until);
    if (now >= end) {
      memory.paused = undefined;
      record.over('paused');
      record.acted('resume', { by: workflowInfo().workflowId, reason: 'the time of the pause is over' });
      break;
    }
    const { by, reason, since } = memory.paused;
    record.remind(
      'paused',
      () => `the guard has been paused since ${since} by ${by}: ${reason}. The group is not watched`,
    );
    if (isFull(record, undefined)) return;
    const waitMs = Math.max(leastRestMs, Math.min(end, next) - now);
    await condition(() => controls.attention, waitMs, { summary: 'paused' });
  }
  if (memory.paused) return;
  const { last, findings } = memory.known;
  // Whatever was done in the pause is no news: the next watch looks as if for the first time.
  memory.known = { lags: [], findings, ...(last ? { last } : {}) };
  record.show();
}

/** How long the next watch may last. */
function sliceMs({ memory, policy, mode }: GuardRecord, inherited: string | undefined): number {
  const { alarm, underWay, findings } = memory;
  const limits = [policy.sliceMs];
  // Whoever watches again says so at once, not at the end of a slice.
  if (memory.unwatched) limits.push(leastRestMs);
  if (alarm?.nextTryAt !== undefined && mode !== 'observe' && !underWay) {
    limits.push(Math.max(leastRestMs, Date.parse(alarm.nextTryAt) - Date.now()));
  }
  const asksAgain = findings.some(({ announced }) => !announced) || (underWay && underWay.workflowId === inherited);
  if (asksAgain) limits.push(policy.auditEveryMs);
  return Math.min(...limits);
}

function remindAll(record: GuardRecord): void {
  const { alarm, unwatched: away, findings } = record.memory;
  if (alarm) record.remind('alarm', () => `${alarm.node} has not answered since ${alarm.since}`);
  if (away) record.remind('unwatched', () => `no worker has watched since ${away.since}: ${away.code}`);
  record.remind('findings', () => findings.map(({ code, message }) => `${code}: ${message}`).join('; '));
}

function isFull({ memory, slicesHere }: GuardRecord, inherited: string | undefined): boolean {
  const { historyLength, continueAsNewSuggested } = workflowInfo();
  const waitsForChild = memory.underWay !== undefined && memory.underWay.workflowId !== inherited;
  return isRunFull({ slices: slicesHere, historyLength, suggested: continueAsNewSuggested, waitsForChild });
}

/** Nothing is left open behind a run that ends. */
async function settle(record: GuardRecord): Promise<void> {
  if (!record.isQuiet) await condition(() => record.isQuiet, noticeGraceMs, { summary: 'notices' });
  await condition(allHandlersFinished);
}

async function stopped(record: GuardRecord): Promise<GuardEnd> {
  record.ended = 'stopped';
  record.show();
  await settle(record);
  const { workflowId: guard, runId } = workflowInfo();
  return { guard, runId, started: false, words: `${guard} was stopped`, status: record.status() };
}

/** What admission refused, or a proxy run: an end with a reason. Anything else is a mistake of ours, or the next run. */
function isOurs(error: unknown): boolean {
  return error instanceof GantryError || error instanceof ActivityFailure;
}

/** Through the activity's failure to what it was refused with. */
function asCatalogued(error: unknown): GantryError {
  if (error instanceof GantryError) return error;
  const { code, message, problems, evidence } = troubleOf(error);
  return new GantryError(code, message, { problems, evidence });
}
