import { expect, test } from 'vitest';
import { readFacts } from '../../../../activities/clickhouse/shares/read-facts.ts';
import type { ServerReading, TableReading } from '../../../../activities/clickhouse/servers/read.ts';
import { clickhouseTable } from '../../../../src/platform/clickhouse/table-schema.ts';
import { tierScene } from '../tier/scene.ts';

const table = 'load.events';
const partition = {
  ...{ rows: 10, bytes: 1_000, parts: 1, maxBlock: 1 },
  ...{ minTimeSeconds: 0, maxTimeSeconds: 0, ageSeconds: 0 },
};
const replicaFacts: TableReading['replica'] = {
  ...{ engine: 'ReplicatedMergeTree', zookeeperPath: '/t', replicaName: 'r', replicaPath: '/t/replicas/r' },
  ...{ leader: true, readOnly: false, sessionExpired: false, delaySeconds: 0, queueSize: 0, futureParts: 0 },
  ...{ partsToCheck: 0, logPointer: 0, logMaxIndex: 0, totalReplicas: 2, activeReplicas: 2 },
};

/** A replica of the only shard with two partitions, read so often. */
function replica(server: string, reads: Record<string, number> | undefined): ServerReading {
  const seen: TableReading = {
    ...{ engine: 'ReplicatedMergeTree', structure: '', replica: replicaFacts, queue: [], mutations: [] },
    ...{ disksOf: new Map(), keeperMs: 1, capsFetches: false },
    partitions: ['20260101', '20260102'].map((partitionId) => ({ ...partition, partitionId, partition: partitionId })),
    reads: reads && new Map(Object.entries(reads)),
  };
  return { server, shard: 1, disks: undefined, usedBytes: 0, tables: new Map([[table, seen]]) };
}

async function heats(...servers: ServerReading[]): Promise<unknown[]> {
  const nodes = servers.map(({ server }, at) => {
    return { name: server, host: 'localhost', httpPort: 8_123 + at, shard: 1, replica: at + 1 };
  });
  const { access } = tierScene(nodes);
  const given = { cluster: 'metrics', table, config: clickhouseTable.parse({}), nowMs: 0 };
  const { facts } = await readFacts(access, given, servers, new AbortController().signal);
  return facts.shards[0]?.partitions.map(({ heat }) => heat) ?? [];
}

test('adds up what was read of a partition on every replica; where one of them cannot say, nobody knows', async () => {
  expect(await heats(replica('r1', { '20260101': 5 }), replica('r2', { '20260101': 7, '20260102': 1 }))).toEqual([
    12, 1,
  ]);
  expect(await heats(replica('r1', { '20260101': 5 }), replica('r2', undefined))).toEqual([undefined, undefined]);
});
