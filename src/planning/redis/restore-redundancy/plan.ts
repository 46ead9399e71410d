import type { ActionOf, DraftOf, PlannedStep, RedisRestoreRedundancyInput } from '../../../runs/index.ts';
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
import type { RejoinIntent } from '../join/types.ts';
import type { SeenNode } from '../group/roles.ts';
import { refOf } from '../group/roles.ts';
import { sentinelOfToday } from '../group/sentinel.ts';
import type { Finding, GroupFacts, NodeFacts, RedisRedundancyData } from '../group/types.ts';

/** Everything that was read for it. */
export type RedundancyFacts = GroupFacts & {
  /** Who was primary before the last failover, as that one recorded it. */
  failedOver?: { from: string; epoch: number };
};

export type RedundancyPlanning =
  | { ok: true; draft: DraftOf<'redis.restore-redundancy', RedisRedundancyData> }
  | { ok: false; findings: readonly Finding[] };

type Member = { node: NodeFacts; state: JoinState };

/** Those that only need to be told come before those that have to be started: each makes the group safer at once. */
const order: readonly JoinState[] = ['astray', 'empty', 'down'];

/** Facts → how the group gets all its declared replicas back, or what is in the way. Pure. Runbook: docs/redis/restore-redundancy.md. */
export function planRedundancy(
  intent: RejoinIntent,
  facts: RedundancyFacts,
  input: RedisRestoreRedundancyInput,
  soakMs: number,
): RedundancyPlanning {
  const present = presentPrimary(facts);
  if ('findings' in present) return { ok: false, findings: [...present.findings, ...otherProblems(facts)] };
  const { primary } = present;
  const findings = joinSentinelFindings(facts, primary);
  const members: Member[] = [];
  for (const node of facts.nodes.filter(({ name }) => name !== primary.name)) {
    const stands = joinStateOf(node, primary, intent.lagLimitBytes);
    if ('findings' in stands) findings.push(...stands.findings);
    else if (stands.state === 'primary') findings.push(oldPrimary(node, primary));
    else members.push({ node, state: stands.state });
  }
  if (findings.length > 0) return { ok: false, findings };
  return { ok: true, draft: draftOf({ intent, facts, input, soakMs, primary, members }) };
}

function oldPrimary({ name, reading }: NodeFacts, primary: SeenNode): Finding {
  const message = `${name} says that it is primary beside ${primary.name}, and has ${reading?.keys ?? 0} keys`;
  return { code: 'REDIS_OLD_PRIMARY', message, place: name };
}

function otherProblems({ nodes, discovery }: GroupFacts): Finding[] {
  const named = discovery.kind === 'entry' ? discovery.primary : undefined;
  return nodes
    .filter(({ host, port }) => host !== named?.host || port !== named.port)
    .flatMap(({ name, problem }) => (problem ? [{ ...problem, place: name }] : []));
}

type Chosen = {
  intent: RejoinIntent;
  facts: RedundancyFacts;
  input: RedisRestoreRedundancyInput;
  soakMs: number;
  primary: SeenNode;
  members: readonly Member[];
};

function draftOf(chosen: Chosen): DraftOf<'redis.restore-redundancy', RedisRedundancyData> {
  const { intent, facts, input, primary, members } = chosen;
  const missing = order.flatMap((state) => members.filter((member) => member.state === state));
  const replicas = members.map(({ node }) => refOf(node)).sort((a, b) => (a.name < b.name ? -1 : 1));
  const seen = members.flatMap(({ node }) => (node.reading ? [{ ...refOf(node), reading: node.reading }] : []));
  const idle = missing.length === 0 && safetyAsWanted(intent, primary, seen);
  const sentinel = sentinelOfToday(intent, facts);
  const needsApproval = approvalReasons(chosen);
  const names = missing.map(({ node }) => node.name).join(', ');
  return {
    title: idle
      ? `Nothing to do: ${primary.name} has its ${members.length} declared replicas`
      : missing.length > 0
        ? `Bring ${names} back into ${input.group} as ${missing.length > 1 ? 'replicas' : 'a replica'} of ${primary.name}`
        : `Restore the write safety of ${input.group}`,
    actions: idle ? [] : actionsOf(chosen, missing),
    facts: [
      { label: `${primary.name} now`, value: `${stateInWords(primary)}; the discovery says so too` },
      ...members.map(({ node, state }) => ({
        label: `${node.name} now`,
        value: `${state}: ${stateInWords(node)}`,
      })),
      ...missing.map(({ node }) => ({ label: `copy for ${node.name}`, value: syncWords(node, primary) })),
    ],
    warnings: [
      ...needsApproval.map((reason) => `Needs an approval: ${reason}`),
      ...seen.flatMap((node) => likenessFindings(node, primary).map(({ message }) => message)),
      ...missing.filter(({ state }) => state === 'down').map(({ node }) => bootGuardWarning(node, primary)),
      ...(intent.rejoin?.start
        ? []
        : missing
            .filter(({ state }) => state === 'down')
            .map(
              ({ node }) =>
                `The platform file has no hook that starts ${node.name}: the run parks until an operator has started it`,
            )),
    ],
    needsApproval,
    irreversible: missing.map(({ node }) => `Once ${node.name} follows ${primary.name}, its own data set is replaced.`),
    voidIf: [
      `${primary.name} is no longer the primary, by its own word or the discovery's`,
      'a node comes up, goes down, or changes its role',
      'a changed platform file gives another plan',
    ],
    data: {
      group: input.group,
      candidate: refOf(primary),
      siblings: replicas,
      writeSafety: { ...intent.writeSafety },
      lagLimitBytes: intent.lagLimitBytes,
      ...(sentinel ? { sentinel } : {}),
      idle,
      joins: missing.map(({ node }) => ({
        group: input.group,
        candidate: refOf(primary),
        node: refOf(node),
        mayDiscard: false,
        bySentinel: false,
      })),
    },
  };
}

/** A node that was primary and is down may hold what nobody else has: that is a rejoin's business, unless somebody says otherwise. */
function approvalReasons({ facts: { failedOver }, members, primary }: Chosen): string[] {
  const was = members.find(({ node, state }) => state === 'down' && node.name === failedOver?.from);
  if (!was || !failedOver) return [];
  const { name } = was.node;
  return [
    `${name} was primary before the failover to ${primary.name} (epoch ${failedOver.epoch}) and may have writes that no other node has: redis.rejoin keeps its data first, this run does not`,
  ];
}

/** In the order of the steps of the workflow. */
function actionsOf(
  { intent, primary, soakMs }: Chosen,
  missing: readonly Member[],
): ActionOf<'redis.restore-redundancy'>[] {
  const to = primary.name;
  const start = intent.rejoin?.start;
  const action = (
    step: PlannedStep<'redis.restore-redundancy'>,
    what: string,
  ): ActionOf<'redis.restore-redundancy'> => ({ step, what, reversible: false });
  return [
    ...missing.flatMap(({ node: { name }, state }) => [
      action(
        'redis.start-node',
        state === 'empty'
          ? `refuse all writes on ${name}, which is empty`
          : state !== 'down'
            ? `see that ${name} runs and takes no writes`
            : start
              ? `start ${name}: ${start.name}`
              : `wait until an operator has started ${name}`,
      ),
      action('redis.follow', `let ${name} follow ${to}, persisted in the same transaction`),
      action('redis.catch-up', `wait until ${name} has a copy and its link is up`),
    ]),
    action('redis.restore-write-safety', `min-replicas-to-write on every node, as the platform file says`),
    action('redis.prove-roles', `prove: ${to} is the only primary, all others follow it, the discovery agrees`),
    { ...action('redis.check-replication', `watch it for ${Math.round(soakMs / 1000)} s`), estimateMs: soakMs },
  ];
}
