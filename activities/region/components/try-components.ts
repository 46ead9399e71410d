import type { KubeObject, KubernetesObjects } from '../../../src/drivers/kubernetes/index.ts';
import { GantryError } from '../../../src/errors/index.ts';
import type { ComponentStanding, Finding } from '../../../src/planning/region/index.ts';
import type { Rendered } from './render.ts';
import { nameOf } from './render.ts';
import { foreignFields, standingOf } from './standing.ts';

/** What speaks of the object, and not of the way to the server. */
const refusals: readonly string[] = ['REGION_OBJECT_FOREIGN', 'KUBERNETES_REFUSED', 'KUBERNETES_FORBIDDEN'];

/**
 * How the objects of all components stand, and what the API server would say to those that are to be written: it tries them without
 * storing anything. What needs a namespace or a kind that is not there yet cannot be tried.
 */
export async function tryComponents(
  cluster: KubernetesObjects,
  rendered: ReadonlyMap<string, Rendered>,
): Promise<{ standing: Record<string, ComponentStanding>; findings: Finding[] }> {
  const findings: Finding[] = [];
  const standing: Record<string, ComponentStanding> = {};
  const namespaces = new Map<string, boolean>();
  const isThere = async (name: string): Promise<boolean> => {
    const known = namespaces.get(name);
    if (known !== undefined) return known;
    const there = (await cluster.get({ apiVersion: 'v1', kind: 'Namespace', name })) !== undefined;
    namespaces.set(name, there);
    return there;
  };
  for (const [component, { objects }] of rendered) {
    const counts = { missing: 0, different: 0, same: 0, untried: 0 };
    const seen = await standingOf(cluster, objects);
    for (const [index, object] of objects.entries()) {
      const state = seen[index]?.state ?? 'missing';
      counts[state] += 1;
      if (state === 'same') continue;
      const { namespace } = object.metadata;
      if (namespace !== undefined && !(await isThere(namespace))) counts.untried += 1;
      else if (!(await trial(cluster, component, object, findings))) counts.untried += 1;
    }
    standing[component] = counts;
  }
  return { standing, findings };
}

/** False: it could not be tried. */
async function trial(
  cluster: KubernetesObjects,
  component: string,
  object: KubeObject,
  findings: Finding[],
): Promise<boolean> {
  try {
    await cluster.apply(object, { dryRun: true });
    return true;
  } catch (error) {
    const known = foreignFields(error);
    if (!(known instanceof GantryError) || !refusals.includes(known.code)) throw known;
    // A kind that the server does not have yet: its definition may be what an earlier component brings.
    if (known.message.includes('the server has no')) return false;
    findings.push({ code: known.code, message: known.message, place: `${component}: ${nameOf(object)}` });
    return true;
  }
}
