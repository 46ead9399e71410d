import { defineConfig } from 'vitest/config';

// Forks: Temporal's core bridge is native and crashes in worker threads. Two at a time: the lab's parts need the cores too.
const base = { pool: 'forks' as const, maxWorkers: 2, testTimeout: 60_000, hookTimeout: 60_000 };
const unit = ['test/{cli,errors,platform,planning,registry,runs,settings,house}/**/*.test.ts'];

export default defineConfig({
  test: {
    ...base,
    projects: [
      { test: { ...base, name: 'unit', include: unit } },
      {
        test: {
          ...base,
          name: 'lab',
          include: ['test/**/*.test.ts'],
          exclude: [...unit, 'test/sweep/**', 'test/timing/**'],
        },
      },
      // What measures or kills has the machine to itself: one file after the other, after all else.
      {
        test: {
          ...base,
          name: 'alone',
          include: ['test/sweep/**/*.test.ts', 'test/timing/**/*.test.ts'],
          fileParallelism: false,
          sequence: { groupOrder: 1 },
          testTimeout: 600_000,
        },
      },
    ],
  },
});
