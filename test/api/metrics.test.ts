import { mkdirSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../../lab/clock.ts';
import { startRun } from '../../src/client/index.ts';
import { parsePlatform } from '../../src/platform/index.ts';
import { validateInput } from '../../src/registry/index.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { startWorkers } from '../../workers/all.ts';
import { serveHealth } from '../../workers/health.ts';
import type { AccessRig } from '../support/access-rig.ts';
import { startAccessRig } from '../support/access-rig.ts';
import { describeWith } from '../support/lab.ts';
import { useTemporal } from '../support/temporal.ts';

/** The samples of a Prometheus text, by their names with labels. */
function samples(text: string): Map<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]),
  );
}

await describeWith(['temporal'], 'the metrics of the API', () => {
  const server = useTemporal();
  let rig: AccessRig;
  beforeAll(async () => {
    rig = await startAccessRig(server(), {
      schedules: {
        nightly: { kind: 'redis.switchover', cron: '0 3 * * *', input: { group: 'sessions', dryRun: true } },
      },
    });
  });
  afterAll(() => rig?.stop());
  const read = async (): Promise<Map<string, number>> => {
    const { body, statusCode, headers } = await rig.api.inject({
      ...{ method: 'GET', url: '/metrics', headers: { authorization: `Bearer ${rig.tokens.dan}` } },
    });
    expect([statusCode, headers['content-type']]).toEqual([200, expect.stringMatching(/^text\/plain/)]);
    return samples(body);
  };

  test('count open runs by state, each once, and say how long the oldest has waited for a person', async () => {
    const request = await rig.start('ann', 'measured');
    await rig.reaches(request, 'awaiting-approval');
    // Visibility is told a moment later, and figures are kept for a moment.
    const seen = await until(async () => {
      const now = await read();
      return now.get('gantry_runs{state="awaiting-approval"}') === 1 ? now : undefined;
    }, 60_000);
    expect(seen?.get('gantry_runs{state="running"}')).toBe(0);
    expect(seen?.get('gantry_temporal_up')).toBe(1);
    expect(seen?.get('gantry_oldest_wait_seconds')).toBeGreaterThan(0);
    expect(seen?.get('gantry_schedule_missed_fires{schedule="nightly"}')).toBe(0);
    expect(seen?.get('gantry_api_requests_total{method="POST",path="/v1/redis/switchover",status="202"}')).toBe(1);
    await rig.send('ann', 'POST', `/v1/runs/${encodeURIComponent(request)}/abort`, {});
    await rig.reaches(request, 'aborted');
    const after = await until(async () => {
      const now = await read();
      return now.get('gantry_runs{state="awaiting-approval"}') === 0 ? now : undefined;
    }, 60_000);
    expect(after?.get('gantry_oldest_wait_seconds')).toBe(0);
  });

  test('are refused without a token', async () => {
    expect((await rig.api.inject({ method: 'GET', url: '/metrics' })).statusCode).toBe(401);
  });
});

await describeWith(['temporal'], 'a worker process', () => {
  const server = useTemporal();

  test('says whether it polls, and counts the notices that failed', async () => {
    const refusing = createServer((_request, response) => response.writeHead(500).end());
    await new Promise<void>((resolve) => refusing.listen(0, '127.0.0.1', resolve));
    const { port } = refusing.address() as AddressInfo;
    const { address, client, stateDir } = server();
    const folder = join(stateDir, 'worker');
    mkdirSync(folder);
    const platform = parsePlatform(
      JSON.stringify({
        ...{ version: 1, name: 'metrics', regions: { here: { zones: { a: { runs: [] } } } } },
        // No worker of the domain is there: people are told so soon.
        policies: { default: { profiles: { quick: { start: '1s' } } } },
        ...{ reports: { folder }, notify: { webhook: { url: `http://127.0.0.1:${port}/` } } },
      }),
      'platform.yaml',
    );
    const metrics = createMetrics({ role: 'orchestration', version: 'test' });
    const taskQueue = `metrics-${process.pid}`;
    const connection = { address, namespace: 'default', options: { address } };
    const workers = await startWorkers({ connection, taskQueue, platform, log: createLog('silent'), metrics }, [
      'orchestration',
    ]);
    const health = await serveHealth(0, { ...workers, metrics });
    const get = (path: string) => fetch(`http://127.0.0.1:${health.port}${path}`);
    try {
      expect((await get('/healthz')).status).toBe(200);
      expect((await get('/nothing')).status).toBe(404);
      const options = { taskQueue, check: validateInput };
      await startRun(client, 'redis.switchover', { group: 'sessions' }, options);
      const failed = await until(async () => {
        const now = samples(await (await get('/metrics')).text());
        return now.get('gantry_notices_total{event="no-worker",outcome="failed"}');
      }, 60_000);
      expect(failed).toBeGreaterThanOrEqual(1);
      const now = samples(await (await get('/metrics')).text());
      expect(now.get('gantry_process_info{role="orchestration",version="test"}')).toBe(1);
      expect(now.get('gantry_notices_total{event="no-worker",outcome="sent"}')).toBeUndefined();
    } finally {
      await workers.stop();
      expect((await get('/healthz')).status).toBe(503);
      await health.close();
      refusing.close();
    }
  });
});
