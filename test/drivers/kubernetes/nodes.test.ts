import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { LabTls } from '../../../lab/tls.ts';
import { makeTls } from '../../../lab/tls.ts';
import { kubernetesNodes } from '../../../src/drivers/kubernetes/index.ts';
import type { KubernetesNodes, KubernetesOptions } from '../../../src/drivers/kubernetes/index.ts';
import { labFolder } from '../../support/lab.ts';

let tls: LabTls;
const closing: (() => void)[] = [];
const folder = mkdtempSync(join(tmpdir(), 'gantry-lab-'));
beforeAll(() => void (tls = makeTls(folder, 'kubernetes.lab')));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

type Asked = { method: string; path: string; type: string; body: unknown; authorization: string };

/** An API server that is played: `answer` gives status and body of each request. */
async function played(
  answer: (asked: Asked) => { status: number; body: unknown } | undefined,
  options: KubernetesOptions & { ca?: string } = {},
): Promise<{ nodes: KubernetesNodes; asked: Asked[] }> {
  const asked: Asked[] = [];
  const server = createServer({ key: readFileSync(tls.key), cert: readFileSync(tls.cert) }, (request, response) => {
    void answerTo(request, response);
  });
  const answerTo = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    const text = Buffer.concat(pieces).toString();
    const { method = '', url = '', headers } = request;
    const one = {
      ...{ method, path: url, type: headers['content-type'] ?? '', authorization: headers.authorization ?? '' },
      body: text === '' ? undefined : (JSON.parse(text) as unknown),
    };
    asked.push(one);
    const given = answer(one);
    if (!given) return;
    response.writeHead(given.status, { 'content-type': 'application/json' });
    response.end(typeof given.body === 'string' ? given.body : JSON.stringify(given.body));
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => (server.closeAllConnections(), server.close()));
  const api = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { ca = readFileSync(tls.ca, 'utf8'), ...rest } = options;
  return { nodes: kubernetesNodes({ api, token: 'the-token', ca }, rest), asked };
}

const node = (name: string, more: object = {}) => ({
  ...{ apiVersion: 'v1', kind: 'Node' },
  metadata: { name, uid: `uid-${name}`, resourceVersion: '7', labels: { a: 'b' } },
  spec: { taints: [{ key: 'k', effect: 'NoExecute', timeAdded: '2026-01-02T03:04:05Z' }] },
  status: { conditions: [{ type: 'Ready', status: 'True' }] },
  ...more,
});
const refusal = (status: number, reason: string, message: string) => ({
  status,
  body: { kind: 'Status', status: 'Failure', code: status, reason, message },
});

describe('Nodes of an API server', () => {
  test('are read with what Gantry needs of them, with the token', async () => {
    const { nodes, asked } = await played(() => ({ status: 200, body: node('n1') }));
    expect(await nodes.get('n1')).toEqual({
      ...{ name: 'n1', uid: 'uid-n1', resourceVersion: '7', labels: { a: 'b' }, annotations: {} },
      taints: [{ key: 'k', effect: 'NoExecute', timeAdded: '2026-01-02T03:04:05.000Z' }],
      ...{ unschedulable: false, ready: 'True' },
    });
    expect(asked[0]).toMatchObject({ method: 'GET', path: '/api/v1/nodes/n1', authorization: 'Bearer the-token' });
  });

  test('that are not there are nothing, not an error', async () => {
    const { nodes } = await played(() => refusal(404, 'NotFound', 'nodes "n1" not found'));
    expect(await nodes.get('n1')).toBeUndefined();
  });

  test('are changed by a merge patch that carries the version it was decided upon', async () => {
    const { nodes, asked } = await played(() => ({ status: 200, body: node('n1') }));
    const held = await nodes.get('n1');
    await nodes.change('n1', '7', { annotations: { x: 'y', gone: null }, taints: held?.taints ?? [] });
    expect(asked[1]).toMatchObject({
      ...{ method: 'PATCH', path: '/api/v1/nodes/n1', type: 'application/merge-patch+json' },
      body: {
        metadata: { resourceVersion: '7', annotations: { x: 'y', gone: null } },
        spec: { taints: [{ key: 'k', effect: 'NoExecute', timeAdded: '2026-01-02T03:04:05Z' }] },
      },
    });
  });

  test('are listed in pages', async () => {
    const { nodes, asked } = await played(({ path }) => {
      const second = path.includes('continue=more');
      const metadata = second ? { resourceVersion: '1' } : { resourceVersion: '1', continue: 'more' };
      return { status: 200, body: { kind: 'NodeList', metadata, items: [node(second ? 'n2' : 'n1')] } };
    });
    expect((await nodes.list('role=vm')).map(({ name }) => name)).toEqual(['n1', 'n2']);
    expect(asked.map(({ path }) => path)).toEqual([
      expect.stringContaining('limit=100'),
      expect.stringContaining('continue=more'),
    ]);
    expect(asked.every(({ path }) => path.includes('labelSelector=role%3Dvm'))).toBe(true);
  });

  test.each([
    ['KUBERNETES_FORBIDDEN', refusal(401, 'Unauthorized', 'Unauthorized')],
    [
      'KUBERNETES_FORBIDDEN',
      refusal(403, 'Forbidden', 'nodes "n1" is forbidden: User "x" cannot patch resource "nodes"'),
    ],
    ['KUBERNETES_REFUSED', refusal(403, 'Forbidden', 'admission webhook "policy" denied the request: no such label')],
    ['KUBERNETES_REFUSED', refusal(422, 'Invalid', 'Node "n1" is invalid: spec.taints[0].effect')],
    ['KUBERNETES_CONFLICT', refusal(409, 'Conflict', 'the object has been modified')],
    ['KUBERNETES_NOT_FOUND', refusal(404, 'NotFound', 'nodes "n1" not found')],
    ['KUBERNETES_UNAVAILABLE', refusal(503, 'ServiceUnavailable', 'etcd is down')],
    ['KUBERNETES_UNAVAILABLE', { status: 502, body: '<html>bad gateway</html>' }],
  ])('a refusal is %s, with the server’s own reason', async (code, answer) => {
    const { nodes } = await played(() => answer);
    const failed = nodes.change('n1', '7', { labels: { a: 'b' } });
    const said = typeof answer.body === 'string' ? 'bad gateway' : answer.body.message;
    await expect(failed).rejects.toMatchObject({ code, message: expect.stringContaining(said) as string });
  });

  test('an answer that is no Node is not taken for one', async () => {
    const { nodes } = await played(() => ({ status: 200, body: { kind: 'Status', metadata: {} } }));
    await expect(nodes.get('n1')).rejects.toMatchObject({ code: 'KUBERNETES_UNEXPECTED_ANSWER' });
  });

  test('a server that never answers is given up, and the token is in no message', async () => {
    const { nodes } = await played(() => undefined, { timeoutMs: 300 });
    const failed = nodes.get('n1').catch((error: unknown) => error);
    expect(await failed).toMatchObject({ code: 'KUBERNETES_UNREACHABLE' });
    expect(JSON.stringify(await failed) + String(await failed)).not.toContain('the-token');
  });

  test('a step that is cancelled does not wait for the answer', async () => {
    const stop = new AbortController();
    const { nodes } = await played(() => (stop.abort(), undefined), { signal: stop.signal });
    await expect(nodes.get('n1')).rejects.toMatchObject({ code: 'KUBERNETES_UNREACHABLE' });
  });

  test('a server whose certificate another authority signed is not spoken to', async () => {
    const other = readFileSync(makeTls(labFolder(), 'other.lab').ca, 'utf8');
    const { nodes, asked } = await played(() => ({ status: 200, body: node('n1') }), { ca: other });
    await expect(nodes.get('n1')).rejects.toMatchObject({ code: 'KUBERNETES_UNREACHABLE' });
    expect(asked).toEqual([]);
  });
});
