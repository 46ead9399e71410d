import type { StepActivity } from '../../src/runs/index.ts';
import type { StepDefinition, StepRuntime } from '../../src/steps/index.ts';
import { stepActivity } from '../../src/steps/index.ts';
import type { RedisDeps } from './access.ts';
import { auditActivity } from './audit.ts';
import { canary } from './canary.ts';
import { catchUp } from './catch-up.ts';
import { checkReplication } from './check-replication.ts';
import { fence } from './fence.ts';
import { follow } from './follow.ts';
import type { GuardPolicyOf } from './guard-watch.ts';
import { guardWatchActivity } from './guard-watch.ts';
import { forensics } from './forensics.ts';
import { handover } from './handover.ts';
import { keepData } from './keep-data.ts';
import { leaseEnded } from './lease-ended.ts';
import { planFailoverActivity } from './plan-failover.ts';
import { planRedundancyActivity } from './plan-redundancy.ts';
import { planRejoinActivity } from './plan-rejoin.ts';
import { planSwitchoverActivity } from './plan-switchover.ts';
import { preferCandidate, restorePriorities } from './prefer-candidate.ts';
import { prepareCandidate } from './prepare-candidate.ts';
import { promote } from './promote.ts';
import { proveRoles } from './prove-roles.ts';
import { proveSentinels } from './prove-sentinels.ts';
import { quarantine } from './quarantine.ts';
import { repointSiblings } from './repoint-siblings.ts';
import { restoreWriteSafety } from './restore-write-safety.ts';
import { settle } from './settle.ts';
import { startNode } from './start-node.ts';
import { suspectActivity } from './suspect.ts';

export type { RedisDeps, RedisGroupAccess } from './access.ts';
export { redisGroupAccess } from './access.ts';
export type { RedisSwitchoverData } from '../../src/planning/redis/index.ts';

export type RedisActivityOptions = RedisDeps & {
  runtime: StepRuntime;
  /** What an audit of everything looks at; none unless given. */
  groupNames?: readonly string[];
  /** What the platform file says of a group's guard. */
  guardPolicy: GuardPolicyOf;
};

/** The activities of the redis domain, by the names that Temporal knows them under. */
export type RedisActivities = ReturnType<typeof createRedisActivities>;

/** Steps and their drivers → the activities that a redis worker serves. */
export function createRedisActivities({ runtime, groupNames = [], guardPolicy, ...deps }: RedisActivityOptions) {
  const step = <I, O>(definition: StepDefinition<I, O, RedisDeps>): StepActivity<I, O> =>
    stepActivity(definition, deps, runtime);
  return {
    redisPlanSwitchover: planSwitchoverActivity(deps, runtime),
    redisCanary: step(canary),
    redisPrepareCandidate: step(prepareCandidate),
    redisPreferCandidate: step(preferCandidate),
    redisHandover: step(handover),
    redisSettle: step(settle),
    redisRepointSiblings: step(repointSiblings),
    redisRestoreWriteSafety: step(restoreWriteSafety),
    redisRestorePriorities: step(restorePriorities),
    redisProveSentinels: step(proveSentinels),
    redisProveRoles: step(proveRoles),
    redisCheckReplication: step(checkReplication),
    redisSuspect: suspectActivity(deps),
    redisPlanFailover: planFailoverActivity(deps, runtime),
    redisFence: step(fence),
    redisLeaseEnded: step(leaseEnded),
    redisPromote: step(promote),
    redisForensics: step(forensics),
    redisPlanRejoin: planRejoinActivity(deps, runtime),
    redisPlanRedundancy: planRedundancyActivity(deps, runtime),
    redisQuarantine: step(quarantine),
    redisKeepData: step(keepData),
    redisStartNode: step(startNode),
    redisFollow: step(follow),
    redisCatchUp: step(catchUp),
    redisAudit: auditActivity(deps, groupNames),
    redisGuardWatch: guardWatchActivity(deps, guardPolicy),
  };
}
