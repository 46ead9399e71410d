import type { Prometheus } from '../../../src/drivers/prometheus/index.ts';
import { GantryError } from '../../../src/errors/index.ts';
import type { MetricReading } from '../../../src/planning/region/index.ts';
import { ageQuery, judgeMetric, windowOf } from '../../../src/planning/region/index.ts';
import type { RegionMetric } from '../../../src/runs/index.ts';
import type { RegionDeps } from '../access/access.ts';

/** What is asked by one clock, that of Prometheus: `nowMs` was read of it. @throws PROMETHEUS_… */
export async function askMetric(
  prometheus: Prometheus,
  metric: RegionMetric,
  nowMs: number,
  sinceMs?: number,
): Promise<MetricReading> {
  const window = windowOf(metric, nowMs, sinceMs);
  const values = await prometheus.evaluate(metric.query, window);
  const ages = [];
  for (const selector of metric.selectors) ages.push(await prometheus.evaluate(ageQuery(selector), window));
  return judgeMetric(metric, window, { values, ages }, sinceMs);
}

/** The Prometheus of a region. @throws REGION_NO_PROMETHEUS, SECRET_NOT_FOUND, PROMETHEUS_AUTHORITY_UNREADABLE */
export function prometheusOf({ prometheus }: RegionDeps, region: string, signal: AbortSignal): Prometheus {
  const found = prometheus(region, signal);
  if (found) return found;
  throw new GantryError('REGION_NO_PROMETHEUS', `rollout.regions.${region} names no Prometheus`, {
    evidence: { region },
  });
}
