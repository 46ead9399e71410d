import type { ActionOf, DraftOf, PlannedStep, RedisSwitchoverInput, RunPolicy } from '../../../runs/index.ts';
import { chooseCandidate } from './candidate.ts';
import { groupFindings, likenessFindings } from '../group/checks.ts';
import { chooseProcedure, expectedGap } from './procedure.ts';
import type { SeenNode } from '../group/roles.ts';
import { lagBytes, listedAddress, primariesOf, refOf, seenNodes } from '../group/roles.ts';
import { afterSentinel, preferAction, sentinelData, sentinelWords } from '../group/sentinel.ts';
import { warningsOf } from './warnings.ts';
import type { Address, Finding, GroupFacts, GroupIntent, RedisSwitchoverData } from '../group/types.ts';

export type SwitchoverPlanning =
  { ok: true; draft: DraftOf<'redis.switchover', RedisSwitchoverData> } | { ok: false; findings: readonly Finding[] };

/**
 * Facts → the plan of a handover, or everything that is in its way at once. Pure: the same facts always give the same
 * plan, and its data holds nothing that moves by itself. Runbook: docs/redis/switchover.md.
 */
export function planSwitchover(
  intent: GroupIntent,
  facts: GroupFacts,
  input: RedisSwitchoverInput,
  policy: RunPolicy,
): SwitchoverPlanning {
  const findings: Finding[] = [...askedFindings(intent, facts, input), ...groupFindings(facts)];
  const [primary, ...more] = primariesOf(facts);
  if (!primary || more.length) return { ok: false, findings };

  const replicas = seenNodes(facts).filter((node) => node.name !== primary.name);
  const choice = chooseCandidate(primary, replicas, intent, input.to);
  const way = chooseProcedure(primary, replicas, intent, input.procedure, facts.sentinels);
  if ('findings' in choice) findings.push(...choice.findings);
  if ('findings' in way) findings.push(...way.findings);
  if ('candidate' in choice) {
    const siblings = replicas.filter((node) => node.name !== choice.candidate.name);
    findings.push(...siblings.flatMap((node) => likenessFindings(node, primary)));
    if (!findings.length && 'procedure' in way) {
      return { ok: true, draft: draftOf({ intent, facts, input, policy, primary, siblings, ...choice, ...way }) };
    }
  }
  return { ok: false, findings: withoutTwins(findings) };
}

type Chosen = {
  intent: GroupIntent;
  facts: GroupFacts;
  input: RedisSwitchoverInput;
  policy: RunPolicy;
  primary: SeenNode;
  candidate: SeenNode;
  siblings: readonly SeenNode[];
  procedure: RedisSwitchoverData['procedure'];
  why: string;
};

function draftOf(chosen: Chosen): DraftOf<'redis.switchover', RedisSwitchoverData> {
  const { intent, facts, input, primary, candidate, siblings, procedure, why } = chosen;
  const others = siblings.map(({ name }) => name).join(', ');
  const sentinel = sentinelData(intent, facts, candidate, siblings);
  return {
    title: `Hand the primary of ${input.group} over from ${primary.name} to ${candidate.name} (${procedure})`,
    actions: actionsOf(chosen),
    facts: [
      { label: 'procedure', value: `${procedure}: ${why}` },
      { label: 'expected gap in writes', value: expectedGap[procedure].words },
      {
        label: `${primary.name} now`,
        value: `primary, offset ${primary.reading.offset}, epoch ${primary.reading.epoch}`,
      },
      ...[candidate, ...siblings].map((node) => ({
        label: `${node.name} now`,
        value: `replica, offset ${node.reading.offset}, ${lagBytes(primary.reading, node.reading)} bytes behind`,
      })),
      ...(facts.sentinels ? [{ label: 'Sentinels', value: sentinelWords(facts.sentinels) }] : []),
      ...(facts.writeBytesPerSecond === undefined
        ? []
        : [{ label: 'replication stream', value: `${Math.round(facts.writeBytesPerSecond)} bytes/s` }]),
    ],
    warnings: warningsOf(chosen),
    irreversible: [
      `From the demotion of ${primary.name} on there is no undo: going back is a handover of its own.`,
      `Clients of ${primary.name} are disconnected once; those that held a write get an error, never a silent loss.`,
    ],
    voidIf: [
      `${primary.name} is no longer the primary, or ${candidate.name} no longer its replica`,
      `a changed platform file gives another plan`,
      ...(others ? [`a node joins or leaves the group (now ${primary.name}, ${candidate.name}, ${others})`] : []),
    ],
    data: {
      group: input.group,
      procedure,
      primary: refOf(primary),
      candidate: refOf(candidate),
      siblings: siblings.map(refOf),
      knownAs: {
        primary: addressOf(candidate.reading.follows ?? primary),
        candidate: listedAddress(primary, candidate),
      },
      handover: { ...intent.handover },
      writeSafety: { ...intent.writeSafety },
      lagLimitBytes: intent.lagLimitBytes,
      ...(sentinel ? { sentinel } : {}),
    },
  };
}

function addressOf({ host, port }: Address): Address {
  return { host, port };
}

/** In the order of the steps of the workflow. */
function actionsOf({
  primary,
  candidate,
  siblings,
  procedure,
  intent,
  facts,
  policy,
}: Chosen): ActionOf<'redis.switchover'>[] {
  const sentinel = sentinelData(intent, facts, candidate, siblings);
  const [from, to] = [primary.name, candidate.name];
  const { minReplicasToWrite, minReplicasMaxLagSeconds } = intent.writeSafety;
  const handover = {
    fast: `hold writes on ${from} (at most ${intent.handover.pauseMs} ms), wait for equal offsets, make ${from} a replica of ${to}, ${to} primary, redirect clients`,
    failover: `FAILOVER from ${from} to ${to} (gives up after ${intent.handover.failoverTimeoutMs} ms), persist the roles, redirect clients`,
    sentinel: `hold writes on ${from} (at most ${sentinel?.pauseMs ?? 0} ms), wait for equal offsets, SENTINEL FAILOVER, make ${from} a replica of whom the Sentinels promote (${to}), redirect clients`,
    coordinated: `SENTINEL FAILOVER … COORDINATED from ${from} to ${to}, persist the roles, redirect clients`,
  }[procedure];
  const action = (step: PlannedStep<'redis.switchover'>, what: string) => ({ step, what, reversible: false });
  const others = siblings.map(({ name }) => name).join(', ');
  const restore = `min-replicas-to-write ${minReplicasToWrite}, min-replicas-max-lag ${minReplicasMaxLagSeconds} on every node`;
  return [
    { ...action('redis.canary', `write a canary on ${from} and read it on ${to}`), reversible: true },
    { ...action('redis.prepare-candidate', `let ${to} take writes before it has replicas`), reversible: true },
    ...(sentinel ? [preferAction(sentinel, to)] : []),
    { ...action('redis.handover', handover), estimateMs: expectedGap[procedure].ms },
    action('redis.settle', `both roles in the config files, clients of ${from} let go`),
    action('redis.repoint-siblings', others ? `let ${others} follow ${to}` : `no other replica is to follow ${to}`),
    action('redis.restore-write-safety', restore),
    ...(sentinel ? afterSentinel(sentinel, to) : []),
    action(
      'redis.prove-roles',
      'prove: one primary, all others linked to it, roles in the config files, one epoch, a write acknowledged, discovery agrees',
    ),
    {
      ...action('redis.check-replication', `watch links and lag for ${Math.round(policy.soak.durationMs / 1000)} s`),
      estimateMs: policy.soak.durationMs,
    },
  ];
}

/** What is wrong with what was asked for. */
function askedFindings(intent: GroupIntent, facts: GroupFacts, { to }: RedisSwitchoverInput): Finding[] {
  if (to === undefined) return [];
  if (!intent.nodes.some(({ name }) => name === to)) {
    const names = intent.nodes.map(({ name }) => name).join(', ');
    return [{ code: 'REDIS_UNKNOWN_NODE', message: `the group has no node ${to}; it has ${names}`, place: 'to' }];
  }
  const primaries = primariesOf(facts);
  if (primaries.length !== 1 || primaries[0]?.name !== to) return [];
  return [{ code: 'REDIS_ALREADY_PRIMARY', message: `${to} is the primary already`, place: 'to' }];
}

function withoutTwins(findings: readonly Finding[]): Finding[] {
  const seen = new Map(findings.map((finding) => [`${finding.place} ${finding.message}`, finding]));
  return [...seen.values()];
}
