import { createHash } from 'node:crypto';
import { parseAllDocuments } from 'yaml';
import type { KubeObject } from '../../../src/drivers/kubernetes/index.ts';
import type { Problem } from '../../../src/errors/index.ts';
import { GantryError, problem, refusal } from '../../../src/errors/index.ts';
import { imageByDigest } from '../../../src/platform/index.ts';
import { mergePatch } from '../../../src/planning/region/index.ts';
import { canonicalJson } from '../../../src/runs/index.ts';
import type { RegionDeps, RegionIntent } from '../access/access.ts';

/** Which manifests an object was rendered from: what another client changes in it later can be told from that. */
export const digestAnnotation = 'gantry.dev/component';

/** The objects of a component in one region, and the digest of all of them. */
export type Rendered = { digest: string; objects: readonly KubeObject[]; names: readonly string[] };

/**
 * The manifest of a component → its objects in this region: variables filled in, patches of the region laid over.
 * Variables are `${region}`, `${namespace}` and `${image:<name>}`.
 * @throws REGION_MANIFEST_INVALID, REGION_IMAGE_MISSING: every problem at once
 */
export async function render({ intent, manifest }: RegionDeps, region: string, component: string): Promise<Rendered> {
  const given = intent(region);
  const file = given.components[component]?.manifest;
  if (file === undefined)
    throw new GantryError('REGION_MANIFEST_INVALID', `${component} has no manifest in the platform file`);
  const problems: Problem[] = [];
  const found = parse(await manifest(file), file, problems).map((one) => filled(one, region, given, file, problems));
  const patches = given.config.patches[component] ?? {};
  const names = found.map(nameOf);
  for (const name of Object.keys(patches)) {
    if (names.includes(name)) continue;
    const message = `the patch of ${region} is for ${name}; ${file} has ${names.join(', ')}`;
    problems.push(problem('REGION_MANIFEST_INVALID', message, `rollout.regions.${region}.patches.${component}`));
  }
  if (problems.length > 0) throw refusal(problems);
  const patched = found.map((one) => mergePatch(one, patches[nameOf(one)] ?? {}) as KubeObject);
  const digest = createHash('sha256').update(canonicalJson(patched)).digest('hex').slice(0, 16);
  return { digest, names, objects: patched.map((one) => marked(one, `${component}@${digest}`)) };
}

/** `Kind/name`, as patches and plans call an object. */
export function nameOf({ kind, metadata }: KubeObject): string {
  return `${kind}/${metadata.name}`;
}

function parse(text: string, file: string, problems: Problem[]): KubeObject[] {
  const invalid = (message: string): void => {
    problems.push(problem('REGION_MANIFEST_INVALID', `${file}: ${message}`, file));
  };
  const documents = parseAllDocuments(text);
  if ('empty' in documents) {
    invalid('it has no object');
    return [];
  }
  return documents.flatMap((document, index): KubeObject[] => {
    for (const error of document.errors) invalid(error.message.split('\n')[0] ?? 'no YAML');
    if (document.errors.length > 0) return [];
    const value = document.toJS() as Partial<KubeObject> | null;
    const { apiVersion, kind, metadata } = value ?? {};
    if (typeof apiVersion === 'string' && typeof kind === 'string' && typeof metadata?.name === 'string')
      return [value as KubeObject];
    invalid(`document ${index + 1} has no apiVersion, kind and metadata.name`);
    return [];
  });
}

const variable = /\$\{([^}]*)\}/g;

function filled(
  object: KubeObject,
  region: string,
  { images, namespace }: RegionIntent,
  file: string,
  problems: Problem[],
): KubeObject {
  const valueOf = (name: string): string => {
    if (name === 'region') return region;
    if (name === 'namespace') return namespace;
    const image = name.startsWith('image:') ? name.slice('image:'.length) : undefined;
    const pinned = image !== undefined && Object.hasOwn(images, image) ? images[image] : undefined;
    if (pinned !== undefined) return imageByDigest(pinned);
    if (image !== undefined)
      problems.push(
        problem(
          'REGION_IMAGE_MISSING',
          `${file}: ${nameOf(object)} asks for the image ${image}`,
          `rollout.images.${image}`,
        ),
      );
    else problems.push(problem('REGION_MANIFEST_INVALID', `${file}: there is no variable \${${name}}`, file));
    return '';
  };
  const walk = (value: unknown): unknown => {
    if (typeof value === 'string') return value.replace(variable, (_all, name: string) => valueOf(name));
    if (Array.isArray(value)) return value.map(walk);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, walk(one)]));
  };
  return walk(object) as KubeObject;
}

function marked(object: KubeObject, mark: string): KubeObject {
  const annotations = { ...object.metadata.annotations, [digestAnnotation]: mark };
  return { ...object, metadata: { ...object.metadata, annotations } };
}
