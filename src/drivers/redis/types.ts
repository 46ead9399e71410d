import type { StreamPiece } from './stream-tail.ts';

/** Where a node listens. */
export type Endpoint = { host: string; port: number };

/** Read by the worker from where the platform file points; never logged, never in an error. */
export type RedisCredentials = { username?: string; password?: string; tls?: RedisTlsOptions };

/** TLS to a node: texts in PEM, and the name that its certificate carries (its host unless given). */
export type RedisTlsOptions = { ca?: string; serverName?: string; cert?: string; key?: string };

/** One replica as its primary sees it; the offset is what it acknowledged last, up to 1 s ago. */
export type ReplicaSeen = Endpoint & { online: boolean; ackedOffset: number; ackedSecondsAgo: number };

/** The parts of a FAILOVER, as INFO names them. */
export type FailoverState = 'no-failover' | 'waiting-for-sync' | 'failover-in-progress';

/** `INFO replication`, in one shape for both roles. */
export type Replication = {
  role: 'primary' | 'replica';
  /** A replica: whom it follows, or tries to. */
  follows?: Endpoint;
  /** A replica: whether its link to that node is up. */
  linkUp: boolean;
  syncInProgress: boolean;
  /** A replica: seconds since it last heard from its primary; 0–10 when idle and healthy (the ping period). */
  lastIoSeconds?: number;
  /** A replica whose link is down: for how many whole seconds; left out when it was never up since its start. */
  linkDownSeconds?: number;
  /** A replica whose clock was set back since its link broke: for how long it has been down, it can't tell. */
  clockStepped?: boolean;
  /** Bytes of the replication stream: written by a primary, applied by a replica. */
  offset: number;
  replid: string;
  /** The history this node continued when it was promoted. */
  replid2: string;
  /** The first offset of its own history: below it lies that of `replid2`; -1 without one. */
  secondOffset: number;
  /** A replica in the middle of a full sync: bytes that it has got so far. */
  syncReadBytes?: number;
  replicas: readonly ReplicaSeen[];
  failoverState: FailoverState;
  /** `replica-priority` of a replica. */
  priority?: number;
  backlogBytes: number;
};

/** An RDB under way, and up to which byte of which history it goes. */
export type RedisSnapshot = { replid: string; offset: number; body: AsyncIterable<Uint8Array> };

/** Whether CONFIG REWRITE went through in the same transaction; if not, why. */
export type Persisted = { persisted: true } | { persisted: false; because: string };

/** A role change that took place. `offset` and `replid` are the node's offset and history at that very moment. */
export type RoleChange = Persisted & { offset: number; replid: string };

/**
 * One connection to one node, as small verbs: each is a command or one transaction, so that a test can fail, delay or
 * record each of them. Every verb throws catalogue errors; after REDIS_TIMEOUT the connection is closed, so that what
 * the node held back (a write during a pause) isn't carried out later, unless the pause ends before the node notices.
 */
export type RedisNode = {
  readonly endpoint: Endpoint;

  /** `PING`: refused with LOADING, BUSY or MISCONF (a primary that can't save), which are answers too. */
  ping: () => Promise<void>;
  info: (section: string) => Promise<Record<string, string>>;
  replication: () => Promise<Replication>;
  configGet: (names: readonly string[]) => Promise<Record<string, string>>;
  /** The rules of all users, a line each. They hold password hashes: `aclUsers` makes of them what may be shown. */
  aclList: () => Promise<readonly string[]>;
  moduleList: () => Promise<readonly string[]>;
  /** The address under which a primary lists this node: what it is told to announce, else its own end of this connection. */
  announces: () => Promise<Endpoint>;
  /** Whether a Sentinel listens on this node. */
  sentinelListens: () => Promise<boolean>;

  /** `TIME`: the node's own time of day. Milliseconds since the epoch. */
  time: () => Promise<number>;

  /** The epoch of the group as this node has it; 0 if there is none. */
  epoch: () => Promise<number>;
  /**
   * On a primary: compare-and-set to one more than the greater of the present epoch and `above`; with `from` only if the
   * epoch is that one still, so that whoever looked before somebody else's raise is refused. Blocks during a write pause.
   * @throws STALE_ATTEMPT
   */
  raiseEpoch: (above?: number, from?: number) => Promise<number>;
  /** On a primary: notes that all is settled under this epoch, if it is still the epoch. @throws STALE_ATTEMPT */
  markSettled: (epoch: number) => Promise<void>;
  /** On a primary: records what min-replicas-to-write is, or is about to be, if the epoch is still `epoch`. @throws STALE_ATTEMPT */
  recordMinReplicas: (epoch: number, count: number) => Promise<void>;

  /** Lets this attempt demote the node within `ms`, by the node's own clock. Before the pause: a SET waits for its end. */
  grantLease: (epoch: number, ms: number) => Promise<void>;
  /** `CLIENT PAUSE ms WRITE`: it ends by itself. */
  pauseWrites: (ms: number) => Promise<void>;
  unpause: () => Promise<void>;
  /**
   * Makes this primary a replica of `to` and persists it, if the epoch is still `epoch` and its lease has not ended: the
   * node itself refuses one that was sent too late, when writes went on already.
   * @throws STALE_ATTEMPT, HANDOVER_LEASE_SPENT
   */
  demote: (epoch: number, to: Endpoint) => Promise<RoleChange>;
  /** Makes this replica a primary and persists it, if the epoch is still `epoch`; a primary stays one, persisted too. @throws STALE_ATTEMPT */
  promote: (epoch: number) => Promise<RoleChange>;
  /** Lets this replica follow `to` and persists it, unless it has seen an epoch above `epoch` or is primary. @throws STALE_ATTEMPT */
  repoint: (epoch: number, to: Endpoint) => Promise<RoleChange>;
  /**
   * Makes this node follow `to`, primary or not, and persists it: where others (Sentinels) have decided already, so that no
   * lease bounds it. A primary does so only under `epoch`, a replica unless it has seen a higher one. @throws STALE_ATTEMPT
   */
  stepDown: (epoch: number, to: Endpoint) => Promise<RoleChange>;
  /** Starts `FAILOVER TO … TIMEOUT …` (never FORCE), if the epoch is still `epoch`. @throws STALE_ATTEMPT */
  failoverTo: (epoch: number, to: Endpoint, timeoutMs: number) => Promise<void>;

  /**
   * Sets it in memory, if this node is a replica and the epoch is still `epoch`: a late writer reaches neither the primary
   * that it has become nor a replica whose setting was taken back since. @throws STALE_ATTEMPT
   */
  configSetAsReplica: (epoch: number, name: string, value: string) => Promise<void>;
  /** Sets it in memory on a node of either role, if the epoch is still `epoch`. @throws STALE_ATTEMPT */
  configSetUnder: (epoch: number, name: string, value: string) => Promise<void>;
  /**
   * Sets and persists in one transaction on a node of either role, unless it knows a later epoch than `epoch`: for a node
   * that was cut off and may have missed some, but must not be reached once things have moved on. `beforeChange` is called
   * after the node has been asked, right before it is told: what it throws keeps the settings from being sent.
   * @throws STALE_ATTEMPT, REDIS_NOT_PERSISTED
   */
  configPersistUntil: (
    epoch: number,
    settings: Readonly<Record<string, string>>,
    beforeChange?: () => void,
  ) => Promise<void>;
  configRewrite: () => Promise<void>;
  /** CONFIG REWRITE; answers the role that was written down, read in the same transaction. @throws REDIS_NOT_PERSISTED */
  persistRole: () => Promise<Replication>;
  /** Sets and persists in one transaction, so that no crash leaves one without the other. @throws REDIS_NOT_PERSISTED */
  configPersist: (settings: Readonly<Record<string, string>>) => Promise<void>;
  /** `CLIENT KILL TYPE normal`, this connection spared. Answers how many. */
  killNormalClients: () => Promise<number>;
  /** `WAIT`: how many replicas acknowledged all writes of this connection. */
  waitReplicas: (count: number, ms: number) => Promise<number>;
  get: (key: string) => Promise<string | undefined>;
  set: (key: string, value: string) => Promise<void>;

  /**
   * A snapshot, as the node gives it to a replica that begins (PSYNC ? -1): nothing is needed of its host. It lists this
   * connection as a replica meanwhile, and forks. Resolves once it has begun to send, which waits for its fork; the
   * connection is closed with the end of `body`. `waitMs`: for the beginning; `idleMs`: for each piece.
   * @throws ARCHIVE_REDIS_SNAPSHOT_BROKEN, also from `body`, which checks its length; the caller checks the rest
   */
  snapshot: (how: { waitMs: number; idleMs: number; signal?: AbortSignal }) => Promise<RedisSnapshot>;

  /** Bytes of the replication stream that the node still has in its backlog. The connection is closed with it. */
  streamPiece: (piece: StreamPiece) => Promise<Buffer>;

  close: () => void;
};

/** The key that holds the group's epoch, in database 0. */
export const epochKey = 'gantry:epoch';

/** The record of the last failover, `{ at, epoch, from, to }`: it keeps the next one from following too soon. */
export const failoverKey = 'gantry:failover';

/**
 * What Gantry last set min-replicas-to-write to on the primary, written before a primary with less than is declared can come
 * to be: it is replicated, so that nobody believes in that primary's lease when it can't be asked any more.
 */
export const minReplicasKey = 'gantry:min-replicas-to-write';

/**
 * The key that holds the epoch under which a handover was settled: both roles written down by the nodes, the clients of
 * the old primary let go. Every attempt raises the epoch, so an older mark never speaks for a later handover.
 */
export const settledKey = 'gantry:settled';

/** Of which load the dataset is, written with the epoch that follows it: without it the epoch may be the snapshot's own. */
export const restoredKey = 'gantry:restored';

/** The key that lives as long as an attempt may demote; watched, so that its expiry fails the transaction (since 6.0.9). */
export const leaseKey = 'gantry:lease';
