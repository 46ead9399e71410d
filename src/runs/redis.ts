import type { RunInput } from './protocol.ts';

/**
 * `fast`: leased write pause, 5–50 ms without writes. `failover`: the server's own FAILOVER, about 1 s. Under Sentinel, and
 * only there: `sentinel`: leased write pause and SENTINEL FAILOVER, about 1.5 s; `coordinated`: the Sentinel lets the
 * primary hand over itself (Valkey 9), about 1 s.
 */
export type RedisProcedure = 'fast' | 'failover' | 'sentinel' | 'coordinated';

/** The input of a planned handover of a group's primary. */
export type RedisSwitchoverInput = RunInput & {
  /** The group's name in the platform file. */
  group: string;
  /** The node that is to become primary; the fittest replica unless given. */
  to?: string;
  /** Chosen by the plan unless given. */
  procedure?: RedisProcedure;
};

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
  /** When that was read, as an ISO instant. */
  lastKnownAt?: string;
  /** Somebody must approve, whatever the policy says (a guard whose mode is `ask`). */
  ask?: boolean;
};

/** The input of the return of an old primary, as a replica. */
export type RedisRejoinInput = RunInput & {
  /** The group's name in the platform file. */
  group: string;
  /** The node that comes back. */
  node: string;
};

/** The input of the return to as many sound replicas as the platform file declares. */
export type RedisRestoreRedundancyInput = RunInput & {
  /** The group's name in the platform file. */
  group: string;
};

/**
 * What one look at a primary came to. Only `dead` speaks for its death, and `unresolved` for neither side: its name does not
 * resolve there, so that nothing was asked of it. All others are answers.
 */
export type RedisSightVerdict =
  'alive' | 'dead' | 'loading' | 'busy' | 'refusing-writes' | 'auth-failed' | 'unresolved';

/** What one vantage saw. */
export type RedisSight = {
  vantage: string;
  /** Its failure domain: sights with the same one count once, however many processes they came from. */
  domain: string;
  verdict: RedisSightVerdict;
  detail: string;
  probes: number;
  ms: number;
};

/** What a vantage is asked to look at. Milliseconds. */
export type RedisSightCall = { group: string; node: string; probes: number; everyMs: number; timeoutMs: number };

/**
 * What a replica's link says of the primary. `sees`: the link is up and something came over it. `silent`: up, and nothing
 * came for longer than the primary's pings are apart (it is frozen, or hangs). `elsewhere`: it follows another node.
 */
export type RedisLinkSight = {
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
  links: readonly RedisLinkSight[];
};

/** The input of an audit: one group, or all of the platform file. */
export type RedisAuditInput = { group?: string };

/** One thing that an audit found: what, where, and the operator's next command. */
export type RedisAuditFinding = { code: string; message: string; place?: string; hint: string };

/** What a terminated run, or anybody else, may have left behind. A group without findings is as the platform file says. */
export type RedisAudit = {
  groups: readonly { group: string; primary?: string; findings: readonly RedisAuditFinding[] }[];
};
