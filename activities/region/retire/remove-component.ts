import type { KubeObject, KubernetesObjects } from '../../../src/drivers/kubernetes/index.ts';
import { refOf } from '../../../src/drivers/kubernetes/index.ts';
import type { RetiredComponent } from '../../../src/runs/index.ts';
import { blocked, defineStep, done, todo, wait } from '../../../src/steps/index.ts';
import type { RegionDeps } from '../access/access.ts';
import { nameOf } from '../components/render.ts';
import type { ObjectStanding } from '../components/standing.ts';
import { asPlanned, clusterOf, foreignFields, standingOf } from '../components/standing.ts';
import { goneWithin, inWords, removeObject, standingNow } from './objects.ts';

type Seen = { objects: readonly ObjectStanding[] };

/**
 * Deletes the objects of a component that the plan saw, in the reverse of the order in which they are applied, each only if it is still as it
 * was seen. They are gone when all that belongs to them is, pods too. Undone, they are applied again with the values that they had.
 */
export const removeComponent = defineStep<RetiredComponent, Seen, RegionDeps>({
  name: 'region.remove-component',
  ...goneWithin,
  probe: async (of, deps, { signal }) => {
    const cluster = clusterOf(deps, of.region, signal);
    const standing = await Promise.all(of.objects.map((one) => standingNow(cluster, one)));
    if (standing.every(({ state }) => state === 'gone'))
      return done({ objects: [] }, `nothing of ${of.component} is there`);
    const seen = { objects: await standingOf(cluster, await planned(of, deps)) };
    const words = `${of.component}: ${inWords(standing)}`;
    const changed = standing.filter(({ state }) => state === 'changed');
    if (changed.length > 0) {
      const { at = [] } = seen.objects.find(({ object }) => object === changed[0]?.object) ?? {};
      const where = at.length > 0 ? `; from its manifest it differs at ${at.join(', ')}` : '';
      return blocked('REGION_RETIRE_DIFFERS', seen, `${of.component}: ${inWords(changed)}${where}`);
    }
    return todo(seen, words, { begun: standing.some(({ state }) => state !== 'there') });
  },
  apply: async (of, _seen, deps, context) => {
    const cluster = clusterOf(deps, of.region, context.signal);
    for (const one of [...of.objects].reverse()) await removeObject(cluster, one, context);
  },
  undo: async (of, before, deps, { signal, mustBeOurs }) => {
    const cluster = clusterOf(deps, of.region, signal);
    for (const wanted of await planned(of, deps)) {
      const was = before.objects.find(({ object }) => object === nameOf(wanted));
      if (!was || was.state === 'missing' || (await isThere(cluster, wanted, signal))) continue;
      mustBeOurs();
      await cluster.apply(was.state === 'same' ? wanted : (was.before as KubeObject)).catch((error: unknown) => {
        throw foreignFields(error);
      });
    }
  },
});

/** What the manifests say of the objects that go, and of no others. @throws REGION_PLAN_STALE */
async function planned(of: RetiredComponent, deps: RegionDeps): Promise<readonly KubeObject[]> {
  const { region, component, digest } = of;
  const { objects } = await asPlanned(deps, { region, component, digest, objects: [] });
  return objects.filter((wanted) => of.objects.some(({ kind, name }) => nameOf(wanted) === `${kind}/${name}`));
}

/** What is on its way out has to be gone before it can be made again. */
async function isThere(cluster: KubernetesObjects, wanted: KubeObject, signal: AbortSignal): Promise<boolean> {
  for (;;) {
    const now = await cluster.get(refOf(wanted));
    if (now?.metadata['deletionTimestamp'] === undefined) return now !== undefined;
    await wait(goneWithin.settleEveryMs, signal);
  }
}
