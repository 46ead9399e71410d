import type { ErrorCode } from '../../../errors/index.ts';
import type { RedisProcedure } from '../../../runs/index.ts';

export type Address = { host: string; port: number };

/** A node of a group: its name in the platform file and where it listens. */
export type NodeRef = { name: string; host: string; port: number };

/** What the platform file says of a group, as far as a plan needs it. Structurally a part of its `RedisGroup`. */
export type GroupIntent = {
  nodes: readonly NodeRef[];
  path: 'direct' | 'proxied';
  lagLimitBytes: number;
  handover: HandoverLimits;
  writeSafety: WriteSafety;
  /** Where Sentinels watch the group. */
  sentinel?: { master: string; pauseMs: number };
  /** Findings that are as they should be here, as `CODE` or `CODE@place`. */
  guard?: { accept: readonly string[] };
};

/** Milliseconds. */
export type HandoverLimits = {
  /** How long the old primary holds writes back if nobody ends it. */
  pauseMs: number;
  /** How long the candidate may take to reach the paused primary's offset. */
  equalityMs: number;
  /** What must be left of the pause when the demotion is sent. */
  leaseReserveMs: number;
  /** For FAILOVER: how long it may wait for the candidate. */
  failoverTimeoutMs: number;
};

export type WriteSafety = { minReplicasToWrite: number; minReplicasMaxLagSeconds: number };

/** One user's rules by kind (state, keys, commands, …), in a form in which equal rights are equal texts. No secret is in it. */
export type UserRules = Readonly<Record<string, string>>;

/** What one node answered. */
export type NodeReading = {
  version: string;
  role: 'primary' | 'replica';
  /** A replica: whom it follows. */
  follows?: Address;
  /** Under which address a primary lists this node; left out where the worker may not ask. */
  announces?: Address;
  /** A primary: who follows it, under the addresses that they announce. */
  replicas: readonly Address[];
  linkUp: boolean;
  syncInProgress: boolean;
  /** Written by a primary, applied by a replica. Bytes. */
  offset: number;
  replid: string;
  /** The history that it continued, and the first offset that is its own; -1 without one. */
  replid2: string;
  secondOffset: number;
  /** In all databases. */
  keys: number;
  priority: number;
  failoverInProgress: boolean;
  loading: boolean;
  savingRdb: boolean;
  rewritingAof: boolean;
  aofEnabled: boolean;
  rdbEnabled: boolean;
  hasConfigFile: boolean;
  /** `replica-read-only`: as a replica it refuses the writes of clients. */
  readOnlyAsReplica: boolean;
  /** `replica-serve-stale-data`: without a link it still answers reads. */
  answersWithoutLink: boolean;
  /** Settings that clients would notice: name → value. */
  settings: Readonly<Record<string, string>>;
  /** The users and their rules, in one form; left out where the worker may not read them. */
  users?: Readonly<Record<string, UserRules>>;
  modules: readonly string[];
  writeSafety: WriteSafety;
  /** The group's record of a min-replicas-to-write that deviates, as this node has it. */
  minReplicasRecorded?: number;
  backlogBytes: number;
  sentinelListens: boolean;
  epoch: number;
};

/** A node and what it answered, or why it did not. */
export type NodeFacts = NodeRef &
  ({ reading: NodeReading; problem?: never } | { reading?: never; problem: { code: ErrorCode; message: string } });

/** What the discovery answered, that it knows nothing of the group, or why there is no answer. */
export type DiscoveryFacts =
  | { kind: 'entry'; primary: { host: string; port: number }; epoch: number }
  | { kind: 'nothing' }
  | { kind: 'problem'; code: ErrorCode; message: string };

/** What one Sentinel says of the group. Milliseconds. */
export type SentinelReading = {
  /** Whom it tells clients is primary, in the platform file's spelling if it is one of the group's nodes. */
  primary: { host: string; port: number };
  isDown: boolean;
  failoverInProgress: boolean;
  tilt: boolean;
  /** What CKQUORUM answered. */
  hasQuorum: boolean;
  quorumAnswer: string;
  configEpoch: number;
  downAfterMs: number;
  failoverTimeoutMs: number;
  offersCoordinated: boolean;
};

/** A Sentinel, by its address, and what it answered, or why it did not. */
export type SentinelFacts = { name: string } & (
  { reading: SentinelReading; problem?: never } | { reading?: never; problem: { code: ErrorCode; message: string } }
);

/** A `replica-priority` that is other than it was for as long as a handover under Sentinel takes. */
export type PriorityChange = { name: string; before: number; during: number };

/** What the steps under Sentinel work from. */
export type SentinelData = {
  master: string;
  pauseMs: number;
  /** At planning time; a failover raises it. */
  configEpoch: number;
  /** So that the Sentinels choose the candidate. */
  priorities: readonly PriorityChange[];
};

/** Everything that was read of a group at one time. */
export type GroupFacts = {
  nodes: readonly NodeFacts[];
  discovery: DiscoveryFacts;
  /** Of the primary, from two samples; left out without a single primary. */
  writeBytesPerSecond?: number;
  /** Of the Sentinels that the platform file names, if it names any. */
  sentinels?: readonly SentinelFacts[];
};

/** Something that is in the way; the caller adds the catalogue's hint. */
export type Finding = { code: ErrorCode; message: string; place?: string };

/** What the steps that follow a change of the primary work from, whatever brought it about. */
export type NewOrder = {
  group: string;
  /** The new primary. */
  candidate: NodeRef;
  /** The old one, if it is to follow; left out when it is dead. */
  primary?: NodeRef;
  /** All other nodes. */
  siblings: readonly NodeRef[];
  writeSafety: WriteSafety;
  lagLimitBytes: number;
  /** Under Sentinel only: the Sentinels decide, and the run follows. */
  sentinel?: SentinelData;
};

/** What the steps of a failover work from; part of the plan's hash, so nothing in it moves by itself. */
export type RedisFailoverData = Omit<NewOrder, 'primary'> & {
  /** The dead one. */
  dead: NodeRef;
  /** Nodes that did not answer either. */
  absent: readonly NodeRef[];
  /** What min-replicas-to-write was on the dead primary by its own word, or less where Gantry recorded less; 0: not known. */
  minReplicasInForce: number;
  /** Why the dead primary has no lease whatever its replicas' links say, in words. */
  leaseVoid?: string;
  /** The latest that the discovery or a node knew. A later one says that somebody else has decided since. */
  epoch: number;
  /** The longer of the min-replicas-max-lag that is declared and that the primary said, and the margin. Milliseconds. */
  leaseMs: number;
  /** Replicas that followed another node when this was planned. */
  elsewhere: readonly string[];
  acceptSplitBrainRisk?: string;
  lastKnownOffset?: number;
};

/** What a step that brings one node back works from. */
export type Join = {
  group: string;
  /** The present primary. */
  candidate: NodeRef;
  /** The node that is to follow it. */
  node: NodeRef;
  /** What it has and the primary hasn't may be discarded: somebody approved a plan that says so. */
  mayDiscard: boolean;
  /** Sentinels make it follow; the run waits for them. */
  bySentinel: boolean;
};

/** What the steps of a rejoin work from; part of the plan's hash, so nothing in it moves by itself. */
export type RedisRejoinData = Omit<NewOrder, 'primary'> & {
  join: Join;
  /** All is as it should be already. */
  idle: boolean;
  /** What it has and nobody else, to be counted before it is discarded. */
  lost?: LostWritesOf;
};

/** What the steps of a restored redundancy work from; part of the plan's hash. */
export type RedisRedundancyData = Omit<NewOrder, 'primary'> & {
  /** One after the other, in this order. */
  joins: readonly Join[];
  /** All is as it should be already. */
  idle: boolean;
};

/** Whose writes are compared with whose. */
export type LostWritesOf = Pick<RedisFailoverData, 'group' | 'dead' | 'candidate'>;

/** What the steps of a switchover work from; part of the plan's hash, so nothing in it moves by itself. */
export type RedisSwitchoverData = {
  group: string;
  procedure: RedisProcedure;
  /** The primary at planning time. */
  primary: NodeRef;
  /** The replica that becomes the primary. */
  candidate: NodeRef;
  /** All other nodes. */
  siblings: readonly NodeRef[];
  /**
   * How the two know each other, which need not be as the platform file does (an IP for a host name): the candidate follows
   * `primary`, the primary lists the candidate as `candidate`. Read while the link was live. In the middle of a handover
   * it is not, and a bare port can't tell the demoted node from a stranger.
   */
  knownAs: { primary: Address; candidate: Address };
  handover: HandoverLimits;
  writeSafety: WriteSafety;
  lagLimitBytes: number;
  /** Under Sentinel only: the Sentinels decide, and the run follows. */
  sentinel?: SentinelData;
};
