import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../../lab/clock.ts';
import { kubernetesApi } from '../../lab/kubernetes/api.ts';
import type { KubernetesApi, KubernetesObject, RunningKubernetes } from '../../lab/kubernetes/index.ts';
import { startKubernetes } from '../../lab/kubernetes/index.ts';
import { describeWith } from '../support/lab.ts';

const withinMs = 120_000;

const node = (name: string, spec: Record<string, unknown> = {}): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name, labels: { 'kubernetes.io/hostname': name } },
  spec,
});

const pod = (name: string, hostname: string): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name },
  spec: {
    nodeSelector: { 'kubernetes.io/hostname': hostname },
    containers: [{ name: 'one', image: 'none' }],
  },
});

type Condition = { type: string; status: string; reason?: string; message?: string };

async function condition(api: KubernetesApi, path: string, type: string): Promise<Condition | undefined> {
  const { body } = await api.get(path);
  const { conditions = [] } = (body.status ?? {}) as { conditions?: Condition[] };
  return conditions.find((one) => one.type === type);
}

await describeWith(['kubernetes'], "the lab's Kubernetes control plane", () => {
  let stateDir: string;
  let kubernetes: RunningKubernetes;
  const admin = (): KubernetesApi => kubernetes.as('admin');
  const gantry = (): KubernetesApi => kubernetes.as('gantry-host');

  beforeAll(async () => {
    stateDir = mkdtempSync(join(tmpdir(), 'gantry-lab-'));
    kubernetes = await startKubernetes({ stateDir });
  }, 600_000);
  afterAll(async () => {
    await kubernetes?.stop();
    rmSync(stateDir, { recursive: true, force: true });
  });

  test('is the version that was built', async () => {
    expect((await admin().get('/version')).body).toMatchObject({ gitVersion: 'v1.36.3', major: '1', minor: '36' });
  });

  test('has kwok make a posted Node ready and a pod on it run', { timeout: 2 * withinMs }, async () => {
    expect((await gantry().post('/api/v1/nodes', node('ready'))).status).toBe(201);
    const ready = () => condition(admin(), '/api/v1/nodes/ready', 'Ready');
    expect(await until(async () => (await ready())?.status === 'True', withinMs, 100)).toBe(true);
    expect((await admin().post('/api/v1/namespaces/default/pods', pod('runs', 'ready'))).status).toBe(201);
    const runs = async () =>
      ((await admin().get('/api/v1/namespaces/default/pods/runs')).body.status as { phase?: string }).phase;
    expect(await until(async () => (await runs()) === 'Running', withinMs, 100)).toBe(true);
  });

  test('schedules nothing onto a tainted Node until the taint is gone', { timeout: 3 * withinMs }, async () => {
    const taint = { key: 'gantry.dev/onboarding', value: 'yes', effect: 'NoSchedule' };
    await gantry().post('/api/v1/nodes', node('tainted', { taints: [taint] }));
    const taints = async (): Promise<string[]> => {
      const { body } = await gantry().get('/api/v1/nodes/tainted');
      return ((body.spec?.['taints'] ?? []) as { key: string }[]).map(({ key }) => key);
    };
    // The controller-manager's own taints go when the Node is ready: from then on nothing else keeps a pod away.
    expect(await until(async () => (await taints()).join() === taint.key, withinMs, 100)).toBe(true);
    await admin().post('/api/v1/namespaces/default/pods', pod('waits', 'tainted'));
    const scheduled = () => condition(admin(), '/api/v1/namespaces/default/pods/waits', 'PodScheduled');
    const refused = await until(scheduled, withinMs, 100);
    expect(refused).toMatchObject({ status: 'False', reason: 'Unschedulable' });
    expect(refused?.message).toContain('untolerated taint');
    const { body } = await gantry().get('/api/v1/nodes/tainted');
    const untainted = { metadata: { resourceVersion: body.metadata?.resourceVersion ?? '' }, spec: { taints: [] } };
    expect((await gantry().patch('/api/v1/nodes/tainted', untainted)).status).toBe(200);
    expect(await until(async () => (await scheduled())?.status === 'True', withinMs, 100)).toBe(true);
  });

  test('refuses a change of a Node that rests on an old resource version', async () => {
    const { body: made } = await gantry().post('/api/v1/nodes', node('changed'));
    const seen = { resourceVersion: made.metadata?.resourceVersion ?? '' };
    await gantry().patch('/api/v1/nodes/changed', { metadata: { labels: { by: 'another' } } });
    const late = await gantry().patch('/api/v1/nodes/changed', { metadata: { ...seen, labels: { by: 'gantry' } } });
    expect([late.status, late.body.reason]).toEqual([409, 'Conflict']);
  });

  test("lets Gantry's host worker change Nodes and nothing else", async () => {
    await gantry().post('/api/v1/nodes', node('kept'));
    expect((await gantry().get('/api/v1/nodes')).status).toBe(200);
    const refused = [
      await gantry().delete('/api/v1/nodes/kept'),
      await gantry().delete('/api/v1/namespaces/default'),
      await gantry().get('/api/v1/namespaces/default/secrets'),
      await gantry().post('/api/v1/namespaces/default/pods', pod('never', 'kept')),
    ];
    expect(refused.map(({ status, body }) => [status, body.reason])).toEqual(refused.map(() => [403, 'Forbidden']));
  });

  test('answers nobody without a token of its own', async () => {
    const stranger = kubernetesApi({ url: kubernetes.url, ca: kubernetes.ca, token: 'guessed' });
    expect((await stranger.get('/api/v1/nodes')).status).toBe(401);
  });

  test("refuses the platform's metald StatefulSet for the volume that it mounts and does not have", async () => {
    await admin().post('/api/v1/namespaces', {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'unkey-deploy' },
    });
    const { status, body } = await admin().post('/apis/apps/v1/namespaces/unkey-deploy/statefulsets', metald);
    expect(status).toBe(422);
    expect(body.message).toContain('volumeMounts[1].name: Not found: "vm-assets"');
  });

  test('shows a Node whose kubelet fell silent as not ready', { timeout: 3 * withinMs }, async () => {
    await gantry().post('/api/v1/nodes', node('silent'));
    const ready = async () => (await condition(admin(), '/api/v1/nodes/silent', 'Ready'))?.status;
    expect(await until(async () => (await ready()) === 'True', withinMs, 100)).toBe(true);
    kubernetes.process('kwok').freeze();
    try {
      // 50 s without a heartbeat, by the controller-manager's default.
      expect(await until(async () => (await ready()) === 'Unknown', 2 * withinMs, 500)).toBe(true);
    } finally {
      kubernetes.process('kwok').thaw();
    }
  });
});

/** As the platform's document has it. */
const metald: KubernetesObject = {
  apiVersion: 'apps/v1',
  kind: 'StatefulSet',
  metadata: { name: 'metald', namespace: 'unkey-deploy' },
  spec: {
    serviceName: 'metald',
    replicas: 3,
    selector: { matchLabels: { app: 'metald' } },
    template: {
      metadata: { labels: { app: 'metald' } },
      spec: {
        securityContext: { fsGroup: 1000 },
        containers: [
          {
            name: 'metald',
            image: 'unkey/metald:latest',
            ports: [{ containerPort: 8080 }],
            securityContext: { capabilities: { add: ['CAP_SYS_ADMIN', 'CAP_NET_ADMIN', 'CAP_DAC_OVERRIDE'] } },
            volumeMounts: [
              { name: 'jailer-storage', mountPath: '/srv/jailer' },
              { name: 'vm-assets', mountPath: '/opt/vm-assets' },
            ],
            resources: { requests: { memory: '16Gi', cpu: '8' }, limits: { memory: '32Gi', cpu: '16' } },
          },
        ],
      },
    },
    volumeClaimTemplates: [
      {
        metadata: { name: 'jailer-storage' },
        spec: {
          accessModes: ['ReadWriteOnce'],
          storageClassName: 'fast-ssd',
          resources: { requests: { storage: '500Gi' } },
        },
      },
    ],
  },
};
