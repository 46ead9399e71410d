import type {
  PartitionFacts,
  RebalanceFacts,
  RebalancePolicy,
  RebalancePlanning,
  ShardFacts,
} from '../../../src/planning/clickhouse/index.ts';
import type { RebalancePlan } from '../../../src/runs/index.ts';

export const GB = 1e9;
export const day = 86_400_000;
export const now = Date.UTC(2026, 2, 1, 12);

export const policy: RebalancePolicy = {
  tolerance: 0.05,
  ignoreBytes: 0,
  maxBytes: Infinity,
  maxMoves: Infinity,
  window: 2,
  stagingFactor: 2,
  reserveShare: 0.1,
  closedAfterMs: 2 * 3_600_000,
  moveBytesPerSecond: 100e6,
  moveOverheadMs: 5_000,
  worth: 0.25,
};

/** A closed partition of the tier `ssd`, last written a month ago. */
export function partition(id: string, bytes: number, given: Partial<PartitionFacts> = {}): PartitionFacts {
  return {
    id,
    bytes,
    rows: Math.round(bytes / 100),
    parts: 3,
    tier: 'ssd',
    newestWriteMs: now - 30 * day,
    open: false,
    flags: [],
    ...given,
  };
}

type Given = Partial<Omit<ShardFacts, 'name' | 'partitions'>> & { freeBytes?: number; tiers?: readonly string[] };

/** A shard of two replicas with one disk a tier, 10 TB each unless said otherwise. */
export function shard(name: string, partitions: readonly PartitionFacts[], given: Given = {}): ShardFacts {
  const { freeBytes = 8_000 * GB, tiers = ['ssd'], ...rest } = given;
  return {
    name,
    weight: 1,
    partitions,
    replicas: [1, 2].map((number) => ({
      name: `${name}-r${number}`,
      disks: tiers.map((tier) => ({ name: tier, tier, totalBytes: 10_000 * GB, freeBytes, reserveBytes: 0 })),
    })),
    ...rest,
  };
}

export function cluster(shards: readonly ShardFacts[], table: Partial<RebalanceFacts['table']> = {}): RebalanceFacts {
  return {
    cluster: 'metrics',
    table: {
      database: 'metrics',
      name: 'raw',
      engine: 'ReplicatedMergeTree',
      family: 'plain',
      sharding: { kind: 'random' },
      ...table,
    },
    nowMs: now,
    shards,
  };
}

/** The plan, or an error that says why there is none. */
export function planOf(planning: RebalancePlanning): RebalancePlan {
  if (planning.ok) return planning.plan;
  throw new Error(planning.findings.map(({ code, message }) => `${code}: ${message}`).join('\n'));
}
