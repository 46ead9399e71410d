import type { ClickHouseMoveInput } from '../../../runs/index.ts';
import type { MoveFacts, MoveIntent, MoveServerFacts, MoveServerReading } from './types.ts';
import type { Finding } from '../facts/types.ts';

/** More parts than this are not kept account of: the manifest travels in the run's history. */
export const maxParts = 1_000;

/** What of a partition's bytes the target must have free: the copy, and the parts that it is attached as are hard links. */
const roomFactor = 1.1;

/** Replication entries that may wait: a closed partition has none of its own, and the table goes on taking rows. */
const maxQueued = 20;

type Seen = { name: string; reading: MoveServerReading };

/** Everything that forbids the move, all of it at once. */
export function moveFindings(intent: MoveIntent, facts: MoveFacts, input: ClickHouseMoveInput): Finding[] {
  const { from, to, partition } = input;
  if (from === to) {
    const message = `partition ${partition} can't go from shard ${from} to the same shard`;
    return [{ code: 'INVALID_INPUT', message, place: 'to' }];
  }
  const findings: Finding[] = [];
  for (const [shard, servers] of [[from, facts.source] as const, [to, facts.target] as const]) {
    if (servers.length > 0) continue;
    findings.push({ code: 'INVALID_INPUT', message: `the cluster has no shard ${shard}`, place: `shard ${shard}` });
  }
  const [source, target] = [seen(facts.source), seen(facts.target)];
  return [
    ...findings,
    ...[...facts.source, ...facts.target].flatMap(unanswered),
    ...[...source, ...target].flatMap(unhealthy),
    ...differing([...source, ...target]),
    ...(source.length > 0 ? ofPartition(intent, source, input) : []),
    ...ofTarget(intent, source, target, partition),
  ];
}

export function seen(servers: readonly MoveServerFacts[]): Seen[] {
  return servers.flatMap(({ name, reading }) => (reading ? [{ name, reading }] : []));
}

function unanswered({ name, problem }: MoveServerFacts): Finding[] {
  return problem ? [{ ...problem, place: name }] : [];
}

function unhealthy({ name, reading }: Seen): Finding[] {
  const { readOnly, sessionExpired, queued, activeReplicas, totalReplicas, mutations } = reading;
  const findings: Finding[] = [];
  const add = (code: Finding['code'], message: string): void => void findings.push({ code, message, place: name });
  if (readOnly || sessionExpired) add('CLICKHOUSE_TABLE_READ_ONLY', `the table is read-only on ${name}`);
  if (queued > maxQueued) {
    add('CLICKHOUSE_REPLICA_BEHIND', `${name} has ${queued} entries in its replication queue; at most ${maxQueued}`);
  }
  if (activeReplicas < totalReplicas) {
    add('CLICKHOUSE_REPLICA_BEHIND', `${name} sees ${activeReplicas} of ${totalReplicas} replicas active`);
  }
  if (mutations > 0) add('CLICKHOUSE_MUTATION_RUNNING', `${name} has ${mutations} mutations that are not done`);
  return findings;
}

function differing(servers: readonly Seen[]): Finding[] {
  const [first, ...others] = servers;
  if (!first) return [];
  return others
    .filter(({ reading }) => reading.structure !== first.reading.structure)
    .map(({ name }) => ({
      code: 'CLICKHOUSE_STRUCTURE_DIFFERS' as const,
      message: `the table on ${name} has other columns, keys or another engine than on ${first.name}`,
      place: name,
    }));
}

function ofPartition(intent: MoveIntent, source: readonly Seen[], { partition, back }: ClickHouseMoveInput): Finding[] {
  const findings: Finding[] = [];
  const add = (code: Finding['code'], message: string, place?: string): void =>
    void findings.push({ code, message, ...(place === undefined ? {} : { place }) });
  const most = (of: (reading: MoveServerReading) => number): number =>
    Math.max(...source.map(({ reading }) => of(reading)));
  if (most(({ parts }) => parts) === 0) {
    add('CLICKHOUSE_PARTITION_UNKNOWN', `the source has no part of partition ${partition}`);
    return findings;
  }
  if (!intent.underWrites && new Set(source.map(({ reading }) => reading.rows)).size > 1) {
    const rows = source.map(({ name, reading }) => `${name} ${reading.rows}`).join(', ');
    add('CLICKHOUSE_REPLICAS_DIFFER', `the source replicas have different numbers of rows of ${partition}: ${rows}`);
  }
  for (const { name, reading } of source) {
    // An undo has no undo by these parts itself, and attaches none of them by its name: see `detachedBefore`.
    if (!reading.detached || back) continue;
    const message = `${name} has parts of ${partition} in \`detached\`: an undo could not tell them from its own`;
    add('CLICKHOUSE_ALREADY_DETACHED', message, name);
  }
  const agoMs = Math.min(...source.map(({ reading }) => reading.quietSeconds ?? Infinity)) * 1_000;
  const quietMs = Math.max(intent.closedAfterMs, intent.fence.kind === 'quiet' ? intent.fence.forMs : 0);
  if (agoMs < 0) {
    // A clock that was set back: until it has come as far again, nothing says how old a part is.
    const message = `${partition} has a part that was written ${seconds(-agoMs)} after what its server's clock says: it has no age`;
    add('CLICKHOUSE_PARTITION_OPEN', message);
  } else if (agoMs < quietMs) {
    const message = `${partition} was written to ${seconds(agoMs)} ago; it counts as closed after ${seconds(quietMs)}`;
    add('CLICKHOUSE_PARTITION_OPEN', message);
  }
  const parts = most((reading) => reading.parts);
  if (parts > maxParts) add('CLICKHOUSE_MERGE_FIRST', `${partition} has ${parts} parts; at most ${maxParts} are moved`);
  const bytes = most((reading) => reading.bytes);
  if (bytes > intent.maxPartitionBytes) {
    const message = `${partition} has ${bytes} bytes; partitions above ${intent.maxPartitionBytes} are left`;
    add('CLICKHOUSE_PARTITION_TOO_BIG', message);
  }
  return findings;
}

function ofTarget(
  { underWrites }: MoveIntent,
  source: readonly Seen[],
  target: readonly Seen[],
  partition: string,
): Finding[] {
  const findings: Finding[] = [];
  const bytes = Math.max(0, ...source.map(({ reading }) => reading.bytes));
  for (const { name, reading } of target) {
    if (reading.freeBytes !== undefined && reading.freeBytes < bytes * roomFactor) {
      const message = `${name} has ${reading.freeBytes} bytes free; the copy of ${partition} needs ${Math.ceil(bytes * roomFactor)}`;
      findings.push({ code: 'CLICKHOUSE_NO_ROOM', message, place: name });
    }
  }
  if (!underWrites && new Set(target.map(({ reading }) => reading.rows)).size > 1) {
    const rows = target.map(({ name, reading }) => `${name} ${reading.rows}`).join(', ');
    const message = `the target replicas have different numbers of rows of ${partition}: ${rows}`;
    findings.push({ code: 'CLICKHOUSE_REPLICAS_DIFFER', message });
  }
  const [first] = target;
  if (first && !isMergeTree(first.reading.engine)) {
    const message = `${first.reading.engine} is not a replicated engine of the MergeTree family`;
    findings.push({ code: 'CLICKHOUSE_ENGINE_UNSUPPORTED', message });
  } else if (first && mergesRows(first.reading.engine) && target.some(({ reading }) => reading.rows > 0)) {
    const message = `${first.reading.engine}: the target has its own rows of ${partition}, and the moved rows would be merged with them`;
    findings.push({ code: 'CLICKHOUSE_ENGINE_UNSUPPORTED', message });
  }
  return findings;
}

function isMergeTree(engine: string): boolean {
  return /^Replicated\w*MergeTree$/.test(engine);
}

/** Whether merges of this engine change rows. */
export function mergesRows(engine: string): boolean {
  return engine !== 'ReplicatedMergeTree';
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1_000)} s`;
}
