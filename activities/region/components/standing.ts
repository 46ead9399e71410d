import type { KubeObject, KubernetesObjects } from '../../../src/drivers/kubernetes/index.ts';
import { refOf } from '../../../src/drivers/kubernetes/index.ts';
import { GantryError } from '../../../src/errors/index.ts';
import { differences, sameFields } from '../../../src/planning/region/index.ts';
import type { RegionComponent } from '../../../src/runs/index.ts';
import type { RegionDeps } from '../access/access.ts';
import type { Rendered } from './render.ts';
import { nameOf, render } from './render.ts';

/** How an object of a component stands. `before`: of what is there, the fields that the manifest names. */
export type ObjectStanding = {
  object: string;
  state: 'missing' | 'different' | 'same';
  /** Where it differs, such as `spec.replicas`; the first ten. */
  at: readonly string[];
  before: unknown;
};

/** Compares the objects of a component with what is in the cluster. */
export async function standingOf(
  cluster: KubernetesObjects,
  objects: readonly KubeObject[],
): Promise<readonly ObjectStanding[]> {
  const all: ObjectStanding[] = [];
  for (const wanted of objects) {
    const there = await cluster.get(refOf(wanted));
    const object = nameOf(wanted);
    if (!there) {
      all.push({ object, state: 'missing', at: [], before: null });
      continue;
    }
    const at = differences(wanted, there);
    const state = at.length === 0 ? 'same' : 'different';
    all.push({ object, state, at: at.slice(0, 10), before: state === 'same' ? null : sameFields(wanted, there) });
  }
  return all;
}

/** The cluster of a region. @throws REGION_NO_CLUSTER */
export function clusterOf({ cluster }: RegionDeps, region: string, signal: AbortSignal): KubernetesObjects {
  const found = cluster(region, signal);
  if (found) return found;
  throw new GantryError('REGION_NO_CLUSTER', `rollout.regions.${region} names no Kubernetes API`, {
    evidence: { region },
  });
}

/** The objects of a component as they were planned. @throws REGION_PLAN_STALE: the catalogue says something else by now */
export async function asPlanned(deps: RegionDeps, { region, component, digest }: RegionComponent): Promise<Rendered> {
  const rendered = await render(deps, region, component);
  if (rendered.digest === digest) return rendered;
  const message = `${component} of ${region} was planned as ${digest}; its manifests now give ${rendered.digest}`;
  throw new GantryError('REGION_PLAN_STALE', message, { evidence: { planned: digest, now: rendered.digest } });
}

/** A conflict of field managers → the error that says what to do about it; any other error as it is. */
export function foreignFields(error: unknown): unknown {
  if (!(error instanceof GantryError) || error.code !== 'KUBERNETES_CONFLICT' || !/Apply failed/.test(error.message))
    return error;
  return new GantryError('REGION_OBJECT_FOREIGN', error.message, { evidence: error.evidence });
}
