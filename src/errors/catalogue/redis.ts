import type { CatalogueEntry } from './entry.ts';

/** Errors of the redis domain and of the discovery endpoints that say where a group's primary is. */
export const redisErrors = {
  REDIS_UNKNOWN_GROUP: {
    meaning: 'The platform file has no Redis group of this name.',
    retryable: false,
    hint: '`gantry platform check` lists the groups; correct the name or the platform file.',
  },
  REDIS_UNKNOWN_NODE: {
    meaning: 'The Redis group has no node of this name.',
    retryable: false,
    hint: 'Use one of the node names that the message lists; they come from the platform file.',
  },
  REDIS_UNREACHABLE: {
    meaning: 'The worker could not connect to the node, or the connection broke before the answer came.',
    retryable: true,
    hint: 'From the worker: `redis-cli -h <host> -p <port> ping`; then look at the process, the network and the address in the platform file.',
  },
  REDIS_TIMEOUT: {
    meaning:
      'The node took the connection but did not answer a command in time; the outcome of that command is unknown.',
    retryable: true,
    hint: '`redis-cli -h <host> -p <port> --latency` and `SLOWLOG GET`; `CLIENT UNPAUSE` ends a write pause that another client has left.',
  },
  REDIS_AUTH_FAILED: {
    meaning: 'The node refused the user name or the password that this worker has.',
    retryable: false,
    hint: 'Compare the secret that the platform file names with `ACL LIST` on the node; restart the worker after a change.',
  },
  REDIS_TLS_FAILED: {
    meaning: 'The worker and the node could not agree on TLS, or one does not trust the other’s certificate.',
    retryable: false,
    hint: '`openssl s_client -connect <host>:<port> -CAfile <ca>` from the worker; compare with `tls` of the group in the platform file.',
  },
  REDIS_TLS_UNREADABLE: {
    meaning: 'A certificate file that the platform file names for a group cannot be read by this worker.',
    retryable: false,
    hint: 'Correct `tls.ca` or `tls.cert` of the group, or mount the file where the worker runs.',
  },
  REDIS_NO_PERMISSION: {
    meaning: 'The user that this worker logs in with may not run a command that the procedure needs.',
    retryable: false,
    hint: 'Grant the command in the message: `ACL SETUSER <user> +<command>`.',
  },
  REDIS_LOADING: {
    meaning: 'The node is still loading its data set from disk.',
    retryable: true,
    hint: '`redis-cli -h <host> -p <port> INFO persistence` shows loading_eta_seconds; wait for it.',
  },
  REDIS_BUSY: {
    meaning: 'A script or function has kept the node busy past its time limit; it answers nothing else.',
    retryable: true,
    hint: '`redis-cli -h <host> -p <port> SCRIPT KILL` (or FUNCTION KILL) if the script has not written yet; else wait for it.',
  },
  REDIS_MISCONF: {
    meaning: 'The node refuses writes because it could not save to disk (full, read-only, or failing).',
    retryable: false,
    hint: 'Free space on the disk or fix it, then `redis-cli -h <host> -p <port> BGSAVE` and look at rdb_last_bgsave_status.',
  },
  REDIS_OUT_OF_MEMORY: {
    meaning: 'The node refuses writes because maxmemory is reached and its policy evicts nothing.',
    retryable: false,
    hint: '`redis-cli -h <host> -p <port> INFO memory`; raise maxmemory or remove data first.',
  },
  REDIS_NOT_ENOUGH_REPLICAS: {
    meaning: 'The primary refuses writes because too few replicas acknowledge (min-replicas-to-write).',
    retryable: true,
    hint: '`redis-cli -h <host> -p <port> INFO replication`; bring the replicas back before anything else.',
  },
  REDIS_READ_ONLY: {
    meaning: 'A write went to a node that is a replica: the roles are not what they were a moment ago.',
    retryable: true,
    hint: '`gantry redis audit <group>` shows the roles now.',
  },
  REDIS_COMMAND_FAILED: {
    meaning: 'The node refused a command; its answer is in the message.',
    retryable: false,
    hint: 'Read the answer in the message; if the command is renamed or disabled, make it available to the worker again.',
  },
  REDIS_UNEXPECTED_ANSWER: {
    meaning: 'The node answered something that does not have the form it must have.',
    retryable: false,
    hint: 'Check that the address belongs to a Redis or Valkey node and not to a proxy that answers for it.',
  },
  REDIS_NOT_PERSISTED: {
    meaning: 'A role was changed but CONFIG REWRITE failed, so that a restart would bring the former role back.',
    retryable: false,
    hint: 'Fix the config file (owner, read-only, disk), run `CONFIG REWRITE` on the node named, then `gantry retry <id>`.',
  },
  REDIS_NO_CONFIG_FILE: {
    meaning:
      'The node runs without a config file: its role cannot be persisted and a restart would make two primaries.',
    retryable: false,
    hint: 'Restart the node as `redis-server <file>`; its folder must be writable for the Redis user.',
  },
  REDIS_NO_HEALTHY_REPLICA: {
    meaning: 'No replica of the group is fit to become the primary; each one has its reason listed.',
    retryable: false,
    hint: 'Fix the replicas as the other problems say, then plan again.',
  },
  REDIS_REPLICA_LAGGING: {
    meaning: 'A replica is further behind than the lag limit of the platform file.',
    retryable: true,
    hint: '`redis-cli -h <host> -p <port> INFO replication`; wait until it has caught up, or lower the write load.',
  },
  REDIS_REPLICA_UNLINKED: {
    meaning: 'A replica has no live link to the primary, or is in the middle of a full sync.',
    retryable: true,
    hint: "Look at the replica's log and `INFO replication` (master_link_status); wait for the sync to end.",
  },
  REDIS_VERSION_UNSUPPORTED: {
    meaning: 'The node is older than 6.2: CLIENT PAUSE … WRITE and FAILOVER do not exist there.',
    retryable: false,
    hint: 'Upgrade the node to 6.2 or newer.',
  },
  REDIS_VERSION_MISMATCH: {
    meaning: 'Two nodes of the group run different versions; a replica may not be able to read a newer primary.',
    retryable: false,
    hint: 'Finish the upgrade so that all nodes run one version, then plan again.',
  },
  REDIS_CONFIG_MISMATCH: {
    meaning: 'The node differs from the primary in a setting that clients would notice after the handover.',
    retryable: false,
    hint: 'Make the setting in the message equal on both (`CONFIG SET`, `ACL LOAD`, modules) and `CONFIG REWRITE`.',
  },
  REDIS_UNSAFE_SETTING: {
    meaning: 'With this setting of the node, a handover would lose writes or end half done.',
    retryable: false,
    hint: '`CONFIG SET` it as the message says, then `CONFIG REWRITE`.',
  },
  REDIS_SPLIT_BRAIN: {
    meaning: 'More than one node of the group calls itself primary: both may be taking writes.',
    retryable: false,
    hint: 'Stop the writers of the wrong one, `REPLICAOF` the replicas that follow it to the right one, then `gantry redis rejoin <group> <node>`.',
  },
  REDIS_NO_PRIMARY: {
    meaning: 'No node of the group is a primary: nothing takes writes.',
    retryable: false,
    hint: '`gantry runs` may show a parked handover: `gantry retry <id>`. If there is none, promote the node with the highest offset.',
  },
  REDIS_ROLES_CHANGED: {
    meaning: 'The roles in the group are neither those that the plan was made with nor those that it leads to.',
    retryable: false,
    hint: '`gantry redis audit <group>` shows the roles; find out who changed them, then plan again.',
  },
  REDIS_ALREADY_PRIMARY: {
    meaning: 'The node that was asked for is the primary already.',
    retryable: false,
    hint: 'Nothing to do; name another node with `to` if you meant one.',
  },
  REDIS_PERSISTENCE_BUSY: {
    meaning: 'A background save or AOF rewrite is running: fork and disk would make the handover slow.',
    retryable: true,
    hint: 'Wait for it: `redis-cli -h <host> -p <port> INFO persistence`.',
  },
  REDIS_NO_PERSISTENCE: {
    meaning:
      'The node saves nothing to disk: after a restart as a primary it would be empty, and its replicas would copy that.',
    retryable: false,
    hint: '`CONFIG SET appendonly yes` (or `save`), then `CONFIG REWRITE`.',
  },
  REDIS_SENTINEL_PRESENT: {
    meaning:
      'Sentinels watch this group and the platform file does not name them; they would fight a handover that they did not make (redis/redis#13118).',
    retryable: false,
    hint: 'Add `sentinel: { master, nodes }` to the group in the platform file: `redis-cli -p 26379 SENTINEL MASTERS` shows the name.',
  },
  SENTINEL_UNKNOWN_MASTER: {
    meaning: 'A Sentinel does not know a master of the name that the platform file gives.',
    retryable: false,
    hint: '`redis-cli -h <host> -p <port> SENTINEL MASTERS` lists the names; correct `sentinel.master` of the group.',
  },
  SENTINEL_NO_QUORUM: {
    meaning: 'Too few Sentinels are available to agree on a failover or to authorize one.',
    retryable: true,
    hint: '`redis-cli -h <host> -p <port> SENTINEL CKQUORUM <master>`; bring the missing Sentinels back.',
  },
  SENTINEL_TILT: {
    meaning: 'A Sentinel is in TILT: its clock jumped or it was stopped for a while, and it acts on nothing for 30 s.',
    retryable: true,
    hint: 'Wait 30 s; if it comes back, look for a stalled host or a stepping clock.',
  },
  SENTINEL_FAILOVER_IN_PROGRESS: {
    meaning: 'The Sentinels are in the middle of a failover of this group.',
    retryable: true,
    hint: 'Let it end: `redis-cli -h <host> -p <port> SENTINEL MASTER <master>` shows flags and failover-state; then plan again.',
  },
  SENTINEL_DISAGREES: {
    meaning: 'A Sentinel names another primary than the nodes show, or counts the primary as down.',
    retryable: true,
    hint: '`redis-cli -h <host> -p <port> SENTINEL MASTER <master>` on each Sentinel; one that was cut off catches up within seconds.',
  },
  SENTINEL_NO_GOOD_REPLICA: {
    meaning:
      'The Sentinel knows no replica that it would promote: each is down, disconnected, has priority 0, or no recent INFO.',
    retryable: true,
    hint: '`redis-cli -h <host> -p <port> SENTINEL REPLICAS <master>`; writes go on, nothing was changed.',
  },
  REDIS_REPLICA_PRIORITY_ZERO: {
    meaning: 'The replica has replica-priority 0: its owner said that it must never become a primary.',
    retryable: false,
    hint: 'Choose another node with `to`, or `CONFIG SET replica-priority 100` on it.',
  },
  REDIS_PROCEDURE_IMPOSSIBLE: {
    meaning: 'The procedure that was asked for cannot be used on this group as it is now.',
    retryable: false,
    hint: 'Leave `procedure` out to let the plan choose, or fix what the message names.',
  },
  REDIS_WRITES_PAUSED: {
    meaning: 'The primary holds writes: a CLIENT PAUSE is in force.',
    retryable: true,
    hint: 'If no handover is running: `redis-cli -h <host> -p <port> CLIENT UNPAUSE`.',
  },
  REDIS_WRITE_SAFETY_DEVIATES: {
    meaning: 'min-replicas-to-write or min-replicas-max-lag is not what the platform file says.',
    retryable: false,
    hint: '`redis-cli -h <host> -p <port> CONFIG SET <name> <value>` and `CONFIG REWRITE`, as the message says. If it is a deviation that a run recorded: `gantry redis restore-redundancy <group>`.',
  },
  REDIS_REPLICA_UNDECLARED: {
    meaning:
      'A replica that is not in the platform file follows the primary. If both are cut off together, the replica keeps the primary writable: so the primary has no lease. No run re-points this replica.',
    retryable: false,
    hint: 'Add it to `nodes` of the group in the platform file, or stop it (`REPLICAOF NO ONE` there).',
  },
  REDIS_PRIMARY_ALIVE: {
    meaning:
      'The primary that was to be failed over answers from too many places to count as dead. Nothing was changed.',
    retryable: false,
    hint: 'Look at what it answers: a primary that is loading, busy or out of disk is not dead. To move a primary that is alive: `gantry redis switchover <group>`.',
  },
  REDIS_TOO_FEW_VANTAGES: {
    meaning:
      'Fewer than a majority of the vantages, each in a failure domain of its own, gave an observation of the primary. Nothing was changed.',
    retryable: false,
    hint: 'Make sure that the vantage workers run, on different machines (GANTRY_VANTAGE, GANTRY_VANTAGE_DOMAIN); `gantry doctor` lists those that poll.',
  },
  REDIS_PRIMARY_UNREACHABLE_FROM_HERE: {
    meaning:
      'The vantages cannot reach the primary, but a replica hears from it: the network is at fault, not the primary.',
    retryable: false,
    hint: 'Fix the network between the vantages and the primary; clients near the primary may still be writing to it.',
  },
  REDIS_SENTINEL_DECIDES: {
    meaning: 'Sentinels watch this group: they decide its failovers. Two deciders make two primaries.',
    retryable: false,
    hint: '`SENTINEL CKQUORUM <master>` and `SENTINEL GET-MASTER-ADDR-BY-NAME <master>` show what they have decided.',
  },
  REDIS_RECENT_FAILOVER: {
    meaning:
      'There was a failover of this group a short while ago: needing another one so soon may mean that something else is wrong.',
    retryable: false,
    hint: 'Find out why the last one was needed; then `gantry redis failover <group> --acknowledge-recent-failover`.',
  },
  REDIS_OLD_PRIMARY: {
    meaning:
      'Besides the present primary, another node calls itself primary and has data, some of which may exist nowhere else.',
    retryable: false,
    hint: '`gantry redis rejoin <group> <node>` saves its data and brings it back as a replica.',
  },
  REDIS_NODE_DOWN: {
    meaning: 'The node does not answer, and the platform file has no hook to start it (`rejoin.start`).',
    retryable: false,
    hint: 'Start it by hand, behind its boot guard: `systemctl unmask redis-server`, `systemctl start redis-server`; then `gantry retry <id>`.',
  },
  HOOK_FAILED: {
    meaning: 'A program that the platform file names failed, or its effect was not confirmed in time.',
    retryable: true,
    hint: 'Run it by hand from the worker as the platform file says; look at its exit code and error output; then `gantry retry <id>`.',
  },
  FENCE_IMPOSSIBLE: {
    meaning: 'No fence could be confirmed: the old primary may still be taking writes, and may go on doing so.',
    retryable: true,
    hint: 'Make sure by hand that it is off, then `gantry retry <id>`; or accept the risk in words: `gantry skip <id> --accept-risk …`.',
  },
  FENCE_FAILED: {
    meaning: 'The program of a fence failed or did not end in time. Gantry tries the next fence of the list.',
    retryable: true,
    hint: 'Run it by hand from the worker as the platform file says; look at its exit code and error output.',
  },
  REDIS_PRIMARY_BACK: {
    meaning:
      'While the failover waited, the old primary answered again, or a replica heard from it. Nothing was promoted.',
    retryable: false,
    hint: 'Look at the old primary: if it serves again, `gantry abort <id>`; if it comes and goes, fence it first.',
  },
  FORENSICS_IMPOSSIBLE: {
    meaning: 'The append-only file of the old primary could not be read: which writes are lost is not known.',
    retryable: false,
    hint: 'Keep the data of the old primary; `failover.forensics` in the platform file must name the folder where the worker can read it.',
  },
  HANDOVER_NOT_EQUAL: {
    meaning:
      'The candidate did not reach the offset of the paused primary in time. The primary takes writes as before; nothing is lost.',
    retryable: true,
    hint: 'Look at the load and the network between the two; `gantry retry <id>`.',
  },
  HANDOVER_LEASE_SPENT: {
    meaning: 'The write pause was used up before the demotion was safe. The old primary goes on; nothing is lost.',
    retryable: true,
    hint: 'Look for a stalled worker or a slow network; `gantry retry <id>`, or raise `handover.pause` in the platform file.',
  },
  HANDOVER_TAKEN_BACK: {
    meaning:
      'At the demotion the candidate lacked writes, so the old primary was promoted again. It goes on; nothing is lost.',
    retryable: true,
    hint: 'Wait until the candidate is linked again, and find out what stalled the worker or restarted the candidate; then `gantry retry <id>`.',
  },
  HANDOVER_DRAINING: {
    meaning:
      'The old primary is demoted, and the candidate still receives its last writes: nothing takes writes meanwhile.',
    retryable: true,
    hint: 'Look at the network between the two and at the offsets (`INFO replication` on both); `gantry retry <id>`.',
  },
  HANDOVER_UNPROVEN: {
    meaning:
      'The old primary is demoted, the candidate is not promoted, and after a restart it cannot be proven which node has every write.',
    retryable: false,
    hint: 'Compare both (`INFO server` uptime, `DBSIZE`, the newest keys), promote the complete one: `REPLICAOF NO ONE`, `CONFIG REWRITE`; then `gantry retry <id>`.',
  },
  HANDOVER_SENTINEL_GAVE_UP: {
    meaning: 'The Sentinel ended its failover without promoting a replica. The old primary goes on; nothing is lost.',
    retryable: true,
    hint: "The Sentinel's log says why (-failover-abort-…); `gantry retry <id>`.",
  },
  HANDOVER_SENTINEL_UNDECIDED: {
    meaning:
      'The Sentinel that was asked to fail over has not reported the result, and the write pause is nearly over.',
    retryable: true,
    hint: 'Look at that Sentinel and at the roles; `gantry retry <id>` goes on with whatever the Sentinels have decided by then.',
  },
  HANDOVER_OTHER_PROMOTED: {
    meaning:
      'The Sentinels promoted another replica than the planned one. The handover followed them, so there is one primary.',
    retryable: false,
    hint: '`gantry redis audit <group>` shows the roles; compare the offsets in the evidence, then `gantry stop <id>` and plan again if you want another primary.',
  },
  HANDOVER_OVERTAKEN: {
    meaning:
      'Another run or another attempt raised the epoch meanwhile, so the node refused the command of this one. Nothing is lost.',
    retryable: true,
    hint: '`gantry redis audit <group>`: another run or an earlier attempt is acting on this group.',
  },
  HANDOVER_CANDIDATE_LOST: {
    meaning: 'The old primary is demoted and the candidate cannot be reached: nothing takes writes.',
    retryable: true,
    hint: 'Bring the candidate back and `gantry retry <id>`. Or make sure that the candidate is off (power, network), then on the old primary `REPLICAOF NO ONE`, `CONFIG REWRITE`, point the discovery back, `gantry stop <id>`.',
  },
  DISCOVERY_UNREACHABLE: {
    meaning: 'The discovery endpoint or hook did not answer in time, or failed.',
    retryable: true,
    hint: 'Try it by hand from the worker; its address or command is in the platform file.',
  },
  DISCOVERY_REFUSED: {
    meaning:
      'The discovery holds a higher epoch, or another primary under the same epoch: a later decision replaced this one.',
    retryable: false,
    hint: 'Look at what it holds and who wrote it; `gantry redis audit <group>` compares it with the roles.',
  },
  DISCOVERY_INVALID: {
    meaning: 'The discovery answered something that is not {group, primary: {host, port}, epoch}.',
    retryable: false,
    hint: 'Correct the endpoint or the hook so that it answers exactly that.',
  },
  DISCOVERY_DISAGREES: {
    meaning: 'The discovery names another primary than the nodes show: clients go to the wrong node.',
    retryable: false,
    hint: 'Point the discovery to the real primary first, then plan again.',
  },
  GUARD_RUNS_ALREADY: {
    meaning: 'The guard of this group is already running, in another mode than the one that you asked for.',
    retryable: false,
    hint: '`gantry redis guard <group> --stop`, then start it with the mode that you want; or change `failover.mode` in the platform file and start it without `--mode`.',
  },
  GUARD_NOT_RUNNING: {
    meaning: 'No guard of this group runs: its offset is not sampled, and a dead primary goes unnoticed.',
    retryable: false,
    hint: 'Start it: `gantry redis guard <group>`.',
  },
} as const satisfies Record<string, CatalogueEntry>;
