import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { writeClickHousePlatform } from '../../lab/clickhouse/platform.ts';
import { startWorkerProcess } from '../../demo/worker-process.ts';
import { fakeTimeEnv } from '../support/faketime.ts';
import { describeWith } from '../support/lab.ts';
import { useTemporal } from '../support/temporal.ts';

const measures = `const [wall, monotonic] = [Date.now(), performance.now()];
  setTimeout(() => console.log(JSON.stringify([wall, Date.now() - wall, performance.now() - monotonic])), 200)`;

await describeWith(['faketime'], 'a process with a clock of its own', () => {
  test.each([300, -300])('is %s s off, and counts seconds as they are', async (offset) => {
    const env = { ...process.env, ...fakeTimeEnv(offset) };
    const before = Date.now();
    const { stdout } = await promisify(execFile)(process.execPath, ['-e', measures], { env });
    const after = Date.now();
    const [wall, waited, counted] = JSON.parse(stdout) as [number, number, number];
    expect(wall).toBeGreaterThanOrEqual(before + offset * 1_000 - 1_000);
    expect(wall).toBeLessThanOrEqual(after + offset * 1_000 + 1_000);
    for (const ms of [waited, counted]) expect(ms).toBeGreaterThanOrEqual(190);
    expect(Math.abs(waited - counted)).toBeLessThan(50);
  });
});

await describeWith(['faketime', 'temporal'], 'workers with a clock of their own', () => {
  const server = useTemporal();

  test.each([300, -300])(
    'poll and carry a workflow through, %s s off',
    async (offset) => {
      const stateDir = mkdtempSync(join(tmpdir(), 'gantry-clock-'));
      const { address, client } = server();
      const { path } = writeClickHousePlatform({
        ...{ stateDir, tables: {}, policies: {}, called: 'metrics' },
        cluster: {
          name: 'metrics',
          zookeeper: { host: '127.0.0.1', port: 1 },
          nodes: [{ name: 's1r1', shard: 1, replica: 1, host: '127.0.0.1', tcpPort: 2, httpPort: 1 }],
        },
      } as unknown as Parameters<typeof writeClickHousePlatform>[0]); // No server of it runs: it has an address alone.
      const workers = await startWorkerProcess({
        ...{ stateDir, platformFile: path, taskQueue: `clock${offset}`, domain: 'clickhouse' },
        connection: { address, namespace: 'default', options: { address } },
        env: fakeTimeEnv(offset),
      });
      try {
        const options = { workflowId: `clock${offset}`, taskQueue: `clock${offset}`, args: [{ cluster: 'metrics' }] };
        const report: unknown = await client.workflow
          .execute('clickhouseHealth', options)
          .catch((error: unknown) => error);
        // Nothing listens there: what matters is that activities were begun, retried and ended, and the run with them.
        expect(JSON.stringify(report)).toContain('s1r1');
      } finally {
        await workers.stop();
        rmSync(stateDir, { recursive: true, force: true });
      }
    },
    120_000,
  );
});
