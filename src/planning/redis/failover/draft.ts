import type { ActionOf, DraftOf, PlannedStep, RedisFailoverInput } from '../../../runs/index.ts';
import { ageOf, seconds } from '../group/age.ts';
import type { Survivor } from './choose-survivor.ts';
import type { LeaseJudgement } from './lease.ts';
import type { FailoverFacts, FailoverIntent } from './types.ts';
import { primariesOf } from '../group/roles.ts';
import type { SeenNode } from '../group/roles.ts';
import type { RedisFailoverData } from '../group/types.ts';

export type FailoverDraft = {
  intent: FailoverIntent;
  facts: FailoverFacts;
  input: RedisFailoverInput;
  data: RedisFailoverData;
  survivors: readonly Survivor[];
  candidate: SeenNode;
  /** A fence that proves something (command, ssh) is among those to be tried. */
  canConfirm: boolean;
  leaseServes: boolean;
  lease: LeaseJudgement;
  /** What the lease rests on, where there is one. */
  grounds: string | undefined;
  /** Why the primary counts as dead. */
  why: string;
  soakMs: number;
};

/** Old primaries that came back by themselves. */
function strays({ facts, data }: FailoverDraft): SeenNode[] {
  return primariesOf(facts).filter(({ name }) => name !== data.dead.name && name !== data.candidate.name);
}

/** The decision in words: what will be done, what may be lost, and what somebody must answer for. */
export function draftOf(draft: FailoverDraft): DraftOf<'redis.failover', RedisFailoverData> {
  const { facts, input, data, survivors, candidate, why } = draft;
  const needsApproval = approvalReasons(draft);
  return {
    title: `Fail ${input.group} over from ${data.dead.name}, which is dead, to ${data.candidate.name}`,
    actions: actionsOf(draft),
    facts: [
      { label: 'why dead', value: why },
      { label: 'loss (RPO)', value: lossOf(draft).words },
      ...(draft.intent.failover.fences.some(({ kind }) => kind === 'lease')
        ? [{ label: 'what the lease rests on', value: draft.grounds ?? `nothing: ${draft.lease.why}` }]
        : []),
      { label: `${candidate.name} now`, value: `${candidate.reading.role}, offset ${candidate.reading.offset}` },
      ...survivors
        .filter(({ name }) => name !== candidate.name)
        .map(({ name, reading }) => ({ label: `${name} now`, value: `replica, offset ${reading.offset}` })),
      ...facts.observations.map(({ vantage, verdict, detail, ms }) => ({
        label: `seen from ${vantage}`,
        value: `${verdict} in ${Math.round(ms)} ms: ${detail}`,
      })),
    ],
    warnings: [
      ...needsApproval.map((reason) => `Needs an approval: ${reason}`),
      ...(draft.canConfirm
        ? []
        : [
            `No fence proves that ${data.dead.name} is off. The lease holds against a crash and a partition; a primary that was only frozen may take writes when it wakes, and those are lost.`,
          ]),
      ...strays(draft).map(
        ({ name, reading }) =>
          `${name} says that it is primary too, under the older epoch ${reading.epoch}: it is left as it is; \`gantry redis rejoin ${input.group} ${name}\` brings it back`,
      ),
      ...data.absent.map(({ name }) => {
        const why = facts.nodes.find((node) => node.name === name)?.problem?.message ?? 'no answer';
        return `${name} cannot be asked (${why}): it is left as it is`;
      }),
      ...(data.siblings.length < data.writeSafety.minReplicasToWrite
        ? [
            `${data.candidate.name} will have ${data.siblings.length} replicas: min-replicas-to-write stays at ${data.siblings.length} until redundancy is restored, and the next lease is void until then`,
          ]
        : []),
    ],
    needsApproval,
    irreversible: [
      `From the promotion of ${data.candidate.name} on there is no undo: going back is a switchover.`,
      `What ${data.dead.name} acknowledged and ${data.candidate.name} never got is lost to clients; the data of ${data.dead.name} must be kept until it has been looked at.`,
      ...(draft.canConfirm ? [`A fence that stops ${data.dead.name} is not taken back.`] : []),
    ],
    voidIf: [
      `${data.dead.name} is seen alive, or a replica hears from it`,
      `another replica becomes the fittest, or one joins or leaves`,
      'a changed platform file gives another plan',
    ],
    data,
  };
}

/** The RPO before the promotion. Without a last known offset only what the best replica has bounds it, from below. */
function lossOf({ facts, data, candidate, survivors }: FailoverDraft): { bytes: number; words: string } {
  const best = Math.max(candidate.reading.offset, ...survivors.map(({ reading }) => reading.offset));
  const known = Math.max(best, data.lastKnownOffset ?? 0);
  const bytes = known - candidate.reading.offset;
  const rate = facts.writeBytesPerSecond;
  if (data.lastKnownOffset === undefined) {
    return { bytes, words: `unknown: at least ${bytes} bytes (the dead primary’s last offset was not recorded)` };
  }
  const more =
    rate === undefined ? 'what was written after that reading comes on top' : `about ${Math.round(rate)} B/s`;
  return { bytes, words: `at least ${bytes} bytes, from the last known offset ${data.lastKnownOffset}; ${more}` };
}

function approvalReasons(draft: FailoverDraft): string[] {
  const { intent, input, lease } = draft;
  const { bytes } = lossOf(draft);
  const limit = input.acceptLossBytes ?? intent.failover.lossLimitBytes;
  return [
    ...(input.ask ? ['it was asked for (mode ask)'] : []),
    ...(bytes > limit ? [`at least ${bytes} bytes of writes are lost; without asking it may be ${limit}`] : []),
    ...unseenReasons(draft),
    ...(!draft.canConfirm && !draft.leaseServes && !lease.valid
      ? [`no fence can be confirmed and the lease is void: ${lease.why}`]
      : []),
    ...(input.acceptSplitBrainRisk === undefined
      ? []
      : [
          `if no fence can be confirmed, the run goes on without one, with this risk accepted: ${input.acceptSplitBrainRisk}`,
        ]),
  ];
}

/**
 * What no number of bytes tells: the candidate was cut off long ago, and nobody has read since how far the primary had come;
 * or it has missed that the primary became one.
 */
function unseenReasons({ intent, facts, input, candidate, survivors }: FailoverDraft): string[] {
  const { maxLinkAgeMs } = intent.failover;
  const link = survivors.find(({ name }) => name === candidate.name);
  const readMs = ageOf(input.lastKnownAt, facts.nowMs) ?? Infinity;
  const unseenMs = Math.min(link?.linkAgeMs ?? 0, readMs);
  const read = Number.isFinite(readMs) ? `was last read ${seconds(readMs)} ago` : 'was never read';
  const told = facts.discovery.kind === 'entry' ? facts.discovery.epoch : 0;
  return [
    ...(unseenMs > maxLinkAgeMs
      ? [
          `${candidate.name} has had nothing from the primary for ${seconds(link?.linkAgeMs ?? 0)}, whose offset ${read}: what the primary took in between is lost, and how much that is is not known`,
        ]
      : []),
    ...(candidate.reading.epoch < told
      ? [
          `${candidate.name} knows the epoch ${candidate.reading.epoch}, clients were told ${told}: it has missed a change of the primary`,
        ]
      : []),
  ];
}

/** In the order of the steps of the workflow. */
function actionsOf({ intent, data, soakMs }: FailoverDraft): ActionOf<'redis.failover'>[] {
  const [from, to] = [data.dead.name, data.candidate.name];
  const replicas = data.siblings.map(({ name }) => name).join(', ');
  const action = (step: PlannedStep<'redis.failover'>, what: string) => ({ step, what, reversible: false });
  const lease = intent.failover.fences.some(({ kind }) => kind === 'lease');
  const why = `where no other fence is confirmed`;
  return [
    {
      step: 'redis.fence',
      what: `make sure that ${from} takes no more writes; the first confirmed fence is enough: ${intent.failover.fences.map((fence) => fenceWords(fence, data)).join('; then ')}`,
      reversible: true,
    },
    ...(lease
      ? [
          { ...action('run.wait', `${why}: let the lease of ${from} end`), reversible: true },
          { ...action('redis.lease-ended', `${why}: see that no replica has renewed it`), reversible: true },
        ]
      : []),
    {
      step: 'redis.promote',
      what: `make ${to} primary under a new epoch, persist it, redirect clients`,
      reversible: false,
      estimateMs: 50,
    },
    action('redis.repoint-siblings', replicas ? `let ${replicas} follow ${to}` : `no other replica is to follow ${to}`),
    action(
      'redis.forensics',
      intent.failover.forensics
        ? `read from the files of ${from} which writes are lost`
        : `say that the lost writes are not known: the platform file does not say how the files of ${from} are read`,
    ),
    action(
      'redis.restore-write-safety',
      `min-replicas-to-write ${Math.min(data.writeSafety.minReplicasToWrite, data.siblings.length)} on ${to}, as far as there are replicas`,
    ),
    action('redis.prove-roles', `prove: ${to} is the only primary, the discovery agrees`),
    { ...action('redis.check-replication', `watch it for ${Math.round(soakMs / 1000)} s`), estimateMs: soakMs },
  ];
}

function fenceWords(
  { kind, name, what }: FailoverIntent['failover']['fences'][number],
  data: RedisFailoverData,
): string {
  switch (kind) {
    case 'refuse-writes':
      return `refuse writes on ${data.dead.name}, if it answers`;
    case 'command':
    case 'ssh':
      return `${name ?? kind} (${what ?? kind})`;
    case 'lease':
      return `wait until its lease has ended (${data.leaseMs / 1000} s from the last acknowledgement)`;
  }
}
