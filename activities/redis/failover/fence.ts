import { GantryError } from '../../../src/errors/index.ts';
import type { LeaseJudgement, RedisFailoverData } from '../../../src/planning/redis/index.ts';
import { judgePlannedLease } from '../../../src/planning/redis/index.ts';
import type { RedisFence } from '../../../src/platform/index.ts';
import type { Probe, StepContext } from '../../../src/steps/index.ts';
import { blocked, defineStep, done, todo } from '../../../src/steps/index.ts';
import type { RedisDeps, RedisGroupAccess } from '../access/access.ts';
import type { Decided } from './alive-again.ts';
import { aliveAgain } from './alive-again.ts';
import { isAbsence, withNode } from '../access/access.ts';
import { candidateTime } from '../group/candidate-clock.ts';
import { readLinks } from '../group/links.ts';
import { newEpoch, reached } from '../writes/new-epoch.ts';
import { liftRefusal, refusesWrites, refuseWrites } from '../writes/refuse-writes.ts';

/** Why the old primary counts as fenced. */
export type FenceReceipt = {
  /** Its name in the platform file, or its kind. */
  fence: string;
  kind: RedisFence['kind'] | 'none';
  /** A proof; a lease is a promise that has to be waited for, and `none` a risk that somebody accepted. */
  confirmed: boolean;
  evidence: string;
  /** With a lease: how long it still has to be waited for. */
  waitMs?: number;
  /** When it was asked, by the candidate's own clock; left out where that could not be read. Milliseconds since the epoch. */
  at?: number;
};

export type FenceSeen = { receipt?: FenceReceipt; tried: readonly { fence: string; outcome: string }[] };

/** The outcome of a fence that worked; any other is why it didn't. */
const confirmed = 'confirmed';

/** What an attempt has tried, for the look that follows: a fence that could not be confirmed leaves no other trace. */
const triedBy = new WeakMap<StepContext, FenceSeen['tried']>();

/**
 * Makes sure that the old primary takes no more writes: the group's fences in their order, until the first that is
 * confirmed. Where none is, a lease serves if it holds; else the risk that was accepted in words; else it is blocked.
 * The receipt is what the step leaves behind.
 */
export const fence = defineStep<Decided, FenceSeen, RedisDeps>({
  name: 'redis.fence',
  // What is confirmed is seen at once, and trying again is the next attempt's.
  settleMs: 0,
  probe: async (data, { groups }, context) => {
    const access = await groups(data.group);
    const tried = triedBy.get(context);
    const [epoch, at] = await Promise.all([epochOfSurvivors(data, access), candidateTime(access, data)]);
    if (epoch > data.epoch) return blocked('REDIS_ROLES_CHANGED', { tried: tried ?? [] }, overtakenBy(epoch, data));
    const confirmation = await confirmedFence(data, access, context.signal, tried);
    if (confirmation) {
      const receipt = { ...confirmation, ...(at === undefined ? {} : { at }) };
      return done({ receipt, tried: tried ?? [] }, `${data.dead.name} is fenced: ${receipt.evidence}`);
    }
    if (!tried) {
      const back = await aliveAgain(data, access, context.signal);
      if (back !== undefined) return blocked('REDIS_PRIMARY_BACK', { tried: [] }, back);
      return todo({ tried: [] }, `no fence of ${data.dead.name} is confirmed`);
    }
    return lastResort(data, access, tried);
  },
  apply: async (data, _seen, { groups, log }, context) => {
    const access = await groups(data.group);
    const startedAt = performance.now();
    const tried: { fence: string; outcome: string }[] = [];
    for (const one of access.config.failover.fences) {
      context.signal.throwIfAborted();
      if (one.kind === 'lease') {
        if ((await leaseOf(data, access)).valid) break;
        continue;
      }
      // A fence from outside can't be refused by the node: an attempt that slept looks before each.
      const epoch = await epochOfSurvivors(data, access);
      if (epoch > data.epoch) throw new GantryError('STALE_ATTEMPT', overtakenBy(epoch, data));
      const outcome = await tryFence(one, data, access, context);
      tried.push({ fence: nameOf(one), outcome });
      log.info({ group: data.group, node: data.dead.name, fence: nameOf(one), outcome }, 'fence tried');
      if (outcome === confirmed) break;
    }
    triedBy.set(context, tried);
    context.measure('fenceMs', performance.now() - startedAt);
  },
  // Only a refusal of writes can be taken back; a process that was stopped is somebody's to start.
  undo: async (data, _before, { groups, log }, { signal }) => {
    const access = await groups(data.group);
    try {
      // First a new epoch: an attempt at the promotion that still sleeps is refused before the primary serves again.
      const epoch = await newEpoch(access, { group: data.group, primary: data.dead }, log);
      await liftRefusal(access, data.dead.name);
      await withNode(access, data.candidate.name, (node) => reached(node, epoch, signal)).catch(ignoreAbsence);
    } catch (error) {
      // Off by its fence, nobody is kept from writing by a setting of it. One that only can't be asked may refuse for good.
      if (!isAbsence(error) || !(await confirmedFence(data, access, signal))) throw error;
    }
  },
});

function ignoreAbsence(error: unknown): void {
  if (!isAbsence(error)) throw error;
}

/** The latest epoch among the nodes that are left; 0 if none of them can be asked. */
async function epochOfSurvivors(data: RedisFailoverData, access: RedisGroupAccess): Promise<number> {
  const epochs = await Promise.all(
    [data.candidate, ...data.siblings].map(async ({ name }) => {
      try {
        return await withNode(access, name, (node) => node.epoch());
      } catch (error) {
        // One that is sick has no say either: it must not keep the others from being failed over.
        if (error instanceof GantryError) return 0;
        throw error;
      }
    }),
  );
  return Math.max(...epochs);
}

function overtakenBy(epoch: number, { epoch: planned, dead }: RedisFailoverData): string {
  return `the epoch is ${epoch} by now, the plan was made under ${planned}: another run or operator has decided meanwhile, so ${dead.name} is not touched`;
}

/**
 * The first fence of the list that confirms now, the lease aside; a fence that can't be asked proves nothing. All are asked
 * at once, since a silent host makes each of them wait; after a try only those that it confirmed.
 */
export async function confirmedFence(
  data: RedisFailoverData,
  access: RedisGroupAccess,
  signal: AbortSignal,
  tried?: FenceSeen['tried'],
): Promise<FenceReceipt | undefined> {
  const worked = (one: RedisFence): boolean =>
    !tried || tried.some(({ fence: name, outcome }) => name === nameOf(one) && outcome === confirmed);
  const asked = access.config.failover.fences.map(async (one): Promise<FenceReceipt | undefined> => {
    if (one.kind === 'lease' || !worked(one)) return undefined;
    try {
      const seen =
        one.kind === 'refuse-writes'
          ? await refusesWrites(access, data.dead.name)
          : await access.fence(one, data.dead).confirm(signal);
      if (!seen.confirmed) return undefined;
      return { fence: nameOf(one), kind: one.kind, confirmed: true, evidence: seen.evidence };
    } catch (error) {
      if (!(error instanceof GantryError) || signal.aborted) throw error;
      return undefined;
    }
  });
  // A later failure is heard of when its turn comes; a confirmed one before it makes it no matter.
  for (const one of asked) one.catch(() => undefined);
  for (const one of asked) {
    const receipt = await one;
    if (receipt) return receipt;
  }
  return undefined;
}

/** Whatever fence is next, somebody else tries it. */
const attemptsOver: ReadonlySet<string> = new Set(['STALE_ATTEMPT', 'ATTEMPT_OUTLIVED']);

async function tryFence(
  one: Exclude<RedisFence, { kind: 'lease' }>,
  data: RedisFailoverData,
  access: RedisGroupAccess,
  context: StepContext,
): Promise<string> {
  const { signal } = context;
  try {
    if (one.kind === 'refuse-writes') {
      const { pauseMs } = access.config.handover;
      await refuseWrites(access, data.dead.name, { epoch: data.epoch, pauseMs }, context);
      return confirmed;
    }
    const outside = access.fence(one, data.dead);
    context.mustBeOurs();
    await outside.run(signal);
    const seen = await outside.confirm(signal);
    return seen.confirmed ? confirmed : `not confirmed: ${seen.evidence}`;
  } catch (error) {
    if (!(error instanceof GantryError) || signal.aborted || attemptsOver.has(error.code)) throw error;
    return `${error.code}: ${error.message}`;
  }
}

/** No fence is confirmed: the lease, the accepted risk, or nothing. */
async function lastResort(
  data: RedisFailoverData,
  access: RedisGroupAccess,
  tried: FenceSeen['tried'],
): Promise<Probe<FenceSeen>> {
  const lease = await leaseOf(data, access);
  if (lease.valid) {
    const evidence = `${data.dead.name} refuses writes ${data.leaseMs} ms after its last acknowledgement (${lease.why})`;
    const receipt = { fence: 'lease', kind: 'lease', confirmed: false, evidence, waitMs: lease.waitMs } as const;
    return done({ receipt, tried }, `no fence is confirmed; the lease ends in ${lease.waitMs} ms`);
  }
  const risk = data.acceptSplitBrainRisk;
  if (risk !== undefined) {
    const receipt = { fence: 'none', kind: 'none', confirmed: false, evidence: `risk accepted: ${risk}` } as const;
    return done({ receipt, tried }, `no fence is confirmed, and the risk is accepted: ${risk}`);
  }
  const words = tried.map(({ fence: name, outcome }) => `${name}: ${outcome}`).join('; ') || 'none was tried';
  return blocked('FENCE_IMPOSSIBLE', { tried }, `${data.dead.name} is not fenced: ${words}; ${lease.why}`);
}

async function leaseOf(data: RedisFailoverData, access: RedisGroupAccess): Promise<LeaseJudgement> {
  const { fences } = access.config.failover;
  if (!fences.some(({ kind }) => kind === 'lease')) return { valid: false, why: 'no lease is among the fences' };
  return judgePlannedLease(data, await readLinks(access, data.dead));
}

function nameOf(one: RedisFence): string {
  return 'name' in one ? one.name : one.kind;
}
