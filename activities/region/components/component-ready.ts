import { refOf } from '../../../src/drivers/kubernetes/index.ts';
import type { Readiness } from '../../../src/planning/region/index.ts';
import { readinessOf, together } from '../../../src/planning/region/index.ts';
import type { RegionComponent } from '../../../src/runs/index.ts';
import { blocked, defineStep, done, todo, unknown } from '../../../src/steps/index.ts';
import type { RegionDeps } from '../access/access.ts';
import { nameOf } from './render.ts';
import { asPlanned, clusterOf } from './standing.ts';

/**
 * A gate: whether the workloads of a component are ready, by what their controllers say of the newest generation. It proves that pods
 * run and call themselves ready; that the component does its work, its own probe has to show.
 */
export const componentReady = defineStep<RegionComponent, { workloads: readonly Readiness[] }, RegionDeps>({
  name: 'region.component-ready',
  probe: async (of, deps, { signal }) => {
    const { objects } = await asPlanned(deps, of);
    const cluster = clusterOf(deps, of.region, signal);
    const workloads: Readiness[] = [];
    for (const wanted of objects) {
      const there = await cluster.get(refOf(wanted));
      workloads.push(there ? readinessOf(there) : { value: 'waiting', words: `${nameOf(wanted)} is not there` });
    }
    const { value, words } = together(workloads);
    if (value === 'ready') return done({ workloads }, words);
    if (value === 'failed') return blocked('REGION_COMPONENT_FAILED', { workloads }, words);
    return value === 'unknown' ? unknown({ workloads }, words) : todo({ workloads }, words);
  },
});
