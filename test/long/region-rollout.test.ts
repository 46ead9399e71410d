import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RunningKubernetes } from '../../lab/kubernetes/index.ts';
import { startKubernetes } from '../../lab/kubernetes/index.ts';
import { kubernetesObjects } from '../../src/drivers/kubernetes/index.ts';
import type { RunReport } from '../../src/runs/index.ts';
import { ec2Rig } from '../support/ec2-rig.ts';
import { describeWith } from '../support/lab.ts';
import { useTemporal } from '../support/temporal.ts';
import type { RegionHarness, Scene } from '../workflows/region/harness.ts';
import { intentOf, regionWorld, startRegionHarness } from '../workflows/region/harness.ts';

const region = 'us-east-1';
/** Those whose pods need no volume: no controller of the lab binds claims. */
const components = [
  ...['platform-namespace', 'alertmanager', 'otel-collector', 'grafana', 'fluent-bit', 'vector', 'kibana'],
  ...['assetmanagerd', 'billaged', 'builderd', 'metald', 'gatewayd'],
];

await describeWith(['temporal', 's3', 'kubernetes'], 'region.rollout on moto and a control plane', () => {
  const server = useTemporal();
  const rig = ec2Rig();
  const scene = {} as { now: Scene };
  let stateDir: string;
  let kubernetes: RunningKubernetes;
  let harness: RegionHarness;

  beforeAll(async () => {
    stateDir = mkdtempSync(join(tmpdir(), 'gantry-region-'));
    kubernetes = await startKubernetes({ stateDir });
    for (const name of ['n1', 'n2', 'n3']) {
      await kubernetes.as('admin').post('/api/v1/nodes', {
        ...{ apiVersion: 'v1', kind: 'Node', metadata: { name, labels: { 'gantry.dev/region': region } } },
        status: { allocatable: { cpu: '200', memory: '2000Gi', pods: '110' } },
      });
    }
    const { url: api, ca, token } = kubernetes;
    scene.now = {
      endpoint: rig.ec2.endpoint,
      cluster: kubernetesObjects({ api, ca, token: token('admin') }),
      intent: (name) => {
        const intent = intentOf(name, components);
        const patient = Object.entries(intent.components).map(([key, one]) => [
          key,
          { ...one, readyWithinMs: 600_000 },
        ]);
        return { ...intent, components: Object.fromEntries(patient) as typeof intent.components };
      },
    };
    harness = await startRegionHarness(server(), regionWorld(), scene);
  });
  afterAll(async () => {
    await harness?.stop();
    await kubernetes?.stop();
    rmSync(stateDir, { recursive: true, force: true });
  });
  const run = async (): Promise<RunReport> => (await (await harness.start(region)).result()) as RunReport;

  test('brings the network and the components up, each gate by what real controllers say; a second run writes nothing', async () => {
    const report = await run();
    expect(report.outcome).toBe('done');
    const ready = report.steps.filter(({ step }) => step === 'region.component-ready');
    expect(ready).toHaveLength(components.length);
    expect(ready.find(({ title }) => title === 'gatewayd is ready')?.summary).toContain('3 of 3 available');
    rig.ec2.forget();
    const again = await run();
    expect(again.steps.filter(({ changed }) => changed).map(({ title }) => title)).toEqual([]);
    expect(rig.ec2.writes()).toEqual([]);
  });

  test('another image rolls gatewayd out on three nodes, which the design’s own strategy cannot', async () => {
    const former = scene.now.intent;
    const image = `registry.example/gatewayd@sha256:${'0'.repeat(63)}2`;
    scene.now.intent = (name) => ({ ...former(name), images: { ...former(name).images, gatewayd: image } });
    const report = await run();
    expect(report.outcome).toBe('done');
    expect(report.steps.filter(({ changed }) => changed).map(({ title }) => title)).toEqual(['apply gatewayd']);
    const path = '/api/v1/namespaces/unkey-deploy/pods?labelSelector=app%3Dgatewayd';
    // The lab's client types one object; this path answers a list.
    const { body } = (await kubernetes.as('admin').get(path)) as unknown as {
      body: { items: { spec: { containers: { image: string }[] } }[] };
    };
    expect(body.items.map(({ spec }) => spec.containers[0]?.image)).toEqual([image, image, image]);
  });
});
