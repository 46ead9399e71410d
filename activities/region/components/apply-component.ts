import type { KubeObject, KubernetesObjects } from '../../../src/drivers/kubernetes/index.ts';
import { refOf } from '../../../src/drivers/kubernetes/index.ts';
import { GantryError } from '../../../src/errors/index.ts';
import { differences, keptKinds } from '../../../src/planning/region/index.ts';
import type { RegionComponent } from '../../../src/runs/index.ts';
import type { StepContext } from '../../../src/steps/index.ts';
import { defineStep, done, todo } from '../../../src/steps/index.ts';
import type { RegionDeps } from '../access/access.ts';
import { nameOf } from './render.ts';
import type { ObjectStanding } from './standing.ts';
import { asPlanned, clusterOf, foreignFields, standingOf } from './standing.ts';

type Seen = { objects: readonly ObjectStanding[] };

/**
 * Applies the objects of a component: server-side, strict, never forced. What is as it should be is not written. Undone, what this run made
 * goes if it is still as it was made, and what it changed gets its former values back; what holds data stays.
 */
export const applyComponent = defineStep<RegionComponent, Seen, RegionDeps>({
  name: 'region.apply-component',
  probe: async (of, deps, { signal }) => {
    const { objects } = await asPlanned(deps, of);
    const seen = await standingOf(clusterOf(deps, of.region, signal), objects);
    const open = seen.filter(({ state }) => state !== 'same');
    if (open.length === 0)
      return done({ objects: seen }, `${of.component}: ${seen.length} objects are as they should be`);
    const words = open.map(
      ({ object, state, at }) => `${object} is ${state}${at.length > 0 ? ` (${at.join(', ')})` : ''}`,
    );
    return todo({ objects: seen }, `${of.component}: ${words.join('; ')}`, { begun: open.length < seen.length });
  },
  apply: async (of, seen, deps, { signal, mustBeOurs }) => {
    const { objects } = await asPlanned(deps, of);
    const cluster = clusterOf(deps, of.region, signal);
    for (const wanted of objects) {
      if (seen.objects.some(({ object, state }) => object === nameOf(wanted) && state === 'same')) continue;
      mustBeOurs();
      try {
        await cluster.apply(wanted);
      } catch (error) {
        throw foreignFields(error);
      }
    }
  },
  undo: async (of, before, deps, context) => {
    const { objects } = await asPlanned(deps, of);
    const cluster = clusterOf(deps, of.region, context.signal);
    for (const wanted of [...objects].reverse()) {
      const was = before.objects.find(({ object }) => object === nameOf(wanted));
      if (was) await takeBack(cluster, wanted, was, context);
    }
  },
});

async function takeBack(
  cluster: KubernetesObjects,
  wanted: KubeObject,
  was: ObjectStanding,
  { mustBeOurs }: Pick<StepContext, 'mustBeOurs'>,
): Promise<void> {
  if (was.state === 'same' || (was.state === 'missing' && keptKinds.includes(wanted.kind))) return;
  const there = await cluster.get(refOf(wanted));
  if (was.state === 'missing' && !there) return;
  // Not yet changed by this run, or taken back by an earlier attempt.
  if (was.state === 'different' && there && differences(was.before, there).length === 0) return;
  const at = there ? differences(wanted, there) : ['it is gone'];
  const { uid, resourceVersion } = there?.metadata ?? {};
  if (at.length > 0 || uid === undefined || resourceVersion === undefined) {
    const message = `${was.object} is not as this run left it: ${at.join(', ')}`;
    throw new GantryError('REGION_UNDO_DIFFERS', message, { evidence: { object: was.object, at } });
  }
  mustBeOurs();
  if (was.state === 'missing') return cluster.delete(refOf(wanted), { uid, resourceVersion });
  await cluster.apply(was.before as KubeObject).catch((error: unknown) => {
    throw foreignFields(error);
  });
}
