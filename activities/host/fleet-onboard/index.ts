import type { ProcedureTable } from '../../../src/steps/index.ts';
import { fleetOnboardPlan } from './plan.ts';

/** What a run of host.fleet-onboard is made of: runs of host.onboard. */
export const fleetOnboard = {
  hostPlanFleetOnboard: fleetOnboardPlan,
} satisfies ProcedureTable<'host.fleet-onboard'>;
