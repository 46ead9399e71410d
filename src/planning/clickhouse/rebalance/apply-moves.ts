import type { RebalanceMove } from '../../../runs/index.ts';
import type { PartitionFacts, RebalanceFacts, ReplicaFacts, ShardFacts } from '../facts/types.ts';

/** What a move needs to be carried out on paper. */
export type PaperMove = Pick<RebalanceMove, 'partition' | 'from' | 'to'>;

/**
 * The facts as they are when the moves have ended: the partitions are where they went, added to what the destination had of
 * them; its disks have that much less; the sources' disks are as full as they were, since what they gave is retained.
 */
export function applyMoves(facts: RebalanceFacts, moves: readonly PaperMove[]): RebalanceFacts {
  const moving = new Map(moves.map((move) => [keyOf(move.from, move.partition), move]));
  const coming = new Map<string, PartitionFacts[]>();
  const staying = facts.shards.map(({ name, partitions }) =>
    partitions.filter((partition) => {
      const move = moving.get(keyOf(name, partition.id));
      if (!move) return true;
      const list = coming.get(move.to);
      if (list) list.push(partition);
      else coming.set(move.to, [partition]);
      return false;
    }),
  );
  return {
    ...facts,
    shards: facts.shards.map((shard, at) => shardAfter(shard, staying[at] ?? [], coming.get(shard.name) ?? [])),
  };
}

function keyOf(shard: string, partition: string): string {
  return `${shard}\n${partition}`;
}

function shardAfter(
  shard: ShardFacts,
  staying: readonly PartitionFacts[],
  coming: readonly PartitionFacts[],
): ShardFacts {
  if (!coming.length) return staying.length === shard.partitions.length ? shard : { ...shard, partitions: staying };
  const at = new Map(staying.map((partition) => [partition.id, partition]));
  for (const arrives of coming) {
    const there = at.get(arrives.id);
    at.set(arrives.id, there ? together(there, arrives) : arrives);
  }
  return { ...shard, partitions: [...at.values()], replicas: shard.replicas.map((one) => replicaAfter(one, coming)) };
}

function together(there: PartitionFacts, arrives: PartitionFacts): PartitionFacts {
  const heat = (there.heat ?? 0) + (arrives.heat ?? 0);
  const { newestWriteMs: a, ...rest } = there;
  const b = arrives.newestWriteMs;
  return {
    ...rest,
    rows: there.rows + arrives.rows,
    bytes: there.bytes + arrives.bytes,
    parts: there.parts + arrives.parts,
    open: there.open || arrives.open,
    flags: [...new Set([...there.flags, ...arrives.flags])],
    ...(a === undefined || b === undefined ? {} : { newestWriteMs: Math.max(a, b) }),
    ...(heat > 0 ? { heat } : {}),
  };
}

/** Taken off the disks of the tier in their order, each as far as it goes. */
function replicaAfter(replica: ReplicaFacts, coming: readonly PartitionFacts[]): ReplicaFacts {
  if (!replica.disks) return replica;
  const due = new Map<string, number>();
  for (const { tier, bytes } of coming) due.set(tier, (due.get(tier) ?? 0) + bytes);
  const disks = replica.disks.map((disk) => {
    const taken = Math.min(due.get(disk.tier) ?? 0, Math.max(0, disk.freeBytes));
    due.set(disk.tier, (due.get(disk.tier) ?? 0) - taken);
    return { ...disk, freeBytes: disk.freeBytes - taken };
  });
  return { ...replica, disks };
}
