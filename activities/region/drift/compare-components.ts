import { refOf } from '../../../src/drivers/kubernetes/index.ts';
import type { KubeObject, KubernetesObjects } from '../../../src/drivers/kubernetes/index.ts';
import { readinessOf } from '../../../src/planning/region/index.ts';
import type { Finding, DriftVerdict, RegionDriftData } from '../../../src/runs/index.ts';
import { defineStep, done } from '../../../src/steps/index.ts';
import type { RegionDeps } from '../access/access.ts';
import { asPlanned, clusterOf, standingOf } from '../components/standing.ts';

/** In the answer; the count has them all. */
const mostFindings = 100;

/** Compares the objects of every component with what is in the cluster, and whether what runs is ready. It changes nothing. */
export const compareComponents = defineStep<RegionDriftData, DriftVerdict, RegionDeps>({
  name: 'region.compare-components',
  probe: async ({ region, components }, deps, { signal, progress }) => {
    if (components.length === 0) return done({ compared: 0, findings: [] }, 'the region has no components of its own');
    const cluster = clusterOf(deps, region, signal);
    const findings: Finding[] = [];
    let compared = 0;
    for (const of of components) {
      const { objects } = await asPlanned(deps, of);
      for (const { object, state, at } of await standingOf(cluster, objects)) {
        if (state === 'same') continue;
        const where = at.length > 0 ? ` at ${at.join(', ')}` : '';
        findings.push(differs(of.component, `${object} is ${state}${where}`));
      }
      for (const words of await notReady(cluster, objects)) findings.push(differs(of.component, words));
      compared += objects.length;
      progress({ compared });
    }
    const verdict = { compared, findings: findings.slice(0, mostFindings) };
    return done(verdict, `${compared} objects of ${components.length} components, ${findings.length} findings`);
  },
});

/** What is not there is told once, by its standing. */
async function notReady(cluster: KubernetesObjects, objects: readonly KubeObject[]): Promise<string[]> {
  const found = await Promise.all(objects.map((wanted) => cluster.get(refOf(wanted))));
  return found.flatMap((there) => {
    const seen = there && readinessOf(there);
    return seen === undefined || seen.value === 'ready' ? [] : [seen.words];
  });
}

function differs(component: string, message: string): Finding {
  return { code: 'REGION_DRIFT', message: `${component}: ${message}`, place: component };
}
