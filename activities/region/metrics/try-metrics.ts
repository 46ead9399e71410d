import { GantryError } from '../../../src/errors/index.ts';
import type { Finding } from '../../../src/planning/region/index.ts';
import type { PlannedComponent } from '../../../src/runs/index.ts';
import type { RegionDeps } from '../access/access.ts';
import { askMetric, prometheusOf } from './ask.ts';

/**
 * Has Prometheus evaluate every query of the gates, so that one which it refuses is found before anything is made. What the queries
 * say now is of no interest. One that does not answer may be a component itself, not there yet: `untried` says why.
 */
export async function tryMetrics(
  deps: RegionDeps,
  region: string,
  components: readonly PlannedComponent[],
  signal: AbortSignal,
): Promise<{ findings: Finding[]; untried?: string }> {
  const findings: Finding[] = [];
  const all = components.flatMap(({ component, metrics }) => (metrics?.of ?? []).map((of) => ({ component, of })));
  if (all.length === 0) return { findings };
  const at = { place: `rollout.regions.${region}.prometheus` };
  try {
    const prometheus = prometheusOf(deps, region, signal);
    const nowMs = await prometheus.now();
    for (const { component, of } of all) {
      at.place = `rollout.components.${component}.metrics.${of.name}`;
      try {
        await askMetric(prometheus, of, nowMs);
      } catch (error) {
        findings.push(refused(error, at.place));
      }
    }
  } catch (error) {
    if (error instanceof GantryError && error.code === 'PROMETHEUS_UNREACHABLE')
      return { findings, untried: error.message };
    findings.push(refused(error, at.place));
  }
  return { findings };
}

/** @throws what says nothing of the query */
function refused(error: unknown, place: string): Finding {
  if (!(error instanceof GantryError) || error.code === 'PROMETHEUS_UNREACHABLE') throw error;
  return { code: error.code, message: error.message, place };
}
