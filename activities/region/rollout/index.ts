import type { ProcedureTable } from '../../../src/steps/index.ts';
import { applyComponent } from '../components/apply-component.ts';
import { componentReady } from '../components/component-ready.ts';
import { attachWebAcl } from '../edge/attach-web-acl.ts';
import { edgeServed } from '../edge/edge-served.ts';
import { makeHealthCheck } from '../edge/make-health-check.ts';
import { makeListener } from '../edge/make-listener.ts';
import { makeLoadBalancer } from '../edge/make-load-balancer.ts';
import { makeTargetGroup } from '../edge/make-target-group.ts';
import { setEdgeRecords } from '../edge/set-edge-records.ts';
import { attachGateway } from '../network/attach-gateway.ts';
import { metricsClock } from '../metrics/metrics-clock.ts';
import { metricsHold } from '../metrics/metrics-hold.ts';
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
  regionMetricsClock: metricsClock,
  regionMetricsHold: metricsHold,
  regionMakeTargetGroup: makeTargetGroup,
  regionMakeLoadBalancer: makeLoadBalancer,
  regionMakeListener: makeListener,
  regionAttachWebAcl: attachWebAcl,
  regionMakeHealthCheck: makeHealthCheck,
  regionSetEdgeRecords: setEdgeRecords,
  regionEdgeServed: edgeServed,
} satisfies ProcedureTable<'region.rollout'>;
