import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RunningKubernetes } from '../../../lab/kubernetes/index.ts';
import { startKubernetes } from '../../../lab/kubernetes/index.ts';
import type { KubernetesNodes } from '../../../src/drivers/kubernetes/index.ts';
import { kubernetesNodes } from '../../../src/drivers/kubernetes/index.ts';
import { describeWith } from '../../support/lab.ts';

const taint = { key: 'gantry.dev/onboarding', effect: 'NoSchedule' as const };

await describeWith(['kubernetes'], 'the driver of Kubernetes, on a control plane', () => {
  let stateDir: string;
  let kubernetes: RunningKubernetes;
  const as = (token: string): KubernetesNodes => kubernetesNodes({ api: kubernetes.url, ca: kubernetes.ca, token });
  const nodes = (): KubernetesNodes => as(kubernetes.token('gantry-host'));
  const named = (name: string) => ({ name, labels: { of: 'test' }, annotations: {}, taints: [taint] });

  beforeAll(async () => {
    stateDir = mkdtempSync(join(tmpdir(), 'gantry-lab-'));
    kubernetes = await startKubernetes({ stateDir });
  });
  afterAll(async () => {
    await kubernetes?.stop();
    rmSync(stateDir, { recursive: true, force: true });
  });

  test('posts a Node, reads it, and refuses to post it twice', async () => {
    expect(await nodes().create(named('n1'))).toMatchObject({ name: 'n1', labels: { of: 'test' } });
    expect((await nodes().get('n1'))?.taints).toContainEqual(taint);
    await expect(nodes().create(named('n1'))).rejects.toMatchObject({ code: 'KUBERNETES_CONFLICT' });
    expect(await nodes().get('none')).toBeUndefined();
  });

  test('changes only the version that was read; what others wrote stays', async () => {
    await nodes().create(named('n2'));
    const held = await nodes().get('n2');
    await kubernetes.as('admin').patch('/api/v1/nodes/n2', { metadata: { labels: { theirs: 'x' } } });
    await expect(
      nodes().change('n2', held?.resourceVersion ?? '', { annotations: { 'gantry.dev/serial': 'S' } }),
    ).rejects.toMatchObject({ code: 'KUBERNETES_CONFLICT' });
    // kwok reports the Node's health meanwhile: each attempt reads it again, as a step does.
    await expect
      .poll(async () => {
        const now = await nodes().get('n2');
        const change = { annotations: { 'gantry.dev/serial': 'S' }, labels: { of: null }, taints: [] };
        return nodes()
          .change('n2', now?.resourceVersion ?? '', change)
          .then(({ labels, annotations }) => [labels['theirs'], labels['of'], annotations['gantry.dev/serial']])
          .catch(() => undefined);
      })
      .toEqual(['x', undefined, 'S']);
  });

  test('lists more than a page', async () => {
    for (let at = 0; at < 101; at += 1) await nodes().create({ ...named(`p${at}`), labels: { page: 'yes' } });
    expect(await nodes().list('page=yes')).toHaveLength(101);
  });

  test('says what the API server refuses, and why', async () => {
    const invalid = { ...named('n3'), labels: { 'not a label': 'x' } };
    await expect(nodes().create(invalid)).rejects.toMatchObject({ code: 'KUBERNETES_REFUSED' });
    await expect(as('no-such-token').get('n1')).rejects.toMatchObject({ code: 'KUBERNETES_FORBIDDEN' });
    await expect(nodes().change('none', '1', { labels: { a: 'b' } })).rejects.toMatchObject({
      code: 'KUBERNETES_NOT_FOUND',
    });
  });

  test('the user of the lab may do what the driver does, and may delete nothing', async () => {
    expect((await kubernetes.as('gantry-host').delete('/api/v1/nodes/n1')).status).toBe(403);
  });
});
