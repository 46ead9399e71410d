import type {
  RollupReading,
  TierFacts,
  TierIntent,
  TierPartition,
  TierServer,
} from '../../../../src/planning/clickhouse/index.ts';

export const dayMs = 86_400_000;
/** Noon of the day at which every test plans. */
export const nowMs = Date.UTC(2026, 5, 15, 12);

/** Of a level that nothing adds up. */
export const lastLevel: TierIntent = {
  ...{ cluster: 'metrics', table: 'metrics.samples', family: 'samples', level: 'raw' },
  ...{ keepMs: 7 * dayMs, tier: 'nvme', volume: 'hot' },
  ...{ closedAfterMs: dayMs, maxMoves: 5, maxExpiries: 5, reserve: 0.1 },
};

export const intent: TierIntent = { ...lastLevel, next: 'metrics.samples_m5' };

/** The day that many days before the tests' now, as a partition. */
export function dayBefore(days: number): string {
  return new Date(nowMs - days * dayMs).toISOString().slice(0, 10).replaceAll('-', '');
}

export function serverOf(name: string, more: Partial<TierServer> = {}): TierServer {
  const disks = ['hot', 'warm', 'cold'].map((disk) => ({ name: disk, freeBytes: 1_000, totalBytes: 2_000 }));
  const storage = {
    policy: 'tiered',
    volumes: ['hot', 'warm', 'cold'].map((volume) => ({ name: volume, disks: [volume] })),
    disks,
  };
  return { ...flatServer(name), storage, ...more };
}

/** One without storage policies. */
export function flatServer(name: string): TierServer {
  return { name, shard: 1, partitionKey: 'toYYYYMMDD(time)', timeType: "DateTime('UTC')" };
}

/** Both sides equal, unless `next` says otherwise. */
export function rollupOf(
  day: string,
  count = '300',
  next = count,
  prints: [string, string] = ['7', '7'],
): RollupReading {
  const figures = (total: string, print: string) => [{ day, totals: [total], prints: [print] }];
  return { figures: ['count'], here: [{ shard: 1, days: figures(count, prints[0]) }], next: figures(next, prints[1]) };
}

export function partitionOf(id: string, more: Partial<TierPartition> = {}): TierPartition {
  const copies = ['a', 'b'].map((server) => ({ server, bytesOn: { hot: 100 } }));
  return {
    id,
    newestWriteMs: nowMs - 3 * dayMs,
    copies,
    rollup: rollupOf(id),
    backup: { known: true, evidence: 'backup-of ended with 0' },
    digests: Object.fromEntries(copies.map(({ server }) => [server, { rows: 300, sum: '1', xor: '2' }])),
    ...more,
  };
}

export function factsOf(partitions: readonly TierPartition[], more: Partial<TierFacts> = {}): TierFacts {
  return { nowMs, servers: [serverOf('a'), serverOf('b')], partitions, finer: [], ...more };
}
