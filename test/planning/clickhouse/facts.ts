import type {
  PartitionFacts,
  RebalanceFacts,
  RebalancePolicy,
  RebalancePlanning,
  ShardFacts,
} from '../../../src/planning/clickhouse/index.ts';
import { planRebalance } from '../../../src/planning/clickhouse/index.ts';
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

type PartitionGiven = Partial<Omit<PartitionFacts, 'newestWriteMs'>> & { newestWriteMs?: number | 'unknown' };

/** A closed partition of the tier `ssd`, last written a month ago. */
export function partition(id: string, bytes: number, given: PartitionGiven = {}): PartitionFacts {
  const { newestWriteMs = now - 30 * day, ...rest } = given;
  return {
    id,
    bytes,
    rows: Math.round(bytes / 100),
    parts: 3,
    tier: 'ssd',
    open: false,
    flags: [],
    ...rest,
    ...(newestWriteMs === 'unknown' ? {} : { newestWriteMs }),
  };
}

/** `count` daily partitions of `bytes` each, the youngest a month old. */
export function days(count: number, bytes: number, given: PartitionGiven = {}): PartitionFacts[] {
  return Array.from({ length: count }, (_, at) =>
    partition(dayName(30 + at), bytes, { newestWriteMs: now - (30 + at) * day, ...given }),
  );
}

/** The partition of so many days ago, as toYYYYMMDD names it. */
export function dayName(age: number): string {
  return new Date(now - age * day).toISOString().slice(0, 10).replaceAll('-', '');
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

export function movesOf(facts: RebalanceFacts, change: Partial<RebalancePolicy> = {}): string[] {
  return planOf(planRebalance(facts, { ...policy, ...change })).moves.map(
    ({ partition: id, from, to }) => `${id} ${from} → ${to}`,
  );
}

export function codesOf(facts: RebalanceFacts, change: Partial<RebalancePolicy> = {}): string[] {
  const planning = planRebalance(facts, { ...policy, ...change });
  return planning.ok ? [] : planning.findings.map(({ code }) => code);
}

/** A figure for whoever reads the test's output. */
export function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
