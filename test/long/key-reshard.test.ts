// The whole of a file that `make test` runs sampled: its number of rows, and with it the time that it takes.
process.env['GANTRY_RESHARD_ROWS'] ??= '1200000';
await import('../workflows/clickhouse/key-reshard.test.ts');
