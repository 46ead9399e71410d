import type { ProcedureTable } from '../../../src/steps/index.ts';
import { applyComponent } from '../components/apply-component.ts';
import { componentReady } from '../components/component-ready.ts';
import { attachGateway } from '../network/attach-gateway.ts';
import { makeGroups } from '../network/make-groups.ts';
import { makeNat } from '../network/make-nat.ts';
import { makeRoutes } from '../network/make-routes.ts';
import { makeSubnets } from '../network/make-subnets.ts';
import { makeVpc } from '../network/make-vpc.ts';
import { setRules } from '../network/set-rules.ts';
import { rolloutPlan } from './plan.ts';

/** What a run of region.rollout is made of. */
export const rollout = {
  regionPlanRollout: rolloutPlan,
  regionMakeVpc: makeVpc,
  regionAttachGateway: attachGateway,
  regionMakeGroups: makeGroups,
  regionSetRules: setRules,
  regionMakeSubnets: makeSubnets,
  regionMakeNat: makeNat,
  regionMakeRoutes: makeRoutes,
  regionApplyComponent: applyComponent,
  regionComponentReady: componentReady,
} satisfies ProcedureTable<'region.rollout'>;
