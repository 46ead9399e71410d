import type { ActionOf, DraftOf, PlannedStep, RedisRejoinInput } from '../../../runs/index.ts';
import { likenessFindings } from '../group/checks.ts';
import type { JoinState } from '../join/join.ts';
import {
  bootGuardWarning,
  joinSentinelFindings,
  joinStateOf,
  presentPrimary,
  safetyAsWanted,
  stateInWords,
  syncWords,
} from '../join/join.ts';
import type { SeenNode } from '../group/roles.ts';
import { refOf, seenNodes } from '../group/roles.ts';
import { sentinelOfToday } from '../group/sentinel.ts';
import type { Finding, GroupFacts, NodeFacts, RedisRejoinData } from '../group/types.ts';
import type { RejoinIntent } from '../join/types.ts';

export type RejoinPlanning =
  { ok: true; draft: DraftOf<'redis.rejoin', RedisRejoinData> } | { ok: false; findings: readonly Finding[] };

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
  const stands = joinStateOf(asked, primary, intent.lagLimitBytes);
  findings.push(...joinSentinelFindings(facts, primary));
  if ('findings' in stands) findings.push(...stands.findings);
  if (findings.length > 0 || !('state' in stands)) return { ok: false, findings };
  return { ok: true, draft: draftOf({ intent, facts, input, soakMs, primary, asked, state: stands.state }) };
}

type Chosen = {
  intent: RejoinIntent;
  facts: GroupFacts;
  input: RedisRejoinInput;
  soakMs: number;
  primary: SeenNode;
  asked: NodeFacts;
  state: JoinState;
};

function draftOf(chosen: Chosen): DraftOf<'redis.rejoin', RedisRejoinData> {
  const { intent, facts, input, primary, asked, state } = chosen;
  const sound = seenNodes(facts).filter((node) => isSound(node, chosen) && node.name !== asked.name);
  const others = facts.nodes.filter(
    ({ name }) => name !== asked.name && name !== primary.name && !sound.some((node) => node.name === name),
  );
  const present = seenNodes(facts).find(({ name }) => name === asked.name);
  const idle = state === 'sound' && present !== undefined && safetyAsWanted(intent, primary, [present, ...sound]);
  const sentinel = sentinelOfToday(intent, facts);
  const needsApproval = approvalReasons(chosen);
  const [name, to] = [asked.name, primary.name];
  return {
    title: idle
      ? `Nothing to do: ${name} is a sound replica of ${to}`
      : `Bring ${name} back into ${input.group} as a replica of ${to}`,
    actions: idle ? [] : actionsOf(chosen),
    facts: [
      { label: `${to} now`, value: `${stateInWords(primary)}; the discovery says so too` },
      { label: `${name} now`, value: stateInWords(asked) },
      ...(state === 'sound' ? [] : [{ label: 'copy', value: syncWords(asked, primary) }]),
      ...sound.map((node) => ({ label: `${node.name} now`, value: stateInWords(node) })),
    ],
    warnings: [
      ...needsApproval.map((reason) => `Needs an approval: ${reason}`),
      ...others.map((node) => `${node.name} is left as it is: ${stateInWords(node)}`),
      ...(present ? likenessFindings(present, primary).map(({ message }) => message) : []),
      ...(state === 'down' ? [bootGuardWarning(asked, primary)] : []),
      ...(state === 'down' && !intent.rejoin?.start
        ? [`The platform file has no hook that starts ${name}: the run parks until an operator has started it`]
        : []),
      ...(sentinel && holdsData(state)
        ? [`The Sentinels make ${name} a replica as soon as they see it: its data may be replaced before they are kept`]
        : []),
    ],
    needsApproval: idle ? [] : needsApproval,
    irreversible: holdsData(state)
      ? [
          `Once ${name} follows ${to}, what it has and ${to} hasn't is discarded from it.`,
          `That ${name} refuses writes is never taken back by an abort: it is not the primary any more.`,
        ]
      : [],
    voidIf: [
      `${to} is no longer the primary, by its own word or the discovery's`,
      `${name} comes up, goes down, or changes its role`,
      'a changed platform file gives another plan',
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
      ...(intent.failover.forensics && holdsData(state)
        ? { lost: { group: input.group, dead: refOf(asked), candidate: refOf(primary) } }
        : {}),
    },
  };
}

function isSound(node: SeenNode, { primary, intent }: Chosen): boolean {
  const stands = joinStateOf(node, primary, intent.lagLimitBytes);
  return node.name !== primary.name && 'state' in stands && stands.state === 'sound';
}

/** A replica has nothing that its primary hadn't; what is down can't be asked. */
function holdsData(state: JoinState): boolean {
  return state === 'primary' || state === 'down';
}

function approvalReasons({ intent, primary, asked, state }: Chosen): string[] {
  const later = asked.reading && asked.reading.epoch > primary.reading.epoch ? asked.reading.epoch : undefined;
  return [
    ...(holdsData(state) && !intent.rejoin?.keep
      ? [
          `no hook keeps the data of ${asked.name}: writes that only it has are gone for good, and with them the evidence of what is lost`,
        ]
      : []),
    ...(later === undefined
      ? []
      : [
          `${asked.name} knows a later epoch (${later}) than ${primary.name} (${primary.reading.epoch}): make sure that the data of ${primary.name} is the data to keep`,
        ]),
  ];
}

/** In the order of the steps of the workflow. */
function actionsOf({ intent, primary, asked, state, soakMs }: Chosen): ActionOf<'redis.rejoin'>[] {
  const [name, to] = [asked.name, primary.name];
  const { keep, start } = intent.rejoin ?? {};
  const isReplica = state === 'sound' || state === 'astray';
  const action = (step: PlannedStep<'redis.rejoin'>, what: string, estimateMs?: number): ActionOf<'redis.rejoin'> => ({
    ...{ step, what, reversible: false },
    ...(estimateMs === undefined ? {} : { estimateMs }),
  });
  return [
    action(
      'redis.quarantine',
      isReplica ? `${name} is a replica: it takes no writes` : `refuse all writes on ${name}, at once and for good`,
    ),
    action(
      'redis.keep-data',
      !holdsData(state)
        ? `keep nothing of ${name}: it has nothing that ${to} has not`
        : keep
          ? `keep the data of ${name} before anything replaces them: ${keep.name}`
          : `keep nothing of ${name}: the platform file has no hook for it`,
    ),
    ...(intent.failover.forensics && holdsData(state)
      ? [action('redis.forensics', `read from the files of ${name} which writes are discarded`)]
      : []),
    action(
      'redis.start-node',
      state !== 'down'
        ? `see that ${name} runs and takes no writes`
        : start
          ? `start ${name}: ${start.name}`
          : `wait until an operator has started ${name}`,
    ),
    action('redis.follow', `let ${name} follow ${to}, persisted in the same transaction`),
    action('redis.catch-up', `wait until ${name} has a copy and its link is up`),
    action('redis.restore-write-safety', `min-replicas-to-write on ${to} and its replicas, as the platform file says`),
    action('redis.prove-roles', `prove: ${to} is the only primary, ${name} follows it, the discovery agrees`),
    action('redis.check-replication', `watch it for ${Math.round(soakMs / 1000)} s`, soakMs),
  ];
}
