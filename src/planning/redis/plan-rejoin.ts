import type { PlanDraft, PlannedAction, RedisRejoinInput } from '../../runs/index.ts';
import { likenessFindings } from './checks.ts';
import type { JoinStanding } from './join.ts';
import {
  bootGuardWarning,
  joinSentinelFindings,
  joinStanding,
  presentPrimary,
  safetyAsWanted,
  standingWords,
  syncWords,
} from './join.ts';
import type { SeenNode } from './roles.ts';
import { refOf, seenNodes } from './roles.ts';
import { sentinelOfToday } from './sentinel.ts';
import type { Finding, GroupFacts, GroupIntent, NodeFacts, RedisRejoinData } from './types.ts';

/** What the platform file says of a node's return. Structurally a part of its `RedisGroup`. */
export type RejoinIntent = GroupIntent & {
  rejoin?: { keep?: { name: string }; start?: { name: string } };
  failover: { forensics?: object };
};

export type RejoinPlanning =
  { ok: true; draft: PlanDraft<RedisRejoinData> } | { ok: false; findings: readonly Finding[] };

/** Facts → the plan of an old primary's return, or everything that is in its way. Pure. Runbook: docs/redis/rejoin.md. */
export function planRejoin(
  intent: RejoinIntent,
  facts: GroupFacts,
  input: RedisRejoinInput,
  soakMs: number,
): RejoinPlanning {
  const asked = facts.nodes.find(({ name }) => name === input.node);
  const findings: Finding[] = [];
  if (!asked) {
    const names = intent.nodes.map(({ name }) => name).join(', ');
    const message = `the group has no node ${input.node}; it has ${names}`;
    findings.push({ code: 'REDIS_UNKNOWN_NODE', message, place: 'node' });
  }
  const present = presentPrimary(facts);
  if ('findings' in present) findings.push(...present.findings);
  if (!asked || 'findings' in present) return { ok: false, findings };
  const { primary } = present;
  if (asked.name === primary.name) {
    const message = `${primary.name} is the present primary, by its own word and the discovery's`;
    return { ok: false, findings: [{ code: 'REDIS_ALREADY_PRIMARY', message, place: 'node' }] };
  }
  const stands = joinStanding(asked, primary, intent.lagLimitBytes);
  findings.push(...joinSentinelFindings(facts, primary));
  if ('findings' in stands) findings.push(...stands.findings);
  if (findings.length > 0 || !('standing' in stands)) return { ok: false, findings };
  return { ok: true, draft: draftOf({ intent, facts, input, soakMs, primary, asked, standing: stands.standing }) };
}

type Chosen = {
  intent: RejoinIntent;
  facts: GroupFacts;
  input: RedisRejoinInput;
  soakMs: number;
  primary: SeenNode;
  asked: NodeFacts;
  standing: JoinStanding;
};

function draftOf(chosen: Chosen): PlanDraft<RedisRejoinData> {
  const { intent, facts, input, primary, asked, standing } = chosen;
  const sound = seenNodes(facts).filter((node) => isSound(node, chosen) && node.name !== asked.name);
  const others = facts.nodes.filter(
    ({ name }) => name !== asked.name && name !== primary.name && !sound.some((node) => node.name === name),
  );
  const present = seenNodes(facts).find(({ name }) => name === asked.name);
  const idle = standing === 'sound' && present !== undefined && safetyAsWanted(intent, primary, [present, ...sound]);
  const sentinel = sentinelOfToday(intent, facts);
  const needsApproval = approvalReasons(chosen);
  const [name, to] = [asked.name, primary.name];
  return {
    title: idle
      ? `Nothing to do: ${name} is a sound replica of ${to}`
      : `Bring ${name} back into ${input.group} as a replica of ${to}`,
    actions: idle ? [] : actionsOf(chosen),
    facts: [
      { label: `${to} now`, value: `${standingWords(primary)}; the discovery says so too` },
      { label: `${name} now`, value: standingWords(asked) },
      ...(standing === 'sound' ? [] : [{ label: 'copy', value: syncWords(asked, primary) }]),
      ...sound.map((node) => ({ label: `${node.name} now`, value: standingWords(node) })),
    ],
    warnings: [
      ...needsApproval.map((reason) => `Needs an approval: ${reason}`),
      ...others.map((node) => `${node.name} is left as it is: ${standingWords(node)}`),
      ...(present ? likenessFindings(present, primary).map(({ message }) => message) : []),
      ...(standing === 'down' ? [bootGuardWarning(asked, primary)] : []),
      ...(standing === 'down' && !intent.rejoin?.start
        ? [`The platform file has no hook that starts ${name}: the run parks until somebody has started it`]
        : []),
      ...(sentinel && holdsData(standing)
        ? [`The Sentinels make ${name} a replica as soon as they see it: its data may be replaced before they are kept`]
        : []),
    ],
    needsApproval: idle ? [] : needsApproval,
    irreversible: holdsData(standing)
      ? [
          `Once ${name} follows ${to}, what it has and ${to} hasn't is discarded from it.`,
          `That ${name} refuses writes is never taken back by an abort: it is not the primary any more.`,
        ]
      : [],
    voidIf: [
      `${to} is no longer the primary, by its own word or the discovery's`,
      `${name} comes up, goes down, or changes its role`,
      'the platform file changes',
    ],
    data: {
      group: input.group,
      candidate: refOf(primary),
      siblings: [refOf(asked), ...sound.map(refOf)],
      writeSafety: { ...intent.writeSafety },
      lagLimitBytes: intent.lagLimitBytes,
      ...(sentinel ? { sentinel } : {}),
      idle,
      join: {
        group: input.group,
        candidate: refOf(primary),
        node: refOf(asked),
        mayDiscard: true,
        bySentinel: sentinel !== undefined,
      },
      ...(intent.failover.forensics && holdsData(standing)
        ? { lost: { group: input.group, dead: refOf(asked), candidate: refOf(primary) } }
        : {}),
    },
  };
}

function isSound(node: SeenNode, { primary, intent }: Chosen): boolean {
  const stands = joinStanding(node, primary, intent.lagLimitBytes);
  return node.name !== primary.name && 'standing' in stands && stands.standing === 'sound';
}

/** A replica has nothing that its primary hadn't; what is down can't be asked. */
function holdsData(standing: JoinStanding): boolean {
  return standing === 'primary' || standing === 'down';
}

function approvalReasons({ intent, primary, asked, standing }: Chosen): string[] {
  const later = asked.reading && asked.reading.epoch > primary.reading.epoch ? asked.reading.epoch : undefined;
  return [
    ...(holdsData(standing) && !intent.rejoin?.keep
      ? [
          `no hook keeps the data of ${asked.name}: what it acknowledged and nobody else has is gone for good, and with it the evidence of what is lost`,
        ]
      : []),
    ...(later === undefined
      ? []
      : [
          `${asked.name} knows a later epoch (${later}) than ${primary.name} (${primary.reading.epoch}): be sure that ${primary.name} is the one whose data are to stay`,
        ]),
  ];
}

/** In the order of the steps of the workflow. */
function actionsOf({ intent, primary, asked, standing, soakMs }: Chosen): PlannedAction[] {
  const [name, to] = [asked.name, primary.name];
  const { keep, start } = intent.rejoin ?? {};
  const isReplica = standing === 'sound' || standing === 'astray';
  const action = (step: string, what: string, estimateMs?: number): PlannedAction => ({
    ...{ step, what, reversible: false },
    ...(estimateMs === undefined ? {} : { estimateMs }),
  });
  return [
    ...(isReplica ? [] : [action('redis.quarantine', `refuse all writes on ${name}, at once and for good`)]),
    ...(holdsData(standing)
      ? [
          action(
            'redis.keep-data',
            keep
              ? `keep the data of ${name} before anything replaces them: ${keep.name}`
              : `keep nothing of ${name}: the platform file has no hook for it`,
          ),
        ]
      : []),
    ...(standing === 'down'
      ? [action('redis.start-node', start ? `start ${name}: ${start.name}` : `wait until somebody has started ${name}`)]
      : []),
    ...(standing === 'sound'
      ? []
      : [
          action('redis.follow', `let ${name} follow ${to}, persisted in the same transaction`),
          action('redis.catch-up', `wait until ${name} has a copy and its link is up`),
        ]),
    action('redis.restore-write-safety', `min-replicas-to-write on ${to} and its replicas, as the platform file says`),
    action('redis.prove-roles', `prove: ${to} is the only primary, ${name} follows it, the discovery agrees`),
    action('redis.check-replication', `watch it for ${Math.round(soakMs / 1000)} s`, soakMs),
  ];
}
