import type { RedisNode, Replication } from '../../../src/drivers/redis/index.ts';
import { failoverKey } from '../../../src/drivers/redis/index.ts';
import { GantryError } from '../../../src/errors/index.ts';
import type { DiscoveryFacts, RedisFailoverData } from '../../../src/planning/redis/index.ts';
import { sameAddress } from '../../../src/planning/redis/index.ts';
import type { Probe, StepContext } from '../../../src/steps/index.ts';
import { blocked, defineStep, done, todo } from '../../../src/steps/index.ts';
import type { RedisDeps, RedisGroupAccess } from '../access/access.ts';
import type { Decided } from './alive-again.ts';
import { aliveAgain } from './alive-again.ts';
import { withNode } from '../access/access.ts';
import { ageByCandidate } from '../group/candidate-clock.ts';
import type { FenceReceipt } from './fence.ts';
import { confirmedFence } from './fence.ts';
import { announce } from '../roles/announce.ts';
import { ours } from '../access/ours.ts';
import { leaseRenewed } from './lease-ended.ts';
import { readLinks } from '../group/links.ts';
import { readDiscovery } from '../group/read-facts.ts';
import { parseRecord } from '../group/read-records.ts';
import { temporalClock } from '../access/temporal-clock.ts';
import { admitWrites, admitWritesAsPrimary } from '../writes/write-safety.ts';

/** What is promoted, and why the old primary counted as fenced when its step was done. */
export type Promotion = Decided & {
  fence?: Pick<FenceReceipt, 'kind' | 'at'>;
};

/** A fence confirmed this long ago is not asked again: that takes time, and clients wait. Milliseconds. */
const freshMs = 10_000;

export type PromoteSeen = Pick<Replication, 'role' | 'linkUp' | 'offset' | 'replid' | 'follows'> & {
  /** The history it continued: the dead primary's. */
  replid2: string;
  epoch: number;
  recorded: boolean;
  discovery: DiscoveryFacts;
};

/**
 * Promote, raise the epoch, redirect: one activity. The promotion is one transaction that the candidate refuses if the
 * epoch moved under it, with the role written to its file in the same breath; every piece can be done again.
 */
export const promote = defineStep<Promotion, PromoteSeen, RedisDeps>({
  name: 'redis.promote',
  probe: async (data, { groups }, { signal }) => {
    const access = await groups(data.group);
    const seen = await lookAt(data, access);
    const judged = judge(seen, data);
    if (judged.verdict !== 'todo' || seen.role !== 'replica') return judged;
    const why = await noLongerFenced(data, access, signal);
    return why ? blocked(why.code, seen, why.message) : judged;
  },
  apply: async (data, seen, { groups, log }, context) => {
    const clock = temporalClock();
    const access = await groups(data.group);
    context.signal.throwIfAborted();
    const startedAt = performance.now();
    const known = seen.discovery.kind === 'entry' ? seen.discovery.epoch : 0;
    // Also by a retry that finds the candidate promoted: a sibling refuses to follow under an epoch below its own.
    const others = await cutOffOthers(data, access);
    await withNode(access, data.candidate.name, async (candidate) => {
      const persisted = await promoteHere(data, seen, candidate, context);
      const epoch = await ours(candidate.raiseEpoch(Math.max(known, others), seen.epoch));
      context.measure('promoteMs', performance.now() - startedAt);
      await Promise.all([
        announce(
          { data: { ...data, primary: data.dead }, access, log, context },
          { candidate, epoch, persisted: { primary: true, candidate: persisted } },
        ),
        leaveRecord(data, candidate, epoch, clock()),
      ]);
    });
  },
});

/** A park, a pause or a failing step may lie between the fence and this: things may have moved on. */
async function noLongerFenced(
  data: Promotion,
  access: RedisGroupAccess,
  signal: AbortSignal,
): Promise<{ code: 'REDIS_PRIMARY_BACK' | 'FENCE_IMPOSSIBLE'; message: string } | undefined> {
  const { fence: fenced, dead } = data;
  if (!fenced || fenced.kind === 'none') {
    const back = await aliveAgain(data, access, signal);
    return back === undefined ? undefined : { code: 'REDIS_PRIMARY_BACK', message: back };
  }
  if (fenced.kind === 'lease') {
    const back = leaseRenewed(await readLinks(access, dead), data);
    return back === undefined ? undefined : { code: 'REDIS_PRIMARY_BACK', message: back };
  }
  const ageMs = await ageByCandidate(access, data, fenced.at);
  if ((ageMs !== undefined && ageMs < freshMs) || (await confirmedFence(data, access, signal))) return undefined;
  return { code: 'FENCE_IMPOSSIBLE', message: `the fence of ${dead.name} (${fenced.kind}) does not confirm any more` };
}

async function lookAt(data: RedisFailoverData, access: RedisGroupAccess): Promise<PromoteSeen> {
  const discovery = await readDiscovery(access);
  return withNode(access, data.candidate.name, async (node) => {
    // Before the role: what is done on this look is guarded by it.
    const epoch = await node.epoch();
    const { role, linkUp, offset, replid, replid2, follows } = await node.replication();
    const recorded = role === 'primary' && isOfThis(await node.get(failoverKey), data);
    return { role, linkUp, offset, replid, replid2, epoch, recorded, discovery, ...(follows ? { follows } : {}) };
  });
}

/** Whether the record is this failover's, not that of an earlier one to the same node. */
function isOfThis(text: string | undefined, { dead, candidate, epoch }: RedisFailoverData): boolean {
  const record = parseRecord(text);
  return record?.from === dead.name && record.to === candidate.name && record.epoch > epoch;
}

function judge(seen: PromoteSeen, data: RedisFailoverData): Probe<PromoteSeen> {
  const { discovery } = seen;
  const [from, to] = [data.dead.name, data.candidate.name];
  const told = discovery.kind === 'entry' ? discovery.primary : undefined;
  const toldThis = told !== undefined && sameAddress(told, data.candidate);
  if (told && !toldThis && !sameAddress(told, data.dead)) {
    return blocked(
      'REDIS_ROLES_CHANGED',
      seen,
      `the discovery names ${told.host}:${told.port}: another run or operator has decided meanwhile`,
    );
  }
  if (seen.role === 'replica') {
    const elsewhere = data.siblings.find((node) => seen.follows && sameAddress(node, seen.follows));
    if (elsewhere && seen.linkUp) {
      return blocked(
        'REDIS_ROLES_CHANGED',
        seen,
        `${to} follows ${elsewhere.name}: another run or operator has decided meanwhile`,
      );
    }
    return todo(seen, `${to} is a replica at offset ${seen.offset}`);
  }
  const epochTold = discovery.kind === 'entry' ? discovery.epoch : 0;
  if (toldThis && seen.recorded && seen.epoch >= epochTold) {
    return done(seen, `${to} is primary under epoch ${seen.epoch}, the discovery names it`);
  }
  return todo(seen, `${to} is primary; clients are still sent to ${from}`, { begun: true });
}

/**
 * Attempts of a run that was pre-empted may still hold connections to the other replicas, to promote one of them: they
 * lose them now, and a driver's connection is never opened twice. Answers the highest epoch seen there.
 */
async function cutOffOthers(data: RedisFailoverData, access: RedisGroupAccess): Promise<number> {
  const epochs = await Promise.all(
    data.siblings.map(async ({ name }) => {
      try {
        return await withNode(access, name, async (node) => {
          await node.killNormalClients();
          return node.epoch();
        });
      } catch (error) {
        // One that is sick has no say either: it must not keep the others from being failed over.
        if (error instanceof GantryError) return 0;
        throw error;
      }
    }),
  );
  return Math.max(0, ...epochs);
}

/** Answers whether the role is in the config file. */
async function promoteHere(
  data: RedisFailoverData,
  { role, epoch }: PromoteSeen,
  candidate: RedisNode,
  context: StepContext,
): Promise<boolean> {
  // Nobody follows it yet: with min-replicas-to-write it would refuse all writes. A deviation, recorded below.
  await ours(role === 'replica' ? admitWrites(candidate, epoch) : admitWritesAsPrimary(candidate, epoch));
  await candidate.killNormalClients();
  const { offset, persisted } = await ours(candidate.promote(epoch));
  // Before clients are sent here: that a primary has no lease must be on record first.
  await ours(candidate.recordMinReplicas(epoch, 0));
  context.measure('promotedAtOffset', offset);
  if (data.lastKnownOffset !== undefined) context.measure('lossBytes', Math.max(0, data.lastKnownOffset - offset));
  return persisted;
}

/**
 * Replicated with the data, so that it can be asked of any node when this one is dead. `nowMs` is Temporal's time: the plan of
 * the next failover reckons by it too.
 */
async function leaveRecord(data: RedisFailoverData, candidate: RedisNode, epoch: number, nowMs: number): Promise<void> {
  const record = { at: new Date(nowMs).toISOString(), epoch, from: data.dead.name, to: data.candidate.name };
  await candidate.set(failoverKey, JSON.stringify(record));
}
