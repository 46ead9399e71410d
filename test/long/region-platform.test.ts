import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { render } from '../../activities/region/components/render.ts';
import { standingOf } from '../../activities/region/components/standing.ts';
import { tryComponents } from '../../activities/region/components/try-components.ts';
import type { RunningKubernetes } from '../../lab/kubernetes/index.ts';
import { startKubernetes } from '../../lab/kubernetes/index.ts';
import { defineIstio } from '../../lab/kubernetes/istio.ts';
import { kubernetesObjects, refOf } from '../../src/drivers/kubernetes/index.ts';
import type { KubeObject, KubernetesObjects } from '../../src/drivers/kubernetes/index.ts';
import { readinessOf, waitsFor, workloadKinds } from '../../src/planning/region/index.ts';
import { describeWith } from '../support/lab.ts';
import { playCluster } from '../support/played-cluster.ts';
import { depsOf, intentOf } from '../workflows/region/harness.ts';

const region = 'us-east-1';
await describeWith(['kubernetes', 'istio'], 'the catalogue of the platform, on a real API server', () => {
  let stateDir: string;
  let kubernetes: RunningKubernetes;
  let cluster: KubernetesObjects;
  const deps = depsOf({ endpoint: 'http://127.0.0.1:1', cluster: playCluster(), intent: (name) => intentOf(name) });
  const components = Object.entries(intentOf(region).components);
  const ordered = (() => {
    const order = waitsFor(
      components.map(([name, { after, wave, manifest }]) => ({ name, after, wave, applied: manifest !== undefined })),
    );
    return order.sort((a, b) => a.after.length - b.after.length).map(({ name }) => name);
  })();
  const objectsOf = async (name: string): Promise<readonly KubeObject[]> => (await render(deps, region, name)).objects;

  beforeAll(async () => {
    stateDir = mkdtempSync(join(tmpdir(), 'gantry-platform-'));
    kubernetes = await startKubernetes({ stateDir });
    cluster = kubernetesObjects({ api: kubernetes.url, ca: kubernetes.ca, token: kubernetes.token('admin') });
    for (const name of ['n1', 'n2', 'n3', 'n4']) {
      await kubernetes.as('admin').post('/api/v1/nodes', {
        ...{ apiVersion: 'v1', kind: 'Node', metadata: { name, labels: { 'gantry.dev/region': region } } },
        status: { allocatable: { cpu: '200', memory: '2000Gi', pods: '110' } },
      });
    }
  });
  afterAll(async () => {
    await kubernetes?.stop();
    rmSync(stateDir, { recursive: true, force: true });
  });

  test('Istio’s kinds are not there at first: that is said before anything is applied', async () => {
    const tried = await tryComponents(cluster, new Map([['mesh-routes', await render(deps, region, 'mesh-routes')]]));
    expect(tried.standing['mesh-routes']).toMatchObject({ untried: 3 });
  });

  test('is accepted with strict validation in the order of its graph, Istio’s kinds among it, and applied again it is the same', async () => {
    await defineIstio(kubernetes.as('admin'));
    const objects = (await Promise.all(ordered.map(objectsOf))).flat();
    expect(ordered).toHaveLength(22);
    for (const object of objects) await cluster.apply(object);
    const standing = await standingOf(cluster, objects);
    expect(standing.filter(({ state }) => state !== 'same').map(({ object, at }) => [object, at])).toEqual([]);
    const versions = async (): Promise<unknown[]> =>
      Promise.all(objects.map(async (one) => (await cluster.get(refOf(one)))?.metadata.generation));
    const before = await versions();
    for (const object of objects) await cluster.apply(object);
    expect(await versions()).toEqual(before);
  });

  test('is seen ready where kwok plays the nodes, which proves order and reading and no component', async () => {
    const workloads = (await Promise.all(ordered.map(objectsOf)))
      .flat()
      .filter(({ kind }) => workloadKinds.includes(kind));
    // No controller binds claims of volumes here, so a set that claims some stays without pods.
    const without = workloads.filter(({ kind }) => kind !== 'StatefulSet');
    const states = async (): Promise<string[]> =>
      Promise.all(
        without.map(async (one) => {
          const there = await cluster.get(refOf(one));
          return there ? `${one.metadata.name} ${readinessOf(there).value}` : `${one.metadata.name} missing`;
        }),
      );
    await expect.poll(states).toEqual(without.map(({ metadata }) => `${metadata.name} ready`));
  });

  test('what another client changed is a conflict that names it, and is not overwritten', async () => {
    const [gatewayd] = (await objectsOf('gatewayd')).filter(({ kind }) => kind === 'Deployment');
    const path = '/apis/apps/v1/namespaces/unkey-deploy/deployments/gatewayd';
    await kubernetes.as('admin').patch(`${path}?fieldManager=kubectl-edit`, { spec: { replicas: 5 } });
    await expect(cluster.apply(gatewayd as KubeObject)).rejects.toMatchObject({ code: 'KUBERNETES_CONFLICT' });
    const tried = await tryComponents(cluster, new Map([['gatewayd', await render(deps, region, 'gatewayd')]]));
    expect(tried.findings).toMatchObject([{ code: 'REGION_OBJECT_FOREIGN' }]);
    expect(tried.findings[0]?.message).toContain('kubectl-edit');
    expect(tried.findings[0]?.message).toContain('.spec.replicas');
    expect((await cluster.get(refOf(gatewayd as KubeObject)))?.['spec']).toMatchObject({ replicas: 5 });
  });

  test('a field that Istio does not have is refused by its definition', async () => {
    const [metald] = await objectsOf('mesh-routes');
    const typo = structuredClone(metald) as KubeObject & { spec: { http: Record<string, unknown>[] } };
    for (const route of typo.spec.http) route['timeuot'] = '30s';
    await expect(cluster.apply(typo, { dryRun: true })).rejects.toThrow(/timeuot/);
  });

  test('the server refuses what the design has: a mount without its volume; and a field that it does not know', async () => {
    const [metald] = await objectsOf('metald');
    const bare = structuredClone(metald) as KubeObject & {
      spec: { template: { spec: { volumes: { name: string }[] } } };
    };
    bare.metadata = { ...bare.metadata, name: 'metald-of-the-design' };
    const { spec } = bare.spec.template;
    spec.volumes = spec.volumes.filter(({ name }) => name !== 'vm-assets');
    await expect(cluster.apply(bare, { dryRun: true })).rejects.toMatchObject({
      code: 'KUBERNETES_REFUSED',
      message: expect.stringContaining('vm-assets') as string,
    });
    const typo = structuredClone(metald) as KubeObject & { spec: Record<string, unknown> };
    typo.spec['updateStategy'] = { type: 'OnDelete' };
    await expect(cluster.apply(typo, { dryRun: true })).rejects.toThrow(/updateStategy/);
  });

  test('an object is deleted only as it was seen', async () => {
    const [config] = (await objectsOf('vector')).filter(({ kind }) => kind === 'ConfigMap');
    const seen = await cluster.get(refOf(config as KubeObject));
    const { uid = '', resourceVersion = '' } = seen?.metadata ?? {};
    const path = '/api/v1/namespaces/unkey-deploy/configmaps/vector';
    await kubernetes.as('admin').patch(path, { metadata: { labels: { theirs: 'x' } } });
    await expect(cluster.delete(refOf(config as KubeObject), { uid, resourceVersion })).rejects.toMatchObject({
      code: 'KUBERNETES_CONFLICT',
    });
    const now = (await cluster.get(refOf(config as KubeObject)))?.metadata;
    await cluster.delete(refOf(config as KubeObject), { uid, resourceVersion: now?.resourceVersion ?? '' });
    expect(await cluster.get(refOf(config as KubeObject))).toBeUndefined();
  });
});
