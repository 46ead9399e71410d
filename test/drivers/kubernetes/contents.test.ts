import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import type { KubernetesObjects } from '../../../src/drivers/kubernetes/index.ts';
import { kubernetesObjects } from '../../../src/drivers/kubernetes/index.ts';

type Asked = { method: string; path: string; accept: string; body: unknown };
const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** An API server that is played: by method and path, its answer. */
async function played(
  answers: Readonly<Record<string, unknown>>,
): Promise<{ cluster: KubernetesObjects; asked: Asked[] }> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      const text = Buffer.concat(pieces).toString();
      asked.push({ method, path: url, accept: headers.accept ?? '', body: text === '' ? undefined : JSON.parse(text) });
      const given = answers[`${method} ${url}`];
      response.writeHead(given === undefined ? 403 : 200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(given ?? { message: 'User "gantry" cannot list it', reason: 'Forbidden' }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => (server.closeAllConnections(), server.close()));
  const { port } = server.address() as AddressInfo;
  return { cluster: kubernetesObjects({ api: `http://127.0.0.1:${port}`, token: 't' }), asked };
}

const core = {
  resources: [
    { name: 'configmaps', kind: 'ConfigMap', namespaced: true, verbs: ['list', 'delete'] },
    { name: 'pods/log', kind: 'Pod', namespaced: true, verbs: ['get'] },
    { name: 'bindings', kind: 'Binding', namespaced: true, verbs: ['create'] },
    { name: 'nodes', kind: 'Node', namespaced: false, verbs: ['list', 'delete'] },
  ],
};
const apps = {
  resources: [{ name: 'deployments', kind: 'Deployment', namespaced: true, verbs: ['list', 'delete'] }],
};
const groups = { groups: [{ preferredVersion: { groupVersion: 'apps/v1' } }] };
const item = (name: string) => ({ kind: 'PartialObjectMetadata', metadata: { name, namespace: 'n', uid: name } });
const served = {
  'GET /apis': groups,
  'GET /api/v1': core,
  'GET /apis/apps/v1': apps,
  'GET /api/v1/namespaces/n/configmaps?limit=100': { metadata: { continue: 'a b' }, items: [item('one')] },
  'GET /api/v1/namespaces/n/configmaps?limit=100&continue=a%20b': { metadata: {}, items: [item('two')] },
};

describe('what is in a namespace', () => {
  test('is every object of every kind that can be listed and deleted, page by page, by its metadata alone', async () => {
    const deployments = { metadata: { continue: '' }, items: [item('three')] };
    const { cluster, asked } = await played({
      ...served,
      'GET /apis/apps/v1/namespaces/n/deployments?limit=100': deployments,
    });
    const found = await cluster.contents('n');
    expect(found.map(({ apiVersion, kind, metadata: { name } }) => `${apiVersion} ${kind}/${name}`)).toEqual([
      ...['v1 ConfigMap/one', 'v1 ConfigMap/two', 'apps/v1 Deployment/three'],
    ]);
    const lists = asked.filter(({ path }) => path.includes('limit='));
    expect(lists.every(({ accept }) => accept.startsWith('application/json;as=PartialObjectMetadataList'))).toBe(true);
  });

  test('is not known where one kind may not be listed', async () => {
    const { cluster } = await played(served);
    await expect(cluster.contents('n')).rejects.toMatchObject({ code: 'KUBERNETES_FORBIDDEN' });
  });

  test('a list of one kind has its objects whole; a kind that the server lacks has none', async () => {
    const whole = { metadata: { name: 'one', namespace: 'n' }, data: { a: 'b' } };
    const { cluster } = await played({
      'GET /api/v1': core,
      'GET /api/v1/namespaces/n/configmaps?limit=100': { items: [whole] },
    });
    const of = { apiVersion: 'v1', namespace: 'n' };
    expect(await cluster.list({ ...of, kind: 'ConfigMap' })).toEqual([
      { apiVersion: 'v1', kind: 'ConfigMap', ...whole },
    ]);
    expect(await cluster.list({ ...of, kind: 'PersistentVolumeClaim' })).toEqual([]);
  });

  test('is deleted as it was seen, in the foreground where that is asked for', async () => {
    const { cluster, asked } = await played({
      'GET /api/v1': core,
      'DELETE /api/v1/namespaces/n/configmaps/one': {},
    });
    const ref = { apiVersion: 'v1', kind: 'ConfigMap', name: 'one', namespace: 'n' };
    await cluster.delete(ref, { uid: 'u', resourceVersion: '7' }, { foreground: true });
    expect(asked.at(-1)?.body).toMatchObject({
      preconditions: { uid: 'u', resourceVersion: '7' },
      propagationPolicy: 'Foreground',
    });
    await cluster.delete(ref, { uid: 'u', resourceVersion: '7' });
    expect(asked.at(-1)?.body).not.toHaveProperty('propagationPolicy');
  });
});
