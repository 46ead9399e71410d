import { describe, expect, test } from 'vitest';
import type { ServerHealth, TableHealth } from '../../../../src/planning/clickhouse/index.ts';
import { healthLimits, judgeHealth } from '../../../../src/planning/clickhouse/index.ts';
import { GB } from '../facts.ts';

const well: TableHealth = {
  ...{ readOnly: false, sessionExpired: false, delaySeconds: 0, activeReplicas: 2, totalReplicas: 2 },
  ...{ queueSize: 0, oldestSeconds: 0, failing: [], mutations: [], keeperMs: 3 },
  fullest: { partition: '20260101', parts: 4 },
};
const disk = { name: 'nvme', tier: 'nvme', totalBytes: 100 * GB, freeBytes: 50 * GB, reserveBytes: 0 };
const server = (seen: Partial<TableHealth> = {}, freeBytes = disk.freeBytes): ServerHealth => ({
  server: 's1r1',
  disks: [{ ...disk, freeBytes }],
  tables: [{ table: 'usage.events', seen: { ...well, ...seen } }],
});
const codes = (one: ServerHealth): string[] =>
  judgeHealth([one], 2).flatMap(({ part, code }) => (code === undefined ? [] : [`${part} ${code}`]));

describe('the health of a cluster', () => {
  test('is one check for each part, none of them with a code where all is well', () => {
    const checks = judgeHealth([server()], 2);
    expect(checks.map(({ part }) => part)).toEqual([
      'server',
      'replica',
      'queue',
      'mutations',
      'parts',
      'keeper',
      'disk',
    ]);
    expect(codes(server())).toEqual([]);
  });

  test('accepts what is at a limit and nothing above it', () => {
    const { delaySeconds, queueEntries, oldestSeconds, parts, keeperMs } = healthLimits;
    const atLimit = {
      delaySeconds,
      queueSize: queueEntries,
      oldestSeconds,
      keeperMs,
      fullest: { partition: 'p', parts },
    };
    expect(codes(server(atLimit, 10 * GB))).toEqual([]);
    expect(codes(server({ delaySeconds: delaySeconds + 1 }))).toEqual(['queue CLICKHOUSE_REPLICA_BEHIND']);
    expect(codes(server({ queueSize: queueEntries + 1 }))).toEqual(['queue CLICKHOUSE_REPLICA_BEHIND']);
    expect(codes(server({ oldestSeconds: oldestSeconds + 1 }))).toEqual(['queue CLICKHOUSE_REPLICA_BEHIND']);
    expect(codes(server({ fullest: { partition: 'p', parts: parts + 1 } }))).toEqual([
      'parts CLICKHOUSE_TOO_MANY_PARTS',
    ]);
    expect(codes(server({ keeperMs: keeperMs + 1 }))).toEqual(['keeper CLICKHOUSE_KEEPER_SLOW']);
    expect(codes(server({}, 10 * GB - 1))).toEqual(['disk CLICKHOUSE_DISK_LOW']);
  });

  test('names a read-only replica, an expired session, a replica that is away, a running mutation, a failing entry', () => {
    expect(codes(server({ readOnly: true }))).toEqual(['replica CLICKHOUSE_TABLE_READ_ONLY']);
    expect(codes(server({ sessionExpired: true }))).toEqual(['replica CLICKHOUSE_KEEPER_UNAVAILABLE']);
    expect(codes(server({ activeReplicas: 1 }))).toEqual(['replica CLICKHOUSE_REPLICA_MISSING']);
    // The file declares two: one that was never made is missing all the same.
    expect(codes(server({ activeReplicas: 1, totalReplicas: 1 }))).toEqual(['replica CLICKHOUSE_REPLICA_MISSING']);
    expect(codes(server({ mutations: ['m1: DELETE'] }))).toEqual(['mutations CLICKHOUSE_MUTATION_RUNNING']);
    expect(codes(server({ failing: ['GET_PART p, 12 tries: no source'] }))).toEqual([
      'queue CLICKHOUSE_REPLICA_BEHIND',
    ]);
  });

  test('takes a missing reading for a failure: of a server, of a table, of the disks', () => {
    const none = { code: 'CLICKHOUSE_TIMEOUT' as const, message: 'no end within 10 s' };
    expect(codes({ server: 's1r1', problem: none })).toEqual(['server CLICKHOUSE_TIMEOUT']);
    const read = server();
    if (read.problem) throw new Error('it was read');
    expect(codes({ ...read, tables: [{ table: 'usage.events', seen: none }] })).toEqual(['replica CLICKHOUSE_TIMEOUT']);
    expect(codes({ ...read, disks: none })).toEqual(['disk CLICKHOUSE_TIMEOUT']);
  });
});
