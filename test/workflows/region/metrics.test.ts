import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { patience } from '../../../lab/clock.ts';
import type { LabExporter } from '../../../lab/prometheus/exporter.ts';
import { startExporter } from '../../../lab/prometheus/exporter.ts';
import type { LabPrometheus } from '../../../lab/prometheus/prometheus.ts';
import { startPrometheus } from '../../../lab/prometheus/prometheus.ts';
import { freePort } from '../../../lab/ports.ts';
import { connectPrometheus } from '../../../src/drivers/prometheus/index.ts';
import type { MetricGate } from '../../../src/platform/index.ts';
import type { RunReport } from '../../../src/runs/index.ts';
import { ec2Rig } from '../../support/ec2-rig.ts';
import { describeWith } from '../../support/lab.ts';
import type { PlayedCluster } from '../../support/played-cluster.ts';
import { playCluster } from '../../support/played-cluster.ts';
import { removeSoon } from '../../support/remove-soon.ts';
import { useTemporal } from '../../support/temporal.ts';
import { codeOf, reportOf } from '../run/harness.ts';
import type { RegionHarness, Scene } from './harness.ts';
import { intentOf, regionWorld, startRegionHarness } from './harness.ts';

await describeWith(['temporal', 's3', 'prometheus'], 'region.rollout with gates of metrics', () => {
  const region = 'ap-southeast-1';
  const server = useTemporal();
  const rig = ec2Rig();
  const world = regionWorld();
  const scene = {} as { now: Scene & { cluster: PlayedCluster } };
  const stateDir = mkdtempSync(join(tmpdir(), 'gantry-lab-'));
  let harness: RegionHarness;
  let exporter: LabExporter;
  let prometheus: LabPrometheus;
  beforeAll(async () => {
    harness = await startRegionHarness(server(), world, scene);
    exporter = await startExporter();
    prometheus = await startPrometheus({ stateDir, target: exporter.target });
  });
  afterAll(async () => {
    await harness.stop();
    await prometheus.kill();
    await exporter.stop();
    removeSoon(stateDir);
  });
  beforeEach(() => {
    Object.assign(world, regionWorld());
    scene.now = {
      ...{ endpoint: rig.ec2.endpoint, cluster: playCluster(), prometheus: prometheus.url },
      intent: (name) => intentOf(name, ['platform-namespace', 'alertmanager']),
    };
  });
  afterEach(() => exporter.down(false));

  const usual: MetricGate = { query: 'errors', max: 0.1, holdsForMs: 0, freshnessMs: 60_000 };
  /** A gate of the last component. `withinMs`: its deadline, long unless the test waits for it. */
  const gate = (change: Partial<MetricGate>, withinMs = 30_000 * patience): void => {
    const { intent } = scene.now;
    scene.now.intent = (name) => {
      const meant = intent(name);
      const { alertmanager, ...others } = meant.components;
      if (!alertmanager) throw new Error('the example has an alertmanager');
      const metrics = { errors: { ...usual, ...change } };
      const gated = { ...alertmanager, readyWithinMs: 10_000 * patience, metrics, metricsWithinMs: withinMs };
      return { ...meant, components: { ...others, alertmanager: gated } };
    };
  };
  const result = async (handle: { result: () => Promise<unknown> }): Promise<RunReport> =>
    (await handle.result()) as RunReport;
  const held = (report: RunReport) => report.steps.find(({ step }) => step === 'region.metrics-hold');

  test('passes by fresh samples of after it was ready, which are its evidence', async () => {
    exporter.show('errors{pod="a"}', 0.02);
    gate({ holdsForMs: 2_000 });
    const report = await result(await harness.start(region));
    expect(report.outcome).toBe('done');
    expect(report.plan?.actions.map(({ what }) => what)).toContainEqual(
      expect.stringMatching(/^See the metrics of alertmanager within \d+ s: errors at most 0\.1 for 2 s$/),
    );
    const clock = report.steps.find(({ step }) => step === 'region.metrics-clock');
    const { nowMs } = clock?.after as { nowMs: number };
    const { metrics } = held(report)?.after as { metrics: { at: string }[] };
    expect(metrics).toMatchObject([
      { metric: 'errors', query: 'errors', value: 'pass', series: 1, lowest: 0.02, highest: 0.02 },
    ]);
    expect(Date.parse(metrics[0]?.at ?? '') - nowMs).toBeGreaterThanOrEqual(2_000);
    expect(held(report)?.summary).toBe('errors: 0.02, at most 0.1 for 2 s');
  });

  test('fails at its deadline with the value that was read, and a retry passes once it is better', async () => {
    exporter.show('errors{pod="a"}', 0.5);
    gate({}, 3_000);
    const handle = await harness.start(region);
    const { parked } = await harness.until(handle, 'parked');
    expect(parked?.trouble).toMatchObject({ code: 'GATE_FAILED' });
    expect(parked?.trouble.message).toContain('0.5');
    exporter.show('errors{pod="a"}', 0.01);
    const { now, evaluate } = connectPrometheus({ url: prometheus.url });
    const newest = async (): Promise<number | undefined> => {
      const nowMs = await now();
      const { series } = await evaluate('errors', { fromMs: nowMs, toMs: nowMs, stepMs: 1_000 });
      return series[0]?.points[0]?.[1];
    };
    await expect.poll(newest).toBe(0.01);
    await harness.update(handle, 'resolve', { action: 'retry' });
    expect((await result(handle)).outcome).toBe('done');
  });

  test.each<[string, () => void, Partial<MetricGate>, string]>([
    ['no series', () => exporter.hide('errors{pod="a"}'), { query: 'no_such_errors' }, 'no series has a sample'],
    ['NaN', () => exporter.show('errors{pod="a"}', 'NaN'), {}, 'NaN'],
    [
      'a sample that is old',
      () => exporter.show('old', 0.01, Date.now() - 120_000),
      { query: 'old' },
      'old, more than 60 s',
    ],
    ['an exporter that is down', () => exporter.down(true), { query: 'no_such_errors + errors' }, 'no series'],
  ])('is inconclusive with %s, and parks', async (_what, arrange, change, words) => {
    arrange();
    gate(change, 3_000);
    const handle = await harness.start(region);
    const { parked } = await harness.until(handle, 'parked');
    expect(parked?.trouble).toMatchObject({ code: 'GATE_INCONCLUSIVE' });
    expect(parked?.trouble.message).toContain(words);
    await harness.update(handle, 'abort', {});
    expect(((await handle.result()) as RunReport).outcome).toBe('aborted');
  });

  test('waits out a Prometheus that is killed in the middle, and passes by what it says once it is back', async () => {
    exporter.show('errors{pod="a"}', 0.5);
    gate({});
    const handle = await harness.start(region);
    const summary = async (): Promise<string> =>
      (await harness.status(handle)).steps.find(({ step }) => step === 'region.metrics-hold')?.summary ?? '';
    await expect.poll(summary).toContain('0.5');
    await prometheus.kill();
    await expect.poll(summary).toContain('PROMETHEUS_UNREACHABLE');
    exporter.show('errors{pod="a"}', 0.01);
    await prometheus.restart();
    const report = await result(handle);
    expect([report.outcome, held(report)?.summary]).toEqual(['done', 'errors: 0.01, at most 0.1']);
  });

  test('that Prometheus refuses is found by the plan, as is a region without Prometheus; one that is away is a warning', async () => {
    exporter.show('errors{pod="a"}', 0.01);
    gate({ query: 'rate(errors)' });
    const refused: unknown = await (
      await harness.start(region, { dryRun: true })
    )
      .result()
      .catch((error: unknown) => error);
    expect(codeOf(refused)).toBe('PROMETHEUS_REFUSED');
    expect(reportOf(refused).problem?.problems).toMatchObject([
      {
        place: 'rollout.components.alertmanager.metrics.errors',
        message: expect.stringContaining('range vector') as unknown,
      },
    ]);
    gate({});
    delete scene.now.prometheus;
    const nowhere: unknown = await (
      await harness.start(region, { dryRun: true })
    )
      .result()
      .catch((error: unknown) => error);
    expect(codeOf(nowhere)).toBe('REGION_NO_PROMETHEUS');
    scene.now.prometheus = `http://127.0.0.1:${await freePort()}`;
    const planned = await result(await harness.start(region, { dryRun: true }));
    expect(planned.plan?.warnings).toContainEqual(expect.stringContaining('Prometheus could not be asked'));
  });
});
