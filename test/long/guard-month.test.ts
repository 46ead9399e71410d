// The whole of a file that `make test` runs sampled: its days.
process.env['GANTRY_GUARD_DAYS'] ??= '30';
await import('../time/guard.test.ts');
