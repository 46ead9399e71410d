import type { KubernetesObjects } from '../../../src/drivers/kubernetes/index.ts';
import { refOf } from '../../../src/drivers/kubernetes/index.ts';
import type { Readiness } from '../../../src/planning/region/index.ts';
import { readinessOf, together } from '../../../src/planning/region/index.ts';
import type { RegionGate } from '../../../src/runs/index.ts';
import { blocked, defineStep, done, todo, unknown, wait } from '../../../src/steps/index.ts';
import type { RegionDeps } from '../access/access.ts';
import type { Rendered } from './render.ts';
import { nameOf } from './render.ts';
import { asPlanned, clusterOf } from './standing.ts';

/** Between two questions to the API server within one look. Milliseconds. */
const everyMs = 500;

/**
 * A gate: whether the workloads of a component are ready, by what their controllers say of the newest generation. It proves that pods
 * run and call themselves ready; that the component does its work, its own probe has to show. A look lasts until they are, or `lookForMs`:
 * a run that only looked now and then would see it late, and whatever comes after the component would begin late.
 */
export const componentReady = defineStep<RegionGate, { workloads: readonly Readiness[] }, RegionDeps>({
  name: 'region.component-ready',
  probe: async (of, deps, { signal, progress }) => {
    const { objects } = await asPlanned(deps, of);
    const cluster = clusterOf(deps, of.region, signal);
    const until = performance.now() + of.lookForMs;
    for (;;) {
      const workloads = await look(cluster, objects);
      const { value, words } = together(workloads);
      if (value === 'ready') return done({ workloads }, words);
      if (value === 'failed') return blocked('REGION_COMPONENT_FAILED', { workloads }, words);
      const leftMs = until - performance.now();
      if (leftMs <= 0) return value === 'unknown' ? unknown({ workloads }, words) : todo({ workloads }, words);
      progress({ words });
      await wait(Math.min(everyMs, leftMs), signal);
    }
  },
});

async function look(cluster: KubernetesObjects, objects: Rendered['objects']): Promise<Readiness[]> {
  const workloads: Readiness[] = [];
  for (const wanted of objects) {
    const there = await cluster.get(refOf(wanted));
    workloads.push(there ? readinessOf(there) : { value: 'waiting', words: `${nameOf(wanted)} is not there` });
  }
  return workloads;
}
