import type { StepRuntime } from '../../src/steps/index.ts';
import { serve } from '../../src/steps/index.ts';
import type { HostDeps } from './access/access.ts';
import { conformance } from './conformance/index.ts';
import { fleetOnboard } from './fleet-onboard/index.ts';
import { onboard } from './onboard/index.ts';

export type { HostAccess, HostDeps, HostNodes } from './access/access.ts';
export { hostAccess } from './access/access.ts';

export type HostActivityOptions = HostDeps & { runtime: StepRuntime };

/** The activities of the host domain, by the names that Temporal knows them under. */
export type HostActivities = ReturnType<typeof createHostActivities>;

/** Every step and plan of the domain; what several procedures take is there once. */
export const hostDefinitions = { ...onboard, ...conformance, ...fleetOnboard };

/** Steps and their drivers → the activities that a host worker serves. */
export function createHostActivities({ runtime, ...deps }: HostActivityOptions) {
  return { ...serve(hostDefinitions, deps, runtime) };
}
