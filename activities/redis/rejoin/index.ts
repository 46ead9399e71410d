import type { ProcedureTable } from '../../../src/steps/index.ts';
import { forensics } from '../group/forensics.ts';
import { catchUp } from '../join/catch-up.ts';
import { follow } from '../join/follow.ts';
import { startNode } from '../join/start-node.ts';
import { checkReplication } from '../roles/check-replication.ts';
import { proveRoles } from '../roles/prove-roles.ts';
import { restoreWriteSafety } from '../roles/restore-write-safety.ts';
import { keepData } from './keep-data.ts';
import { rejoinPlan } from './plan.ts';
import { quarantine } from './quarantine.ts';

/** What a run of redis.rejoin is made of. */
export const rejoin = {
  redisPlanRejoin: rejoinPlan,
  redisQuarantine: quarantine,
  redisKeepData: keepData,
  redisForensics: forensics,
  redisStartNode: startNode,
  redisFollow: follow,
  redisCatchUp: catchUp,
  redisRestoreWriteSafety: restoreWriteSafety,
  redisProveRoles: proveRoles,
  redisCheckReplication: checkReplication,
} satisfies ProcedureTable<'redis.rejoin'>;
