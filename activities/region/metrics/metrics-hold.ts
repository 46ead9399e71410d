import { GantryError } from '../../../src/errors/index.ts';
import type { MetricReading } from '../../../src/planning/region/index.ts';
import { metricsTogether } from '../../../src/planning/region/index.ts';
import type { RegionMetrics } from '../../../src/runs/index.ts';
import { defineStep, done, todo, unknown } from '../../../src/steps/index.ts';
import type { RegionDeps } from '../access/access.ts';
import { askMetric, prometheusOf } from './ask.ts';

/**
 * A gate: whether the metrics of a component are within their bounds, by fresh samples of after it was ready. What is read, of when and
 * by which query, is its evidence. A Prometheus that does not answer, or cannot, leaves it inconclusive.
 */
export const metricsHold = defineStep<RegionMetrics, { metrics: readonly MetricReading[] }, RegionDeps>({
  name: 'region.metrics-hold',
  probe: async ({ region, metrics: wanted, sinceMs }, deps, { signal }) => {
    const prometheus = prometheusOf(deps, region, signal);
    const metrics: MetricReading[] = [];
    for (const metric of wanted) {
      try {
        // For each its own: a slow query must not make the next one old.
        metrics.push(await askMetric(prometheus, metric, await prometheus.now(), sinceMs));
      } catch (error) {
        if (!(error instanceof GantryError)) throw error;
        const words = `${metric.name}: ${error.code}: ${error.message}`;
        metrics.push({ metric: metric.name, query: metric.query, value: 'unknown', words });
      }
    }
    const { value, words } = metricsTogether(metrics);
    if (value === 'pass') return done({ metrics }, words);
    return value === 'fail' ? todo({ metrics }, words) : unknown({ metrics }, words);
  },
});
