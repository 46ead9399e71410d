// A sample of every procedure's sweep; `make test` has one of three of Redis, two of five of ClickHouse and one of two of regions with each commit.
process.env['GANTRY_WHOLE'] = '1';
await import('../sweep/redis/sample.test.ts');
await import('../sweep/clickhouse/sample.test.ts');
await import('../sweep/region/sample.test.ts');
