import { describe, expect, test } from 'vitest';
import { plainTable } from '../../../src/drivers/clickhouse/plain-table.ts';
import { reachOf } from '../../../src/drivers/clickhouse/restore.ts';

const as = { database: 'staging', table: 'metrics.samples' };
const plain = (query: string): string => plainTable(as, query).text;

describe('a table of the backup for one server alone', () => {
  test('is not replicated, and has its columns, keys and settings', () => {
    expect(
      plain(
        "CREATE TABLE metrics.samples (`d` Date, `n` UInt64) ENGINE = ReplicatedMergeTree('/t/{shard}/samples', '{replica}') PARTITION BY toYYYYMM(d) ORDER BY n SETTINGS index_granularity = 8192",
      ),
    ).toBe(
      'CREATE TABLE IF NOT EXISTS `staging`.`metrics.samples` (`d` Date, `n` UInt64) ENGINE = MergeTree PARTITION BY toYYYYMM(d) ORDER BY n SETTINGS index_granularity = 8192',
    );
  });

  test('keeps the arguments of its engine, also those of the old syntax', () => {
    expect(
      plain("CREATE TABLE a.b (`v` UInt8) ENGINE = ReplicatedReplacingMergeTree('/p', 'r', v) ORDER BY v"),
    ).toMatch(/ENGINE = ReplacingMergeTree\(v\) ORDER BY v$/);
    expect(plain("CREATE TABLE a.b (`d` Date) ENGINE = ReplicatedMergeTree('/p', '{replica}', d, d, 8192)")).toMatch(
      /ENGINE = MergeTree\(d, d, 8192\)$/,
    );
    expect(plain('CREATE TABLE a.b (`d` Date) ENGINE = MergeTree ORDER BY d')).toMatch(
      /ENGINE = MergeTree ORDER BY d$/,
    );
  });

  test('has no TTL, of the table or of a column, and no storage policy: old rows would go at once', () => {
    expect(
      plain(
        "CREATE TABLE a.b (`d` Date, `s` String TTL d + toIntervalDay(3), `t` String DEFAULT ' TTL ') ENGINE = ReplicatedMergeTree('/p', 'r') ORDER BY d TTL d + toIntervalMonth(1) SETTINGS storage_policy = 'tiered', index_granularity = 8192",
      ),
    ).toBe(
      "CREATE TABLE IF NOT EXISTS `staging`.`metrics.samples` (`d` Date, `s` String, `t` String DEFAULT ' TTL ') ENGINE = MergeTree ORDER BY d SETTINGS index_granularity = 8192",
    );
  });

  test('a statement of another form is refused', () => {
    for (const query of ['CREATE VIEW a.b AS SELECT 1', 'CREATE TABLE a.b (`x` UInt8) ENGINE = Log', 'DROP TABLE a.b'])
      expect(() => plain(query)).toThrow(expect.objectContaining({ code: 'CLICKHOUSE_ENGINE_UNSUPPORTED' }));
  });
});

test('only words that no connection came about count as closed', () => {
  const said = (message: string) => reachOf(new Error(message)).reach;
  expect(said('Code: 279, All connection tries failed. Connection refused (10.0.0.1:9000)')).toBe('closed');
  expect(said('Timeout: connect timed out: 10.0.0.1:9000')).toBe('closed');
  expect(said('Not found address of host: ch1, DNS error')).toBe('closed');
  expect(said('Unexpected packet from server (expected Hello, got 80)')).toBe('open');
  expect(said('Timeout exceeded while reading from socket (10.0.0.1:6379)')).toBe('open');
  expect(said('Authentication failed: password is incorrect')).toBe('open');
  expect(said('something else')).toBe('unknown');
});
