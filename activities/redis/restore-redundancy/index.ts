import type { ProcedureTable } from '../../../src/steps/index.ts';
import { catchUp } from '../join/catch-up.ts';
import { follow } from '../join/follow.ts';
import { startNode } from '../join/start-node.ts';
import { checkReplication } from '../roles/check-replication.ts';
import { proveRoles } from '../roles/prove-roles.ts';
import { restoreWriteSafety } from '../roles/restore-write-safety.ts';
import { restoreRedundancyPlan } from './plan.ts';

/** What a run of redis.restore-redundancy is made of. */
export const restoreRedundancy = {
  redisPlanRestoreRedundancy: restoreRedundancyPlan,
  redisStartNode: startNode,
  redisFollow: follow,
  redisCatchUp: catchUp,
  redisRestoreWriteSafety: restoreWriteSafety,
  redisProveRoles: proveRoles,
  redisCheckReplication: checkReplication,
} satisfies ProcedureTable<'redis.restore-redundancy'>;
