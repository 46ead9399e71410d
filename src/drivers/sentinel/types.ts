import type { Endpoint } from '../redis/index.ts';

/** What a Sentinel says of a group (`SENTINEL MASTER`). Milliseconds. */
export type SentinelState = {
  /** Whom it watches as primary. During a failover this is the old one until all replicas follow the new. */
  primary: Endpoint;
  /** It, or with it a quorum, counts the primary as down. */
  isDown: boolean;
  failoverInProgress: boolean;
  /** `wait_start`, `wait_promotion`, `reconf_slaves`, …, while one is in progress. */
  failoverState?: string;
  /** Raised by every failover; the Sentinels settle on the decision with the highest. */
  configEpoch: number;
  otherSentinels: number;
  quorum: number;
  downAfterMs: number;
  failoverTimeoutMs: number;
};

/** A replica as a Sentinel knows it from its INFO, up to 10 s old. */
export type SentinelReplica = Endpoint & { flags: readonly string[]; priority: number; offset: number };

/** One connection to one Sentinel, as small verbs. Every verb throws catalogue errors. */
export type SentinelNode = {
  readonly endpoint: Endpoint;
  /** What it tells clients. Names the new primary from the moment that its promotion is seen and written down. @throws SENTINEL_UNKNOWN_MASTER */
  primaryAddress: (master: string) => Promise<Endpoint>;
  /** @throws SENTINEL_UNKNOWN_MASTER */
  state: (master: string) => Promise<SentinelState>;
  /** Whether enough Sentinels are there to agree on a failover and to authorize it, in its own words. */
  ckquorum: (master: string) => Promise<{ ok: boolean; answer: string }>;
  /** TILT: its clock jumped; it acts on nothing for 30 s. */
  tilt: () => Promise<boolean>;
  replicas: (master: string) => Promise<readonly SentinelReplica[]>;
  /** Whether it offers `SENTINEL FAILOVER … COORDINATED` (Valkey 9): asked of its own help text, not read from a version. */
  offersCoordinated: () => Promise<boolean>;
  /**
   * `SENTINEL FAILOVER`: it promotes without asking the others and without the primary's consent, so that writes have to
   * be held. `coordinated` lets the primary hand over itself. `notAfterMs` (of `performance.now()`) is looked at last thing
   * before the command is sent: a process that was stopped meanwhile sends nothing.
   * @throws SENTINEL_FAILOVER_IN_PROGRESS, SENTINEL_NO_GOOD_REPLICA, HANDOVER_LEASE_SPENT
   */
  failover: (master: string, options?: { coordinated?: boolean; notAfterMs?: number }) => Promise<void>;
  close: () => void;
};

/** A switch that a Sentinel told of. */
export type Switched = { from: Endpoint; to: Endpoint };
