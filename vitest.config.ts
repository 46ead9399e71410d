import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

const base = {
  // Forks: Temporal's core bridge is native and crashes in worker threads.
  pool: 'forks' as const,
  // A bound for what hangs. Nothing is proven by it: tests wait for events, and a busy machine only makes them later.
  testTimeout: 600_000,
  hookTimeout: 600_000,
  expect: { poll: { timeout: 120_000 } },
  env: { GANTRY_PATIENCE: process.env['GANTRY_PATIENCE'] ?? '12' },
};
/** No server of any kind. */
const unit = [
  'test/api/{access,surface}.test.ts',
  'test/{audit,cli,errors,platform,planning,registry,runs,settings,house,all}/**/*.test.ts',
];
/** What starts ClickHouse, whose cluster fills a small machine: one file at a time (test/all/lanes.ts). */
const clickhouse = [
  'test/{activities,drivers,sweep,workflows}/clickhouse/**/*.test.ts',
  'test/{activities,sweep,workflows}/archive/**/*.test.ts',
  'test/lab/*clickhouse*.test.ts',
];
/** What `make test` leaves out: whole variants, what measures time, and what boots guests or a Kubernetes control plane. */
const long = [
  'test/long/**/*.test.ts',
  'test/lab/{host,host-link,kubernetes}.test.ts',
  'test/activities/host/network/change-network.test.ts',
  'test/drivers/ssh/units.test.ts',
  'test/drivers/kubernetes/control-plane.test.ts',
];

/** What records fixtures (`make fixtures`) is no test: skipped, it would count as one that could not run. */
const recordings = process.env['GANTRY_RECORD'] === undefined ? ['test/histories/*.record.test.ts'] : [];

export default defineConfig({
  test: {
    ...base,
    // Groups only matter where one vitest runs several projects; `make test` runs them side by side, each in one of its own.
    projects: [
      // They share nothing but code, whose imports cost more than most of the files: one process for many files.
      { test: { ...base, name: 'unit', include: unit, isolate: false, maxWorkers: 2, sequence: { groupOrder: 0 } } },
      {
        test: {
          ...base,
          name: 'lab',
          include: ['test/**/*.test.ts'],
          exclude: [...unit, ...clickhouse, ...long, ...recordings],
          // They wait more than they compute.
          maxWorkers: Math.max(2, Math.floor(availableParallelism() / 2)),
          sequence: { groupOrder: 1 },
        },
      },
      { test: { ...base, name: 'clickhouse', include: clickhouse, maxWorkers: 1, sequence: { groupOrder: 2 } } },
      { test: { ...base, name: 'long', include: long, maxWorkers: 1, sequence: { groupOrder: 3 } } },
    ],
  },
});
