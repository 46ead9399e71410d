import { defineConfig } from 'vitest/config';

// Forks: Temporal's core bridge is native and crashes in worker threads. Two at a time: the lab's parts need the cores too.
export default defineConfig({
  test: { include: ['test/**/*.test.ts'], pool: 'forks', maxWorkers: 2, testTimeout: 60_000, hookTimeout: 60_000 },
});
