import { expect, test } from 'vitest';
import type { ClickHouseClusterAccess } from '../../../activities/clickhouse/access.ts';
import { readFacts } from '../../../activities/clickhouse/read-facts.ts';
import type { ServerReading, TableReading } from '../../../activities/clickhouse/read-server.ts';
import { clickhouseTable } from '../../../src/platform/schema/clickhouse-table.ts';

const table = 'load.events';
const partition = { partition: 'p', rows: 10, bytes: 1_000, parts: 1, minDate: '', maxDate: '', modifiedSeconds: 0 };

/** A replica of the only shard with two partitions, read so often. */
function replica(server: string, reads: Record<string, number> | undefined): ServerReading {
  const seen = {
    ...{ engine: 'ReplicatedMergeTree', structure: '', replica: { readOnly: false, sessionExpired: false } },
    ...{ queue: [], mutations: [], disksOf: new Map(), keeperMs: 1, capsFetches: false },
    partitions: ['20260101', '20260102'].map((partitionId) => ({ ...partition, partitionId })),
    reads: reads && new Map(Object.entries(reads)),
  };
  return {
    server,
    shard: 1,
    ...{ disks: undefined, usedBytes: 0, tables: new Map([[table, seen as unknown as TableReading]]) },
  };
}

async function heats(...servers: ServerReading[]): Promise<unknown[]> {
  const config = { nodes: servers.map(({ server }) => ({ name: server, shard: 1 })), shards: 1, tiers: {} };
  const access = { config: { ...config, membership: { weights: {} } } } as unknown as ClickHouseClusterAccess;
  const given = { cluster: 'metrics', table, config: clickhouseTable.parse({}), nowMs: 0 };
  const { facts } = await readFacts(access, given, servers, new AbortController().signal);
  return facts.shards[0]?.partitions.map(({ heat }) => heat) ?? [];
}

test('adds up what was read of a partition on every replica; where one of them can not say, nobody knows', async () => {
  expect(await heats(replica('r1', { '20260101': 5 }), replica('r2', { '20260101': 7, '20260102': 1 }))).toEqual([
    12, 1,
  ]);
  expect(await heats(replica('r1', { '20260101': 5 }), replica('r2', undefined))).toEqual([undefined, undefined]);
});
