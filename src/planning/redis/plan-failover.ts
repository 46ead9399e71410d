import type { PlanDraft, RedisFailoverInput, RedisSight, RedisSuspect } from '../../runs/index.ts';
import type { Survivor } from './choose-survivor.ts';
import { chooseSurvivor } from './choose-survivor.ts';
import { decideDeath } from './decide-failover.ts';
import { draftOf } from './failover-draft.ts';
import type { DetachedFor } from './lease.ts';
import { judgeLease } from './lease.ts';
import { primariesOf, refOf, sameAddress, seenNodes } from './roles.ts';
import type { SeenNode } from './roles.ts';
import type { Finding, GroupFacts, GroupIntent, RedisFailoverData } from './types.ts';

/** What the platform file says of a group's failover. Structurally a part of its `RedisGroup`. */
export type FailoverIntent = GroupIntent & {
  failover: {
    lossLimitBytes: number;
    maxLinkAgeMs: number;
    antiFlapMs: number;
    leaseMarginMs: number;
    fences: readonly { kind: 'refuse-writes' | 'command' | 'ssh' | 'lease'; name?: string; what?: string }[];
    forensics?: object;
  };
  sentinel?: object;
};

/** Everything that was read for a failover. */
export type FailoverFacts = GroupFacts & {
  suspect: RedisSuspect;
  sights: readonly RedisSight[];
  /** How long each replica has certainly been without the dead primary. */
  detached: readonly DetachedFor[];
  /** The record that the last failover left in the database. */
  lastFailover?: { at: string; epoch: number };
  /** What Gantry last set `min-replicas-to-write` to on the primary, where it recorded that. */
  minReplicasRecorded?: number;
  /** When all this was read. */
  nowMs: number;
};

export type FailoverPlanning =
  { ok: true; draft: PlanDraft<RedisFailoverData> } | { ok: false; findings: readonly Finding[] };

/** Facts → the plan of a failover, or everything that is in its way at once. Pure. Runbook: docs/redis/failover.md. */
export function planFailover(
  intent: FailoverIntent,
  facts: FailoverFacts,
  input: RedisFailoverInput,
  soakMs: number,
): FailoverPlanning {
  const dead = facts.suspect.primary;
  const decision = decideDeath(dead.name, facts.suspect.vantages, facts.sights, facts.suspect.links);
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
  const deadForMs = input.lastKnownAt === undefined ? undefined : facts.nowMs - Date.parse(input.lastKnownAt);
  const limits = {
    maxLinkAgeMs: intent.failover.maxLinkAgeMs,
    ...(deadForMs === undefined ? {} : { deadForMs }),
  };
  const choice = 'node' in promoted ? { candidate: promoted.node } : chooseSurvivor(survivors, limits, input.to);
  if ('findings' in choice) findings.push(...choice.findings);

  const { minReplicasInForce, maxLagSeconds } = writeSafetyInForce(intent, facts);
  const leaseMs = maxLagSeconds * 1000 + intent.failover.leaseMarginMs;
  const lease = judgeLease(minReplicasInForce, leaseMs, facts.detached);
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
    minReplicasInForce,
    epoch: latestEpoch(facts),
    leaseMs,
    elsewhere: facts.detached.filter(({ state }) => state === 'elsewhere').map(({ replica }) => replica),
    ...(risk === undefined ? {} : { acceptSplitBrainRisk: risk }),
    ...(input.lastKnownOffset === undefined ? {} : { lastKnownOffset: input.lastKnownOffset }),
  };
  const needs = { canConfirm, leaseServes, lease, why: decision.why };
  return {
    ok: true,
    draft: draftOf({ intent, facts, input, data, survivors, ...needs, candidate: choice.candidate, soakMs }),
  };
}

/**
 * What the dead primary had, as far as can be known: it can't be asked. Its replicas are set up as it was, or should be,
 * and the platform file may never have been applied: fewer replicas than declared count if all of them say so (an attempt
 * before this one may have set the candidate's), a longer lag if any does. A lag of 0 switches the whole of it off.
 */
function writeSafetyInForce(
  { writeSafety: declared }: FailoverIntent,
  facts: FailoverFacts,
): { minReplicasInForce: number; maxLagSeconds: number } {
  const read = seenNodes(facts).map(({ reading }) => reading.writeSafety);
  const most = Math.max(...read.map(({ minReplicasToWrite }) => minReplicasToWrite));
  const lags = [declared, ...read].map(({ minReplicasMaxLagSeconds }) => minReplicasMaxLagSeconds);
  return {
    minReplicasInForce: lags.includes(0)
      ? 0
      : Math.min(declared.minReplicasToWrite, facts.minReplicasRecorded ?? Infinity, most),
    maxLagSeconds: Math.max(...lags),
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
  const agoMs = nowMs - Date.parse(lastFailover.at);
  if (agoMs >= intent.failover.antiFlapMs) return [];
  const words = `the last failover was ${Math.round(agoMs / 1000)} s ago (epoch ${lastFailover.epoch})`;
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
