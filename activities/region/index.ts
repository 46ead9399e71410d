import type { StepRuntime } from '../../src/steps/index.ts';
import { serve } from '../../src/steps/index.ts';
import type { RegionDeps } from './access/access.ts';
import { drift } from './drift/index.ts';
import { retire } from './retire/index.ts';
import { rollout } from './rollout/index.ts';
import { rolloutAll } from './rollout-all/index.ts';

export type { CallOptions, RegionDeps, RegionIntent } from './access/access.ts';

export type RegionActivityOptions = RegionDeps & { runtime: StepRuntime };

/** The activities of the region domain, by the names that Temporal knows them under. */
export type RegionActivities = ReturnType<typeof createRegionActivities>;

/** Every step and plan of the domain. */
export const regionDefinitions = { ...rollout, ...rolloutAll, ...drift, ...retire };

/** Steps and their drivers → the activities that a region worker serves. */
export function createRegionActivities({ runtime, ...deps }: RegionActivityOptions) {
  return { ...serve(regionDefinitions, deps, runtime) };
}
