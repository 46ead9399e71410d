// The whole of a file that `make test` runs sampled: its number of rounds.
process.env['GANTRY_LATE_ROUNDS'] ??= '100';
await import('../workflows/clickhouse/late-rows.test.ts');
