import type { RegionMetrics } from '../../../src/runs/index.ts';
import { GantryError } from '../../../src/errors/index.ts';
import { defineStep, done, unknown } from '../../../src/steps/index.ts';
import type { RegionDeps } from '../access/access.ts';
import { prometheusOf } from './ask.ts';

/**
 * What time it is for Prometheus. It is read once the component is ready, so that the gate of its metrics goes by no sample of
 * what was there before.
 */
export const metricsClock = defineStep<RegionMetrics, { nowMs?: number }, RegionDeps>({
  name: 'region.metrics-clock',
  probe: async ({ region }, deps, { signal }) => {
    const prometheus = prometheusOf(deps, region, signal);
    try {
      const nowMs = await prometheus.now();
      return done({ nowMs }, `for Prometheus it is ${new Date(nowMs).toISOString()}`);
    } catch (error) {
      if (error instanceof GantryError) return unknown({}, `${error.code}: ${error.message}`);
      throw error;
    }
  },
});
