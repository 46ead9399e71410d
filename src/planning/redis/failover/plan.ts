import type { DraftOf, RedisFailoverInput } from '../../../runs/index.ts';
import { ageOf, seconds } from '../group/age.ts';
import { primariesOf, refOf, sameAddress, seenNodes } from '../group/roles.ts';
import type { SeenNode } from '../group/roles.ts';
import type { Finding, GroupFacts, GroupIntent, RedisFailoverData } from '../group/types.ts';
import type { Survivor } from './choose-survivor.ts';
import { chooseSurvivor } from './choose-survivor.ts';
import { decideDeath } from './decide.ts';
import { draftOf } from './draft.ts';
import { leaseGrounds } from './lease-grounds.ts';
import { judgePlannedLease } from './lease.ts';
import type { FailoverIntent, FailoverFacts } from './types.ts';

export type FailoverPlanning =
  { ok: true; draft: DraftOf<'redis.failover', RedisFailoverData> } | { ok: false; findings: readonly Finding[] };

/** Facts → the plan of a failover, or everything that is in its way at once. Pure. Runbook: docs/redis/failover.md. */
export function planFailover(
  intent: FailoverIntent,
  facts: FailoverFacts,
  input: RedisFailoverInput,
  soakMs: number,
): FailoverPlanning {
  const dead = facts.suspect.primary;
  const decision = decideDeath(dead.name, facts.suspect.vantages, facts.observations, facts.suspect.links);
  const findings: Finding[] = [
    ...(decision.dead ? [] : [decision.finding]),
    ...sentinelFindings(intent, facts),
    ...flapFindings(intent, facts, input),
    ...(facts.discovery.kind === 'problem'
      ? [{ code: facts.discovery.code, message: facts.discovery.message, place: 'discovery' }]
      : []),
    ...askedFindings(intent, dead.name, input),
  ];
  const promoted = promotedAlready(facts);
  if ('finding' in promoted) findings.push(promoted.finding);
  const survivors = seenNodes(facts)
    .filter(({ name, reading }) => name !== dead.name && reading.role === 'replica')
    .map((node) => survivorOf(node, facts));
  const deadForMs = ageOf(input.lastKnownAt, facts.nowMs);
  const limits = {
    maxLinkAgeMs: intent.failover.maxLinkAgeMs,
    ...(deadForMs === undefined ? {} : { deadForMs }),
  };
  const choice = 'node' in promoted ? { candidate: promoted.node } : chooseSurvivor(survivors, limits, input.to);
  if ('findings' in choice) findings.push(...choice.findings);

  const grounds = leaseGrounds(intent, facts, dead, input);
  const planned = {
    minReplicasInForce: grounds.minReplicasInForce,
    leaseMs: grounds.maxLagSeconds * 1000 + intent.failover.leaseMarginMs,
    ...(grounds.void === undefined ? {} : { leaseVoid: grounds.void }),
  };
  const lease = judgePlannedLease(planned, facts.detached);
  const kinds = intent.failover.fences.map(({ kind }) => kind);
  const canConfirm = kinds.includes('command') || kinds.includes('ssh');
  const leaseServes = lease.valid && kinds.includes('lease');
  const risk = input.acceptSplitBrainRisk;
  if (decision.dead && !canConfirm && !leaseServes && risk === undefined) {
    const why = kinds.includes('lease') ? `the lease is void (${lease.why})` : 'no lease among the fences';
    findings.push({ code: 'FENCE_IMPOSSIBLE', message: `no fence of ${input.group} can be confirmed: ${why}` });
  }
  if (findings.length > 0 || !('candidate' in choice) || !decision.dead) return { ok: false, findings };

  const siblings = survivors.filter(({ name }) => name !== choice.candidate.name).map(refOf);
  const data: RedisFailoverData = {
    group: input.group,
    dead: refOf(dead),
    candidate: refOf(choice.candidate),
    siblings,
    absent: facts.nodes.filter(({ name, problem }) => problem && name !== dead.name).map(refOf),
    writeSafety: { ...intent.writeSafety },
    lagLimitBytes: intent.lagLimitBytes,
    ...planned,
    epoch: latestEpoch(facts),
    elsewhere: facts.detached.filter(({ state }) => state === 'elsewhere').map(({ replica }) => replica),
    ...(risk === undefined ? {} : { acceptSplitBrainRisk: risk }),
    ...(input.lastKnownOffset === undefined ? {} : { lastKnownOffset: input.lastKnownOffset }),
  };
  const needs = { canConfirm, leaseServes, lease, grounds: grounds.words, why: decision.why };
  return {
    ok: true,
    draft: draftOf({ intent, facts, input, data, survivors, ...needs, candidate: choice.candidate, soakMs }),
  };
}

function latestEpoch(facts: FailoverFacts): number {
  const told = facts.discovery.kind === 'entry' ? facts.discovery.epoch : 0;
  return Math.max(told, ...seenNodes(facts).map(({ reading }) => reading.epoch));
}

function survivorOf(node: SeenNode, { detached }: FailoverFacts): Survivor {
  const link = detached.find(({ replica }) => replica === node.name);
  return { ...node, linkAgeMs: link?.detachedMs ?? 0, neverLinked: link?.neverLinked ?? false };
}

/**
 * A node that a failover before this one promoted, before it could tell the discovery: its epoch is the latest of all. One
 * with an older epoch is an old primary that came back: promoting it would lose what came after it, and it must not keep
 * the others from being failed over. Two with the latest can't be told apart.
 */
function promotedAlready(facts: FailoverFacts): { node: SeenNode } | { finding: Finding } | Record<never, never> {
  const latest = latestEpoch(facts);
  const others = primariesOf(facts).filter((node) => !sameAddress(node, facts.suspect.primary));
  const [one, ...more] = others.filter(({ reading }) => reading.epoch === latest);
  if (!one) return {};
  if (more.length === 0 && latest > 0) return { node: one };
  const names = others.map(({ name, reading }) => `${name} (epoch ${reading.epoch})`).join(' and ');
  const message = `${names} says that it is primary, and the discovery names ${facts.suspect.primary.name} (latest epoch ${latest})`;
  return { finding: { code: 'REDIS_SPLIT_BRAIN', message, place: one.name } };
}

function sentinelFindings(intent: FailoverIntent, facts: GroupFacts): Finding[] {
  const watched = seenNodes(facts).find(({ reading }) => reading.sentinelListens);
  if (!intent.sentinel && !watched) return [];
  const where = watched ? `a Sentinel listens on ${watched.name}` : 'the platform file names Sentinels';
  return [{ code: 'REDIS_SENTINEL_DECIDES', message: `${where}: it decides this failover, Gantry only observes` }];
}

function flapFindings(
  intent: FailoverIntent,
  { lastFailover, nowMs }: FailoverFacts,
  input: RedisFailoverInput,
): Finding[] {
  if (!lastFailover || input.acknowledgeRecentFailover) return [];
  const agoMs = ageOf(lastFailover.at, nowMs);
  if (agoMs !== undefined && agoMs >= intent.failover.antiFlapMs) return [];
  const ago = agoMs === undefined ? 'at a time that Temporal’s clock has not reached' : `${seconds(agoMs)} ago`;
  const words = `the last failover was ${ago} (epoch ${lastFailover.epoch})`;
  const message = `${words}; within ${intent.failover.antiFlapMs / 1000} s the next one needs an acknowledgement`;
  return [{ code: 'REDIS_RECENT_FAILOVER', message, place: 'acknowledgeRecentFailover' }];
}

function askedFindings(intent: GroupIntent, dead: string, { to }: RedisFailoverInput): Finding[] {
  if (to === undefined) return [];
  if (to === dead) return [{ code: 'REDIS_ALREADY_PRIMARY', message: `${to} is the dead primary`, place: 'to' }];
  if (intent.nodes.some(({ name }) => name === to)) return [];
  const names = intent.nodes.map(({ name }) => name).join(', ');
  return [{ code: 'REDIS_UNKNOWN_NODE', message: `the group has no node ${to}; it has ${names}`, place: 'to' }];
}
