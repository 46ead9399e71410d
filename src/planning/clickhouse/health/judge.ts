import type { ErrorCode } from '../../../errors/index.ts';
import type { ClickHouseHealthPart } from '../../../runs/index.ts';
import type { DiskFacts } from '../facts/types.ts';
import { bytesInWords, counted } from '../facts/words.ts';

/** A table as one server has it. */
export type TableHealth = {
  readOnly: boolean;
  sessionExpired: boolean;
  delaySeconds: number;
  activeReplicas: number;
  totalReplicas: number;
  queueSize: number;
  oldestSeconds: number;
  /** Entries of the queue that were tried again and again, and what they say. */
  failing: readonly string[];
  mutations: readonly string[];
  /** The partition with the most parts in use. */
  fullest: { partition: string; parts: number };
  /** How long ZooKeeper took to answer through this server. */
  keeperMs: number;
};

export type NoReading = { code: ErrorCode; message: string };

/** One server as it was read, or why it wasn't. */
export type ServerHealth = { server: string } & (
  | {
      problem?: never;
      disks: readonly DiskFacts[] | NoReading;
      tables: readonly { table: string; seen: TableHealth | NoReading }[];
    }
  | { problem: NoReading }
);

export type HealthFinding = {
  part: ClickHouseHealthPart;
  server: string;
  table?: string;
  reading: string;
  threshold: string;
  /** Left out where all is well. */
  code?: ErrorCode;
};

/** What is accepted. Above these a cluster has trouble of its own, and nothing should be moved over it. */
export const healthLimits = {
  delaySeconds: 30,
  queueEntries: 20,
  oldestSeconds: 300,
  /** A fetch may well fail a few times while the other replica still merges. */
  tries: 10,
  /** MergeTree slows inserts down from 150 parts of a partition on (parts_to_delay_insert of 18.16). */
  parts: 100,
  freeShare: 0.1,
  keeperMs: 2_000,
} as const;

/** Readings → one check for each part of each server, those that aren't ok with their code. Pure. */
export function judgeHealth(servers: readonly ServerHealth[], replicasPerShard: number): HealthFinding[] {
  return servers.flatMap((one): HealthFinding[] => {
    const { server } = one;
    if (one.problem) return [unread('server', server, 'answers', one.problem)];
    return [
      { part: 'server', server, reading: 'answers', threshold: 'answers' },
      ...one.tables.flatMap(({ table, seen }) =>
        isReading(seen)
          ? tableFindings(seen, replicasPerShard).map((finding) => ({ ...finding, server, table }))
          : [{ ...unread('replica', server, 'is read', seen), table }],
      ),
      ...diskFindings(server, one.disks),
    ];
  });
}

function isReading(seen: TableHealth | NoReading): seen is TableHealth {
  return !('code' in seen);
}

function unread(part: ClickHouseHealthPart, server: string, threshold: string, { code, message }: NoReading) {
  return { part, server, reading: `no reading: ${message}`, threshold, code };
}

type Of = Omit<HealthFinding, 'server' | 'table'>;

function tableFindings(seen: TableHealth, replicas: number): Of[] {
  const { delaySeconds, queueEntries, oldestSeconds, parts, keeperMs } = healthLimits;
  const slow = seen.keeperMs > keeperMs;
  const active = seen.activeReplicas >= replicas && seen.activeReplicas >= seen.totalReplicas;
  const behind =
    seen.delaySeconds > delaySeconds ||
    seen.queueSize > queueEntries ||
    seen.oldestSeconds > oldestSeconds ||
    seen.failing.length > 0;
  const replica: ErrorCode | undefined = seen.readOnly
    ? 'CLICKHOUSE_TABLE_READ_ONLY'
    : seen.sessionExpired
      ? 'CLICKHOUSE_KEEPER_UNAVAILABLE'
      : active
        ? undefined
        : 'CLICKHOUSE_REPLICA_MISSING';
  return [
    {
      part: 'replica',
      reading: `${seen.activeReplicas} of ${seen.totalReplicas} replicas active${seen.readOnly ? ', read-only' : ''}${seen.sessionExpired ? ', session expired' : ''}`,
      threshold: `${replicas} active, none read-only`,
      ...coded(replica),
    },
    {
      part: 'queue',
      reading: [
        `${seen.delaySeconds} s behind, ${counted(seen.queueSize, 'entry', 'entries')}, the oldest ${seen.oldestSeconds} s`,
        ...seen.failing,
      ].join('; '),
      threshold: `${delaySeconds} s, ${queueEntries} entries, ${oldestSeconds} s, none failing`,
      ...coded(behind ? 'CLICKHOUSE_REPLICA_BEHIND' : undefined),
    },
    {
      part: 'mutations',
      reading: seen.mutations.length ? seen.mutations.join('; ') : 'none',
      threshold: 'none',
      ...coded(seen.mutations.length ? 'CLICKHOUSE_MUTATION_RUNNING' : undefined),
    },
    {
      part: 'parts',
      reading: seen.fullest.parts ? `${counted(seen.fullest.parts, 'part')} in ${seen.fullest.partition}` : 'no parts',
      threshold: `${parts} in a partition`,
      ...coded(seen.fullest.parts > parts ? 'CLICKHOUSE_TOO_MANY_PARTS' : undefined),
    },
    {
      part: 'keeper',
      reading: `answers in ${Math.round(seen.keeperMs)} ms`,
      threshold: `${keeperMs} ms`,
      ...coded(slow ? 'CLICKHOUSE_KEEPER_SLOW' : undefined),
    },
  ];
}

function diskFindings(server: string, disks: readonly DiskFacts[] | NoReading): HealthFinding[] {
  const threshold = `${healthLimits.freeShare * 100} % free`;
  if ('code' in disks) return [unread('disk', server, threshold, disks)];
  return disks.map(({ name, totalBytes, freeBytes, reserveBytes }) => {
    const enough = freeBytes - reserveBytes >= totalBytes * healthLimits.freeShare;
    const reading = `${name}: ${bytesInWords(freeBytes)} of ${bytesInWords(totalBytes)} free`;
    return { part: 'disk', server, reading, threshold, ...coded(enough ? undefined : 'CLICKHOUSE_DISK_LOW') };
  });
}

function coded(code: ErrorCode | undefined): { code?: ErrorCode } {
  return code === undefined ? {} : { code };
}
