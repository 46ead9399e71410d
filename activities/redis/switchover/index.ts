import type { ProcedureTable } from '../../../src/steps/index.ts';
import { checkReplication } from '../roles/check-replication.ts';
import { proveRoles } from '../roles/prove-roles.ts';
import { proveSentinels } from '../roles/prove-sentinels.ts';
import { repointSiblings } from '../roles/repoint-siblings.ts';
import { restoreWriteSafety } from '../roles/restore-write-safety.ts';
import { canary } from './canary.ts';
import { handover } from './handover/handover.ts';
import { switchoverPlan } from './plan.ts';
import { preferCandidate, restorePriorities } from './prefer-candidate.ts';
import { prepareCandidate } from './prepare-candidate.ts';
import { settle } from './settle.ts';

/** What a run of redis.switchover is made of. */
export const switchover = {
  redisPlanSwitchover: switchoverPlan,
  redisCanary: canary,
  redisPrepareCandidate: prepareCandidate,
  redisPreferCandidate: preferCandidate,
  redisHandover: handover,
  redisSettle: settle,
  redisRepointSiblings: repointSiblings,
  redisRestoreWriteSafety: restoreWriteSafety,
  redisRestorePriorities: restorePriorities,
  redisProveSentinels: proveSentinels,
  redisProveRoles: proveRoles,
  redisCheckReplication: checkReplication,
} satisfies ProcedureTable<'redis.switchover'>;
