import type { ReshardMove } from '../../../runs/index.ts';
import { maxParts } from '../partition/findings.ts';
import type { Finding, RebalanceFacts } from '../facts/types.ts';
import { bytesInWords } from '../facts/words.ts';

/** What one run of a reshard splits at most: each split is about 15 events of its history. */
export const maxSplits = 200;

/** Beside the stay copies a server needs room for what its table takes meanwhile. */
const roomFactor = 1.1;

export type SplitFacts = {
  moves: readonly ReshardMove[];
  shards: RebalanceFacts['shards'];
  /** `shard` and `partition` of those whose servers have parts of it in `detached`. */
  detached: readonly Pick<ReshardMove, 'from' | 'partition'>[];
  maxPartitionBytes: number;
};

/**
 * What would refuse a split later on, when new rows go by the new rule already: too large a partition, too many parts, parts in
 * `detached`, and a source without room. It keeps the partition that it gives away in `detached`, and copies what stays. Pure.
 */
export function splitFindings({ moves, shards, detached, maxPartitionBytes }: SplitFacts): Finding[] {
  const findings: Finding[] = [];
  const stays = new Map<string, number>();
  for (const { partition, from, rows } of moves.slice(0, maxSplits)) {
    const add = (code: Finding['code'], message: string): void => void findings.push({ code, message, place: from });
    const facts = shards.find(({ name }) => name === from)?.partitions.find(({ id }) => id === partition);
    if (!facts) continue;
    if (facts.bytes > maxPartitionBytes) {
      const words = `${partition} on ${from} has ${bytesInWords(facts.bytes)}; above ${bytesInWords(maxPartitionBytes)} it is not detached`;
      add('CLICKHOUSE_PARTITION_TOO_BIG', words);
    }
    if (facts.parts > maxParts)
      add('CLICKHOUSE_MERGE_FIRST', `${partition} on ${from} has ${facts.parts} parts; at most ${maxParts} are split`);
    if (detached.some((one) => one.from === from && one.partition === partition))
      add(
        'CLICKHOUSE_ALREADY_DETACHED',
        `${from} has parts of ${partition} in \`detached\`, of an earlier split perhaps`,
      );
    const stay = facts.rows > 0 ? (facts.bytes * Math.max(0, facts.rows - rows)) / facts.rows : 0;
    stays.set(from, (stays.get(from) ?? 0) + stay);
  }
  for (const { name, replicas } of shards) {
    const need = Math.ceil((stays.get(name) ?? 0) * roomFactor);
    for (const { name: server, disks } of replicas) {
      if (!disks || need === 0) continue;
      const free = disks.reduce((sum, disk) => sum + disk.freeBytes, 0);
      if (free >= need) continue;
      const message = `${server} has ${bytesInWords(free)} free; what stays of the partitions that it splits is copied and needs ${bytesInWords(need)}, for as long as the former parts are in \`detached\``;
      findings.push({ code: 'CLICKHOUSE_NO_ROOM', message, place: server });
    }
  }
  return findings;
}
