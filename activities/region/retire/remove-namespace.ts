import type { KubeObject, KubernetesObjects } from '../../../src/drivers/kubernetes/index.ts';
import type { RetiredNamespace } from '../../../src/runs/index.ts';
import { blocked, defineStep, done, todo } from '../../../src/steps/index.ts';
import type { RegionDeps } from '../access/access.ts';
import { nameOf } from '../components/render.ts';
import { clusterOf } from '../components/standing.ts';
import { goneWithin, inWords, removeObject, standingNow } from './objects.ts';

/**
 * Deletes a namespace in which nothing of another client is. What comes into it between the last look and the deletion is lost with it: the
 * API has no condition for that.
 */
export const removeNamespace = defineStep<RetiredNamespace, { state: string; inIt: readonly string[] }, RegionDeps>({
  name: 'region.remove-namespace',
  ...goneWithin,
  probe: async ({ region, namespace }, deps, { signal }) => {
    const cluster = clusterOf(deps, region, signal);
    const standing = await standingNow(cluster, namespace);
    const { state } = standing;
    if (state === 'gone') return done({ state, inIt: [] }, `${namespace.name} is gone`);
    if (state === 'changed') return blocked('REGION_RETIRE_DIFFERS', { state, inIt: [] }, inWords([standing]));
    if (state === 'going') return todo({ state, inIt: [] }, `${namespace.name} is being deleted`, { begun: true });
    const inIt = await whatStays(cluster, namespace.name);
    const seen = { state, inIt: inIt.slice(0, 50) };
    if (inIt.length > 0)
      return blocked('REGION_RETIRE_FOREIGN', seen, `${namespace.name} also holds ${inIt.slice(0, 10).join(', ')}`);
    return todo(seen, `${namespace.name} holds nothing else`);
  },
  apply: async ({ region, namespace }, _seen, deps, context) =>
    removeObject(clusterOf(deps, region, context.signal), namespace, context),
});

/** What the cluster itself, or the mesh, puts into every namespace. */
const everywhere = ['ConfigMap/kube-root-ca.crt', 'ConfigMap/istio-ca-root-cert', 'ServiceAccount/default'];
/** What says only what happened, or who leads at the moment. */
const passing = ['Event', 'Lease', 'Endpoints'];

/** Everything in a namespace that would be lost with it: what belongs to nothing else there. */
export async function whatStays(cluster: KubernetesObjects, namespace: string): Promise<string[]> {
  const all = await cluster.contents(namespace);
  const names = all.filter(({ kind }) => !passing.includes(kind)).filter(isItsOwn);
  return [...new Set(names.map(nameOf))].filter((name) => !everywhere.includes(name)).sort();
}

function isItsOwn({ metadata }: KubeObject): boolean {
  const owners = metadata['ownerReferences'];
  return !Array.isArray(owners) || owners.length === 0;
}
