import type { TierFacts, TierIntent, TierLeft, TierPartition, TierServer } from './types.ts';
import { sharesDays, tierSpan } from './span.ts';
import { timeInWords } from '../facts/words.ts';

/** What is to be read closer before a plan can be made: whose roll-up and backup, and whose digests. Oldest first. */
export type TierCandidates = { due: readonly string[]; misplaced: readonly string[] };

/** Facts without proofs and digests → whose are needed. Pure. */
export function tierCandidates(intent: TierIntent, facts: TierFacts): TierCandidates {
  const states = facts.partitions.map((partition) => ({
    partition,
    stands: partitionStateOf(intent, facts, partition),
  }));
  const ids = (state: PartitionState['state']): string[] =>
    states
      .filter(({ stands }) => stands.state === state)
      .map(({ partition }) => partition.id)
      .sort();
  return { due: ids('due'), misplaced: ids('misplaced') };
}

/** How a partition stands before anything is proven. */
export type PartitionState =
  | { state: 'kept' }
  /** On a server with storage policies, parts of it lie elsewhere than on its tier. */
  | { state: 'misplaced' }
  /** Its time is over and nothing that can be seen without reading it is in the way. */
  | { state: 'due' }
  | { state: 'left'; left: TierLeft };

export function partitionStateOf(intent: TierIntent, facts: TierFacts, partition: TierPartition): PartitionState {
  const { id, newestWriteMs } = partition;
  const [server] = facts.servers;
  const span = server && tierSpan(id, server.timeType);
  const left = (why: string, overdue: boolean, code?: TierLeft['code']): PartitionState => ({
    state: 'left',
    left: { partition: id, why, overdue, ...(code ? { code } : {}) },
  });
  if (!span) return left('its name is not a day or a month', false, 'CLICKHOUSE_PARTITIONING_UNSUPPORTED');
  const over = span.untilMs + intent.keepMs <= facts.nowMs;
  const quietMs = facts.nowMs - Math.max(newestWriteMs, 0);
  if (span.untilMs > facts.nowMs) return { state: 'kept' };
  // A clock that is behind the server's makes it negative: open too.
  if (quietMs < intent.closedAfterMs) {
    const wanted = over || misplacedOn(intent, facts, partition).length > 0;
    if (!wanted) return { state: 'kept' };
    return left(`it was written to ${timeInWords(Math.max(quietMs, 0))} ago: open`, false);
  }
  if (!over) return misplacedOn(intent, facts, partition).length > 0 ? { state: 'misplaced' } : { state: 'kept' };
  const deleting = facts.servers.find(({ ttl }) => ttl !== undefined && ttl.deletes.length > 0);
  if (deleting) {
    const words = deleting.ttl?.deletes.join(', ') ?? '';
    return left(`${deleting.name} deletes rows by itself (TTL ${words})`, true, 'CLICKHOUSE_NATIVE_TTL');
  }
  const finer = facts.finer.filter((other) => sharesDays(other, id));
  if (finer.length > 0) {
    const names = `${finer.slice(0, 3).join(', ')}${finer.length > 3 ? ', …' : ''}`;
    return left(`${intent.before ?? 'the level before'} still has ${names}`, true, 'CLICKHOUSE_ROLLUP_OPEN');
  }
  return { state: 'due' };
}

/** The servers on which parts of it lie elsewhere than on a disk of its volume. */
export function misplacedOn({ volume }: TierIntent, { servers }: TierFacts, { copies }: TierPartition): TierServer[] {
  return servers.filter(({ name, storage }) => {
    if (!storage) return false;
    const disks = storage.volumes.find((one) => one.name === volume)?.disks ?? [];
    const copy = copies.find(({ server }) => server === name);
    return Object.keys(copy?.bytesOn ?? {}).some((disk) => !disks.includes(disk));
  });
}
