import { expect, test } from 'vitest';
import { digestAnnotation, render } from '../../../activities/region/components/render.ts';
import type { RegionDeps } from '../../../activities/region/index.ts';
import type { GantryError } from '../../../src/errors/index.ts';
import { playCluster } from '../../support/played-cluster.ts';
import { depsOf, intentOf } from '../../workflows/region/harness.ts';

const manifest = `
apiVersion: v1
kind: ConfigMap
metadata: { name: here, namespace: '\${namespace}' }
data: { region: '\${region}', image: '\${image:gatewayd}' }
`;
const deps = (change: Partial<ReturnType<typeof intentOf>> = {}, text = manifest): RegionDeps => {
  const intent = () => ({ ...intentOf('eu-west-1'), ...change });
  return { ...depsOf({ endpoint: 'none', cluster: playCluster(), intent }), manifest: async () => text };
};
const problems = (given: RegionDeps): Promise<string[]> =>
  render(given, 'eu-west-1', 'gatewayd').then(
    () => [],
    (error: unknown) => (error as GantryError).problems.map(({ code, place }) => `${code} ${place ?? ''}`),
  );

test('variables are filled in, and every object says which manifests it is of', async () => {
  const { objects, digest, names } = await render(deps(), 'eu-west-1', 'gatewayd');
  expect(names).toEqual(['ConfigMap/here']);
  expect(objects).toMatchObject([
    {
      metadata: { namespace: 'unkey-deploy', annotations: { [digestAnnotation]: `gatewayd@${digest}` } },
      data: { region: 'eu-west-1', image: expect.stringMatching(/^registry.example\/gatewayd@sha256:/) as string },
    },
  ]);
});

test('an image reaches the cluster by its digest alone: a tag beside it is for people and for `gantry platform pin`', async () => {
  const digest = `sha256:${'5d'.repeat(32)}`;
  const of = async (image: string) => render(deps({ images: { gatewayd: image } }), 'eu-west-1', 'gatewayd');
  const named = await of(`registry.example:5000/gatewayd:1.2@${digest}`);
  expect(named.objects[0]?.['data']).toMatchObject({ image: `registry.example:5000/gatewayd@${digest}` });
  expect(named.digest).toBe((await of(`registry.example:5000/gatewayd@${digest}`)).digest);
});

test('a patch is laid over in its region alone, and makes another digest', async () => {
  const patches = { gatewayd: { 'ConfigMap/here': { data: { more: 'x', image: null } } } };
  const patched = await render(deps({ config: { ...intentOf('eu-west-1').config, patches } }), 'eu-west-1', 'gatewayd');
  expect(patched.objects[0]?.['data']).toEqual({ region: 'eu-west-1', more: 'x' });
  expect(patched.digest).not.toBe((await render(deps(), 'eu-west-1', 'gatewayd')).digest);
});

test('every problem is told at once: an image that is not pinned, a variable, a patch of nothing, no YAML', async () => {
  const patches = { gatewayd: { 'Secret/none': {} } };
  const config = { ...intentOf('eu-west-1').config, patches };
  expect(
    await problems(deps({ images: {}, config }, `${manifest}\n---\n${manifest.replace('region}', 'zone}')}`)),
  ).toEqual([
    'REGION_IMAGE_MISSING rollout.images.gatewayd',
    'REGION_MANIFEST_INVALID gatewayd.yaml',
    'REGION_IMAGE_MISSING rollout.images.gatewayd',
    'REGION_MANIFEST_INVALID rollout.regions.eu-west-1.patches.gatewayd',
  ]);
  expect(await problems(deps({}, 'a: [1'))).toEqual(['REGION_MANIFEST_INVALID gatewayd.yaml']);
  expect(await problems(deps({}, 'kind: Nothing'))).toEqual(['REGION_MANIFEST_INVALID gatewayd.yaml']);
  expect(await problems(deps({}, ''))).toEqual(['REGION_MANIFEST_INVALID gatewayd.yaml']);
});

test('every manifest of the catalogue asks only for variables that there are, in each region', async () => {
  for (const region of ['us-east-1', 'eu-west-1', 'ap-southeast-1']) {
    const intent = intentOf(region);
    const whole = depsOf({ endpoint: 'none', cluster: playCluster(), intent: () => intent });
    for (const [name, { manifest: file }] of Object.entries(intent.components)) {
      if (file === undefined) continue;
      const { objects } = await render(whole, region, name);
      expect(JSON.stringify(objects), name).not.toMatch(/\$\{|:latest/);
    }
  }
});
