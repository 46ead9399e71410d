import type { ProcedureTable } from '../../../src/steps/index.ts';
import {
  detachWebAcl,
  removeEdgeRecords,
  removeHealthCheck,
  removeListener,
  removeLoadBalancer,
  removeTargetGroup,
} from './edge-steps.ts';
import { removeGateway, removeNat, removeVpc } from './network-steps.ts';
import { networkUnused } from './network-unused.ts';
import { retirePlan } from './plan.ts';
import { removeClaims } from './remove-claims.ts';
import { removeComponent } from './remove-component.ts';
import { removeGroups } from './remove-groups.ts';
import { removeNamespace } from './remove-namespace.ts';
import { removeRoutes } from './remove-routes.ts';
import { removeSubnets } from './remove-subnets.ts';

/** What a run of region.retire is made of. */
export const retire = {
  regionPlanRetire: retirePlan,
  regionRemoveEdgeRecords: removeEdgeRecords,
  regionRemoveHealthCheck: removeHealthCheck,
  regionRemoveListener: removeListener,
  regionDetachWebAcl: detachWebAcl,
  regionRemoveLoadBalancer: removeLoadBalancer,
  regionRemoveTargetGroup: removeTargetGroup,
  regionRemoveComponent: removeComponent,
  regionRemoveClaims: removeClaims,
  regionRemoveNamespace: removeNamespace,
  regionNetworkUnused: networkUnused,
  regionRemoveRoutes: removeRoutes,
  regionRemoveNat: removeNat,
  regionRemoveSubnets: removeSubnets,
  regionRemoveGroups: removeGroups,
  regionRemoveGateway: removeGateway,
  regionRemoveVpc: removeVpc,
} satisfies ProcedureTable<'region.retire'>;
