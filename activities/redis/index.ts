import type { StepRuntime } from '../../src/steps/index.ts';
import { serve } from '../../src/steps/index.ts';
import type { RedisDeps } from './access/access.ts';
import { auditActivity } from './audit/audit.ts';
import { failover } from './failover/index.ts';
import { suspectActivity } from './failover/suspect.ts';
import type { GuardPolicyOf } from './guard/watch.ts';
import { guardWatchActivity } from './guard/watch.ts';
import { groupHealthy } from './health/group-healthy.ts';
import { rejoin } from './rejoin/index.ts';
import { restoreRedundancy } from './restore-redundancy/index.ts';
import { switchover } from './switchover/index.ts';

export type { RedisDeps, RedisGroupAccess } from './access/access.ts';
export { redisGroupAccess } from './access/access.ts';
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

/** Every step and plan of the domain; what several procedures take is there once. */
export const redisDefinitions = {
  ...switchover,
  ...failover,
  ...rejoin,
  ...restoreRedundancy,
  redisGroupHealthy: groupHealthy,
};

/** Steps and their drivers → the activities that a redis worker serves. */
export function createRedisActivities({ runtime, groupNames = [], guardPolicy, ...deps }: RedisActivityOptions) {
  return {
    ...serve(redisDefinitions, deps, runtime),
    redisSuspect: suspectActivity(deps),
    redisAudit: auditActivity(deps, groupNames),
    redisGuardWatch: guardWatchActivity(deps, guardPolicy),
  };
}
