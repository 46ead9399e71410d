import type { IdResult } from '../kinds.ts';
import { targetOf } from '../kinds.ts';
import type { ActivityProfile } from '../policy.ts';
import type { RedisPrimaryReading } from './failover.ts';

/** What a guard does about a dead primary: report it, start a failover that waits for an approval, or start one. */
export const guardModes = ['observe', 'ask', 'act'] as const;

export type GuardMode = (typeof guardModes)[number];

/** The kind that a guard is found under in search attributes and notices. It is no kind of run: no plan, no lock. */
export const guardKind = 'redis.guard';

/** The exported workflow function. */
export const guardType = 'redisGuard';

/** The input of a guard. */
export type RedisGuardInput = {
  /** The group's name in the platform file. */
  group: string;
  /** The group's `failover.mode` unless given. */
  mode?: GuardMode;
  requestedBy?: string;
  reason?: string;
};

/** The id of a group's guard, from the input alone: there can't be a second one. Never the group's lock. */
export function guardId(input: unknown): IdResult {
  const target = targetOf(input, 'group');
  return target.ok ? { ...target, id: `guard/redis/${target.target}` } : target;
}

/** What the platform file says of a guard. Milliseconds. */
export type GuardPolicy = {
  mode: GuardMode;
  /** Sentinels decide: whatever its mode, the guard only reports. */
  sentinel: boolean;
  /** How many people the policy of redis.failover asks: in mode `act` too. */
  approvers: number;
  sampleEveryMs: number;
  auditEveryMs: number;
  /** The longest that one watch lasts before it reports back. */
  sliceMs: number;
  /** How long a watch may wait for a worker before nobody counts as watching. */
  unwatchedAfterMs: number;
  /** Between two failovers that came to nothing: doubled each time, up to `retryMaxMs`. */
  retryFirstMs: number;
  retryMaxMs: number;
  remindEveryMs: number;
  profile: ActivityProfile;
};

/** One reading of a primary. */
export type GuardSample = {
  node: string;
  offset: number;
  /** By Temporal's clock, never later than it was. */
  at: string;
  /** What it says of itself, since its lease rests on that; left out where the worker may not read it. */
  own?: Pick<RedisPrimaryReading, 'minReplicasToWrite' | 'minReplicasMaxLagSeconds' | 'replicas'>;
};

/** How far a replica is behind, by what the primary has heard from it. */
export type GuardLag = { replica: string; online: boolean; lagBytes: number; ackedSecondsAgo: number };

/** Something that is not as it should be. Same code and place: the same finding. */
export type GuardFinding = { code: string; message: string; place?: string };

/** The state of a guard's knowledge, carried from watch to watch. */
export type GuardKnowledge = {
  primary?: string;
  last?: GuardSample;
  lags: readonly GuardLag[];
  findings: readonly GuardFinding[];
  /** When the configuration was last looked at. */
  auditedAt?: string;
  /** The primary that is known not to answer. */
  silent?: { node: string; since: string; why: string };
};

/** One watch: for how long, and what is known already and so no news. */
export type GuardWatchCall = { group: string; forMs: number; known: GuardKnowledge };

/**
 * Why a watch came back. `slice`: its time was over. `first-look`: there was nothing known before. `interrupted`: it was
 * told to stop.
 */
export type GuardEvent = 'slice' | 'first-look' | 'silent' | 'answers' | 'primary-changed' | 'findings' | 'interrupted';

/** What a watch saw. */
export type GuardWatched = {
  event: GuardEvent;
  known: GuardKnowledge;
  samples: number;
  /** As the worker's platform file says now. */
  policy: GuardPolicy;
};

/** What a watch puts into its heartbeats: a retry, and whoever looks at the pending activity, has it from there. */
export type GuardHeartbeat = {
  /** By Temporal's clock. Milliseconds since the epoch. */
  startedAt: number;
  samples: number;
  known: GuardKnowledge;
};

/** `watching`: all is well or reported. `alarm`: the primary doesn't answer. `unwatched`: nobody looks. */
export const guardStates = ['starting', 'watching', 'alarm', 'unwatched', 'paused', 'stopped', 'refused'] as const;

export type GuardState = (typeof guardStates)[number];

/** A failover that a guard started, and what became of it. */
export type GuardFailover = {
  workflowId: string;
  runId: string;
  startedAt: string;
  node: string;
  lastKnownOffset?: number;
  /** Left out while it is under way. */
  outcome?: string;
  /** Why it came to nothing. */
  code?: string;
  message?: string;
  endedAt?: string;
};

/** A finding, since when, and whether people were told. */
export type GuardFindingSeen = GuardFinding & {
  since: string;
  announced: boolean;
  /** A run that held the group when this was found: its doing, most likely. */
  during?: string;
};

/** A primary that does not answer, and what came of it. */
export type GuardAlarm = {
  node: string;
  since: string;
  why: string;
  /** Failovers that came to nothing, in a row. */
  refusals: number;
  lastRefusal?: { code: string; message: string; at: string };
  /** Not before this is the next failover started. */
  nextTryAt?: string;
  /** How long before the alarm the last sample was read, at most. Milliseconds. */
  readMs?: number;
};

/** Why nobody watches. */
export type GuardUnwatched = { since: string; code: string; message: string; times: number };

export type GuardPause = { by: string; reason: string; since: string; until?: string };

/** The answer of a guard's query `status`, and of its updates. */
export type GuardStatus = {
  kind: typeof guardKind;
  target: string;
  workflowId: string;
  runId: string;
  /** With a proxy run: the guard that does the work. */
  proxyFor?: string;
  state: GuardState;
  since: string;
  startedAt: string;
  /** In force. */
  mode: GuardMode;
  /** Why less is done than the mode says, or somebody is asked all the same. */
  restraint?: string;
  requestedBy?: string;
  reason?: string;
  primary?: string;
  last?: GuardSample;
  lags: readonly GuardLag[];
  auditedAt?: string;
  findings: readonly GuardFindingSeen[];
  alarm?: GuardAlarm;
  unwatched?: GuardUnwatched;
  paused?: GuardPause;
  /** The last ten. */
  failovers: readonly GuardFailover[];
  /** What people did: the last twenty. */
  actions: readonly { at: string; action: string; by: string; reason?: string }[];
  /** Since the guard was started, over all its runs. */
  slices: number;
  samples: number;
};

/** The result of a guard: what it was when it was stopped; of a proxy run: which guard does the work. */
export type GuardEnd = { guard: string; runId: string; started: boolean; words: string; status?: GuardStatus };

export const guardUpdateNames = { pause: 'pause', resume: 'resume', stop: 'stop' } as const;

export type GuardUpdateName = keyof typeof guardUpdateNames;

/** `forMs`: it resumes by itself after this. */
export type GuardPauseRequest = { by: string; reason: string; forMs?: number };
export type GuardResumeRequest = { by: string; reason?: string };
export type GuardStopRequest = { by: string; reason?: string };

/** The argument of each update of a guard. */
export type GuardRequests = { pause: GuardPauseRequest; resume: GuardResumeRequest; stop: GuardStopRequest };

/** Whether two findings are the same one. */
export function findingKey({ code, place }: Pick<GuardFinding, 'code' | 'place'>): string {
  return place === undefined ? code : `${code}@${place}`;
}
