import type { PartitionFacts, RebalanceFacts, ShardFacts } from '../../../../src/planning/clickhouse/index.ts';
import { cluster, day, dayName, GB, now, partition, shard } from '../facts.ts';

/** Numbers in [0, 1) that are the same in every run (mulberry32). */
export function dice(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * A cluster as one may find it: 2 to 12 shards, daily partitions of 20 days to 7 months on one to three tiers, sizes that
 * differ by an order of magnitude, shards that grew at different speeds, new and empty ones, one to be drained now and then,
 * different weights in some, the newest day open, a few partitions flagged.
 */
export function randomCluster(seed: number): RebalanceFacts {
  const roll = dice(seed);
  const between = (low: number, high: number) => Math.floor(low + roll() * (high - low + 1));
  const shards = between(2, 12);
  const days = between(20, 210);
  const tiers = ['hdd', 'nvme', 'ssd'].slice(0, between(1, 3));
  const weighted = roll() < 0.3;
  const drained = shards > 2 && roll() < 0.1 ? between(0, shards - 1) : -1;
  const fresh = roll() < 0.3 ? (drained + 1) % shards : -1;
  const assignment = 0.1 + roll() * 1.2;
  const heated = roll() < 0.5;
  return cluster(
    Array.from({ length: shards }, (_, at): ShardFacts => {
      const speed = 0.4 + 1.6 * roll();
      const partitions = Array.from({ length: days }, (_, age): PartitionFacts => {
        const bytes = Math.round(GB * (1 + 20 * roll()) * speed * Math.exp((roll() - 0.5) * 2 * assignment));
        return partition(dayName(age), bytes, {
          tier: tiers[Math.floor((age / days) * tiers.length)] ?? 'ssd',
          newestWriteMs: age === 0 ? now - 60_000 : now - age * day,
          flags: roll() < 0.01 ? ['mutation-running'] : [],
          ...(heated ? { heat: Math.round((1_000 * roll()) / (1 + age)) } : {}),
        });
      });
      return shard(`ch-${String(at + 1).padStart(2, '0')}`, at === fresh ? partitions.slice(0, 1) : partitions, {
        weight: at === drained ? 0 : weighted ? between(1, 4) : 1,
        tiers,
        freeBytes: 9_900 * GB,
      });
    }),
  );
}
