import type { ProcedureTable } from '../../../src/steps/index.ts';
import { forensics } from '../group/forensics.ts';
import { checkReplication } from '../roles/check-replication.ts';
import { proveRoles } from '../roles/prove-roles.ts';
import { repointSiblings } from '../roles/repoint-siblings.ts';
import { restoreWriteSafety } from '../roles/restore-write-safety.ts';
import { fence } from './fence.ts';
import { leaseEnded } from './lease-ended.ts';
import { failoverPlan } from './plan.ts';
import { promote } from './promote.ts';

/** What a run of redis.failover is made of. */
export const failover = {
  redisPlanFailover: failoverPlan,
  redisFence: fence,
  redisLeaseEnded: leaseEnded,
  redisPromote: promote,
  redisRepointSiblings: repointSiblings,
  redisForensics: forensics,
  redisRestoreWriteSafety: restoreWriteSafety,
  redisProveRoles: proveRoles,
  redisCheckReplication: checkReplication,
} satisfies ProcedureTable<'redis.failover'>;
