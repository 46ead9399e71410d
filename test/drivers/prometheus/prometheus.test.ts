import { execFile } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LabExporter } from '../../../lab/prometheus/exporter.ts';
import { startExporter } from '../../../lab/prometheus/exporter.ts';
import type { LabPrometheus } from '../../../lab/prometheus/prometheus.ts';
import { startPrometheus } from '../../../lab/prometheus/prometheus.ts';
import { freePort } from '../../../lab/ports.ts';
import type { Prometheus } from '../../../src/drivers/prometheus/index.ts';
import { connectPrometheus } from '../../../src/drivers/prometheus/index.ts';
import { fakeTimeEnv } from '../../support/faketime.ts';
import { describeWith, needs } from '../../support/lab.ts';
import { playedServer } from '../../support/played-server.ts';
import { removeSoon } from '../../support/remove-soon.ts';

const json = (value: unknown) => ({ type: 'application/json', body: JSON.stringify(value) });
const matrix = (result: unknown, more: object = {}) =>
  json({ status: 'success', data: { resultType: 'matrix', result }, ...more });
const once = { fromMs: 1_000, toMs: 1_000, stepMs: 1_000 };

async function answering({ type, body }: { type: string; body: string }, status = 200): Promise<Prometheus> {
  const host = await playedServer((_request, response) =>
    response.writeHead(status, { 'content-type': type }).end(body),
  );
  return connectPrometheus({ url: `http://${host}` });
}

const noFakeTime = await needs('faketime');

await describeWith(['prometheus'], 'Prometheus', () => {
  const stateDir = mkdtempSync(join(tmpdir(), 'gantry-lab-'));
  let exporter: LabExporter;
  let lab: LabPrometheus;
  beforeAll(async () => {
    exporter = await startExporter();
    for (const [name, value] of Object.entries({ one: 1, nan: 'NaN', high: '+Inf', low: '-Inf' }))
      exporter.show(name, value);
    lab = await startPrometheus({ stateDir, target: exporter.target });
    const { now, evaluate } = connectPrometheus({ url: lab.url });
    while ((await evaluate('one', { ...once, ...at(await now()) })).series.length === 0) await pause(50);
  });
  afterAll(async () => {
    await lab.kill();
    await exporter.stop();
    removeSoon(stateDir);
  });
  const at = (ms: number) => ({ fromMs: ms, toMs: ms });

  test('says its time, and evaluates a query at one time and over a window', async () => {
    const { now, evaluate } = connectPrometheus({ url: `${lab.url}/` });
    const nowMs = await now();
    expect(await evaluate('one', { ...once, ...at(nowMs) })).toEqual({
      series: [{ labels: { __name__: 'one', instance: exporter.target, job: 'lab' }, points: [[nowMs, 1]] }],
      warnings: [],
    });
    const window = { fromMs: nowMs - 10_000, toMs: nowMs, stepMs: 5_000 };
    const points = [nowMs - 10_000, nowMs - 5_000, nowMs].map((ms) => [ms, 3]);
    expect(await evaluate('vector(3)', window)).toEqual({ series: [{ labels: {}, points }], warnings: [] });
    expect((await evaluate('1 + 2', { ...once, ...at(nowMs) })).series).toMatchObject([{ points: [[nowMs, 3]] }]);
    expect((await evaluate('no_such_metric', { ...once, ...at(nowMs) })).series).toEqual([]);
  });

  test('gives numbers that JSON has not', async () => {
    const { now, evaluate } = connectPrometheus({ url: lab.url });
    const nowMs = await now();
    const value = async (query: string) => (await evaluate(query, { ...once, ...at(nowMs) })).series[0]?.points[0]?.[1];
    expect([await value('nan'), await value('high'), await value('low')]).toEqual([NaN, Infinity, -Infinity]);
  });

  test.each(['rate(one)', 'one[5m]', '"text"', 'one * on() group_left() '])(
    'refuses %s in its own words',
    async (query) => {
      const { evaluate } = connectPrometheus({ url: lab.url });
      await expect(evaluate(query, once)).rejects.toMatchObject({ code: 'PROMETHEUS_REFUSED' });
    },
  );

  test.skipIf(noFakeTime)(
    'is asked by its own clock: one five minutes off where Gantry runs changes nothing',
    async () => {
      const sinceMs = await connectPrometheus({ url: lab.url }).now();
      const script = join(import.meta.dirname, 'one-reading.ts');
      for (const offset of [300, -300]) {
        const env = { ...process.env, ...fakeTimeEnv(offset) };
        const args = ['--import', 'tsx', script, lab.url, String(sinceMs - 10_000)];
        const { stdout } = await promisify(execFile)(process.execPath, args, { env });
        const said = JSON.parse(stdout) as {
          ownMs: number;
          reading: { value: string; sampleAge: number };
        };
        expect(Math.abs(said.ownMs - (Date.now() + offset * 1000))).toBeLessThan(60_000);
        expect(said.reading).toMatchObject({ value: 'pass' });
        expect(said.reading.sampleAge).toBeLessThan(60);
      }
    },
  );

  test('is away while it is killed, or stands still, and answers once it is back', async () => {
    const { now } = connectPrometheus({ url: lab.url });
    lab.freeze();
    await expect(connectPrometheus({ url: lab.url }, { timeoutMs: 200 }).now()).rejects.toMatchObject({
      code: 'PROMETHEUS_UNREACHABLE',
    });
    lab.thaw();
    await lab.kill();
    await expect(now()).rejects.toMatchObject({ code: 'PROMETHEUS_UNREACHABLE' });
    await lab.restart();
    expect(await now()).toBeGreaterThan(0);
  });
});

describe('what answers in the place of Prometheus', () => {
  test('is given the token, at the path that it is served under', async () => {
    const seen: unknown[] = [];
    const host = await playedServer((request, response) => {
      seen.push([request.method, request.url, request.headers.authorization]);
      const { body } = json({ status: 'success', data: { resultType: 'scalar', result: [5.25, '5.25'] } });
      response.writeHead(200).end(body);
    });
    expect(await connectPrometheus({ url: `http://${host}/prom/`, token: 'lab-token' }).now()).toBe(5250);
    expect(seen).toEqual([['POST', '/prom/api/v1/query', 'Bearer lab-token']]);
  });

  test('passes on what it warns of', async () => {
    const { evaluate } = await answering(matrix([], { warnings: ['partial'], infos: ['not a counter'] }));
    expect(await evaluate('up', once)).toEqual({ series: [], warnings: ['partial'] });
  });

  test.each([
    [401, 'PROMETHEUS_FORBIDDEN'],
    [403, 'PROMETHEUS_FORBIDDEN'],
    [404, 'PROMETHEUS_UNEXPECTED_ANSWER'],
    [307, 'PROMETHEUS_UNEXPECTED_ANSWER'],
    [422, 'PROMETHEUS_REFUSED'],
    [429, 'PROMETHEUS_UNREACHABLE'],
    [503, 'PROMETHEUS_UNREACHABLE'],
  ])('with %i is told as %s', async (status, code) => {
    const { evaluate } = await answering({ type: 'text/plain', body: 'x' }, status);
    await expect(evaluate('up', once)).rejects.toMatchObject({ code });
  });

  test.each([
    ['a page', { type: 'text/html', body: '<html>' }],
    ['a vector', json({ status: 'success', data: { resultType: 'vector', result: [] } })],
    ['native histograms', matrix([{ metric: {}, histograms: [] }])],
    ['too much', { type: 'application/json', body: ' '.repeat(4 * 2 ** 20 + 1) }],
  ])('with %s is not believed', async (_what, answer) => {
    const { evaluate } = await answering(answer);
    await expect(evaluate('up', once)).rejects.toMatchObject({ code: 'PROMETHEUS_UNEXPECTED_ANSWER' });
  });

  test('is nobody, and told as away; a cancel is a cancel', async () => {
    const url = `http://127.0.0.1:${await freePort()}`;
    await expect(connectPrometheus({ url }).now()).rejects.toMatchObject({ code: 'PROMETHEUS_UNREACHABLE' });
    const signal = AbortSignal.abort(new Error('cancelled'));
    await expect(connectPrometheus({ url }, { signal }).now()).rejects.toThrow('cancelled');
  });
});
