// The whole of a file that `make test` runs sampled: its number of weekly drills.
process.env['GANTRY_WEEKLY_DRILLS'] ??= '52';
await import('../time/archive.test.ts');
