import type { RedisNode } from '../../../../src/drivers/redis/index.ts';
import type { SentinelNode } from '../../../../src/drivers/sentinel/index.ts';
import type { ErrorCode } from '../../../../src/errors/index.ts';
import { GantryError } from '../../../../src/errors/index.ts';
import type { SentinelData } from '../../../../src/planning/redis/index.ts';
import { sameAddress } from '../../../../src/planning/redis/index.ts';
import { withNode } from '../../access/access.ts';
import { equalOffsets } from './fast.ts';
import type { Handover } from './session.ts';
import { epochOf, openAttempt, withBoth } from './session.ts';
import { agreeing, followSwitch } from './switched.ts';
import type { SentinelAccess } from '../../access/sentinels.ts';
import { withSentinels } from '../../access/sentinels.ts';
import { decided } from './sentinel-decision.ts';

/** What must be left of the write pause when a failover is asked for: the switch takes 1–2 s. A share of the pause. */
const reserve = 0.5;
/** Of the pause, for what comes after the decision. Milliseconds. */
const afterwardsMs = 1_000;
/** For a switch that the primary makes itself, no writes being held by us. Milliseconds. */
const coordinatedMs = 20_000;

/** The Sentinel refused: nothing was begun. Any other failure leaves open whether it was. */
const refusals: readonly ErrorCode[] = [
  'SENTINEL_FAILOVER_IN_PROGRESS',
  'SENTINEL_NO_GOOD_REPLICA',
  'SENTINEL_UNKNOWN_MASTER',
  'HANDOVER_LEASE_SPENT',
  'REDIS_COMMAND_FAILED',
];

/**
 * Procedures B and C: the Sentinels decide, Gantry holds writes for them and follows. B (`sentinel`) pauses writes, waits
 * for equal offsets and asks one Sentinel, which promotes; the old primary is then demoted here, since the Sentinel's own
 * demotion waits for the end of the pause (20 s measured). C (`coordinated`) lets the primary hand over itself. A failover
 * that is under way already, a predecessor's or anybody's, is attached to.
 *
 * @throws REDIS_UNREACHABLE: a node's name does not resolve, so that nothing was begun.
 * @throws HANDOVER_NOT_EQUAL, HANDOVER_LEASE_SPENT, HANDOVER_SENTINEL_GAVE_UP, SENTINEL_*: the old primary goes on,
 *   nothing is lost.
 * @throws HANDOVER_SENTINEL_UNDECIDED: writes stay held until the pause ends.
 * @throws HANDOVER_OTHER_PROMOTED: followed, though not to the planned node.
 */
export async function handOverBySentinel(given: Handover): Promise<void> {
  const { access, sentinel } = sentinelsOf(given);
  // Before anything is held: whom a Sentinel names must be certain at each look that follows.
  await access.resolve();
  await withSentinels(access, async (sentinels) => {
    const startedAt = performance.now();
    const underWay = await isUnderWay(access, sentinels, given);
    await withBoth(given, async (primary, candidate) => {
      const begun = underWay
        ? await attach(given, sentinel, primary)
        : await begin(given, { access, sentinel, sentinels, primary, candidate });
      const decision = await decided({
        access,
        sentinels,
        leader: begun.leader,
        from: given.data.primary,
        deadlineMs: begun.deadlineMs,
        isPromoted: () => isPromoted(given),
      });
      if (decision.kind === 'gave-up') {
        await primary.unpause().catch(() => undefined);
        throw new GantryError('HANDOVER_SENTINEL_GAVE_UP', `the Sentinel ended its failover: ${decision.why}`);
      }
      given.context.measure('switchMs', performance.now() - startedAt);
      await followSwitch(given, { primary, to: decision.to, ...begun });
      given.context.measure('controlMs', performance.now() - startedAt);
      given.context.measure('sentinelsAgreeMs', await agreeing(access, sentinels, decision.to));
    });
  });
}

type Begun = {
  epoch: number;
  leader: SentinelNode | undefined;
  deadlineMs: number;
  pausedAt: number;
  equalAt?: number;
};

type Scene = {
  access: SentinelAccess;
  sentinel: SentinelData;
  sentinels: readonly SentinelNode[];
  primary: RedisNode;
  candidate: RedisNode;
};

/** Holds writes (B only), then asks one Sentinel. Whatever fails before it was asked lets writes go on at once. */
async function begin(given: Handover, scene: Scene): Promise<Begun> {
  const { access, sentinel, sentinels, primary, candidate } = scene;
  const epoch = await openAttempt(given, primary, candidate);
  const leader = await leaderOf(sentinels, access.master);
  given.context.signal.throwIfAborted();

  const coordinated = given.data.procedure === 'coordinated';
  const pausedAt = performance.now();
  if (coordinated) {
    await ask(leader, access.master, { coordinated });
    return { epoch, leader, pausedAt, deadlineMs: pausedAt + coordinatedMs };
  }
  try {
    await primary.pauseWrites(sentinel.pauseMs);
    const equalAt = await equalOffsets(given, primary, candidate);
    await ask(leader, access.master, { notAfterMs: pausedAt + sentinel.pauseMs * (1 - reserve) });
    return { epoch, leader, pausedAt, equalAt, deadlineMs: pausedAt + sentinel.pauseMs - afterwardsMs };
  } catch (error) {
    await primary.unpause().catch(() => undefined);
    throw error;
  }
}

/** The first Sentinel that answers and sees a quorum; a frozen one takes connections and answers nothing. */
async function leaderOf(sentinels: readonly SentinelNode[], master: string): Promise<SentinelNode> {
  let why = 'no Sentinel answers';
  for (const sentinel of sentinels) {
    try {
      const { ok, answer } = await sentinel.ckquorum(master);
      if (ok) return sentinel;
      why = answer;
    } catch (error) {
      if (!(error instanceof GantryError)) throw error;
      why = error.message;
    }
  }
  throw new GantryError('SENTINEL_NO_QUORUM', why);
}

async function ask(leader: SentinelNode, master: string, how: Parameters<SentinelNode['failover']>[1]): Promise<void> {
  try {
    await leader.failover(master, how);
  } catch (error) {
    // Without an answer it may well have begun: looking tells.
    if (!(error instanceof GantryError) || refusals.includes(error.code)) throw error;
  }
}

/** Goes on holding writes. The epoch stays that of the first look: raising it is a write, which the pause would hold back. */
async function attach(given: Handover, { pauseMs }: SentinelData, primary: RedisNode): Promise<Begun> {
  const epoch = epochOf(given.seen.primary);
  const pausedAt = performance.now();
  if (given.data.procedure === 'sentinel') await primary.pauseWrites(pauseMs);
  return { epoch, leader: undefined, pausedAt, deadlineMs: pausedAt + pauseMs - afterwardsMs };
}

/** Whether a Sentinel is failing over, or names another primary than the one that is to hand over. */
async function isUnderWay(
  access: SentinelAccess,
  sentinels: readonly SentinelNode[],
  { data }: Handover,
): Promise<boolean> {
  const looks = await Promise.allSettled(
    sentinels.map(async (sentinel) => {
      const { failoverInProgress } = await sentinel.state(access.master);
      const told = await access.spelling(await sentinel.primaryAddress(access.master));
      return failoverInProgress || !sameAddress(told, data.primary);
    }),
  );
  return looks.some((look) => look.status === 'fulfilled' && look.value);
}

/** On a connection of its own: a promotion by a Sentinel closes all others. */
async function isPromoted(given: Handover): Promise<boolean> {
  try {
    const seen = await withNode(given.access, given.data.candidate.name, (node) => node.replication());
    return seen.role === 'primary';
  } catch {
    // It can't be told, so nobody may rely on it.
    return true;
  }
}

function sentinelsOf({ access, data }: Handover): { access: SentinelAccess; sentinel: SentinelData } {
  if (access.sentinels && data.sentinel) return { access: access.sentinels, sentinel: data.sentinel };
  throw new GantryError('PLATFORM_CHANGED', 'the plan counts on Sentinels that the platform file does not name');
}
