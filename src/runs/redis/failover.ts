import type { RunInput } from '../protocol.ts';

/** The steps of its runs, in the order in which they first take place. */
export const failoverSteps = [
  'fence',
  'lease-ended',
  'promote',
  'repoint-siblings',
  'forensics',
  'restore-write-safety',
  'prove-roles',
  'check-replication',
] as const;

/** The input of an unplanned failover: the primary is dead, or believed to be. */
export type RedisFailoverInput = RunInput & {
  /** The group's name in the platform file. */
  group: string;
  /** The replica that is to become primary; the one with the highest offset unless given. */
  to?: string;
  /** There was a failover a short while ago, and there shall be another one. */
  acknowledgeRecentFailover?: boolean;
  /** What is accepted where no fence can be confirmed, in words: they are shown in the plan and kept in the report. */
  acceptSplitBrainRisk?: string;
  /** Replication bytes that may be lost; the platform file's `lossLimit` unless given. */
  acceptLossBytes?: number;
  /** The last offset of the dead primary that anybody read, for the loss in bytes; the guard knows it. */
  lastKnownOffset?: number;
  /** When that was read, as an ISO instant by Temporal's clock: an age is never reckoned from two machines' clocks. */
  lastKnownAt?: string;
  /** What the dead primary said of itself last: a lease rests on it, and on nothing else. The guard reads it. */
  lastReading?: RedisPrimaryReading;
  /** Somebody must approve, whatever the policy says (a guard whose mode is `ask`). */
  ask?: boolean;
};

/** What a primary said of itself. */
export type RedisPrimaryReading = {
  /** The node that said it. */
  node: string;
  minReplicasToWrite: number;
  minReplicasMaxLagSeconds: number;
  /** Who followed it: names of the platform file, `host:port` for a replica that has none. */
  replicas: readonly string[];
  /** How long before it counted as silent this was read, at most. Milliseconds. */
  ageMs: number;
};

/**
 * What one look at a primary came to. Only `dead` speaks for its death, and `unresolved` for neither side: its name does not
 * resolve there, so that nothing was asked of it. All others are answers.
 */
export type RedisObservationVerdict =
  'alive' | 'dead' | 'loading' | 'busy' | 'refusing-writes' | 'auth-failed' | 'unresolved';

/** What one vantage saw. */
export type RedisObservation = {
  vantage: string;
  /** Its failure domain: observations with the same one count once, however many processes they came from. */
  domain: string;
  verdict: RedisObservationVerdict;
  detail: string;
  probes: number;
  ms: number;
};

/** What a vantage is asked to look at. Milliseconds. */
export type RedisObservationCall = { group: string; node: string; probes: number; everyMs: number; timeoutMs: number };

/**
 * What a replica's link says of the primary. `sees`: the link is up and something came over it. `silent`: up, and nothing
 * came for longer than the primary's pings are apart (it is frozen, or hangs). `elsewhere`: it follows another node.
 */
export type RedisLinkObservation = {
  replica: string;
  state: 'sees' | 'silent' | 'down' | 'elsewhere' | 'unreachable';
  detail: string;
};

/** The primary that is believed to be dead, and who is to be asked about it. */
export type RedisSuspect = {
  primary: { name: string; host: string; port: number };
  vantages: readonly string[];
  probes: number;
  probeEveryMs: number;
  probeTimeoutMs: number;
  links: readonly RedisLinkObservation[];
  /** The other nodes' own time once the links were looked at, by name: how old this is, is asked of the same clock later. */
  clocks?: Readonly<Record<string, number>>;
};
