// Every order of restarts; `make test` has two of six with each commit.
process.env['GANTRY_WHOLE'] = '1';
await import('../workflows/redis/restart-matrix-failover.test.ts');
await import('../workflows/redis/restart-matrix-switchover.test.ts');
