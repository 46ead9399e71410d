import type { RedisActivities } from '../../activities/redis/index.ts';
import type { FailoverPlanInput } from '../../activities/redis/plan-failover.ts';
import type { VantageActivities } from '../../activities/redis/sight.ts';
import type { RedisFailoverInput, RedisSight, RedisSightCall } from '../../src/runs/index.ts';
import { defaultPolicy } from '../../src/runs/index.ts';
import { callControl, callDomain, callVantage, domainRefs } from '../run/call.ts';

const redis = domainRefs<RedisActivities, 'redis'>('redis');
const { sight } = domainRefs<VantageActivities, 'redis'>('redis');

/** Decides as the run itself will, before another run is interrupted for it. @throws what speaks against the failover */
export async function justify(input: RedisFailoverInput): Promise<void> {
  const kind = 'redis.failover';
  const { policy, platformDigest } = await callControl(
    'admit',
    { kind, input },
    'admission, before anybody is interrupted',
  );
  const call = { input: await look(input), kind, target: input.group, policy, platformDigest };
  await callDomain(redis.planFailover, call, policy.profiles.quick, 'plan, before anybody is interrupted');
}

/** Looks at the primary from every vantage at once, and at what its replicas hear from it. */
export async function look(input: RedisFailoverInput): Promise<FailoverPlanInput> {
  const { quick } = defaultPolicy.profiles;
  const suspect = await callDomain(
    redis.suspect,
    { group: input.group },
    quick,
    'whom to look at, and the links to it',
  );
  const { primary, vantages, probes, probeEveryMs: everyMs, probeTimeoutMs: timeoutMs } = suspect;
  const call: RedisSightCall = { group: input.group, node: primary.name, probes, everyMs, timeoutMs };
  const seen = await Promise.all(
    vantages.map((vantage): Promise<RedisSight | undefined> =>
      // A vantage that can't look says nothing, for neither side.
      callVantage(sight, vantage, call, quick, `${primary.name} as seen from ${vantage}`).catch(() => undefined),
    ),
  );
  return { ...input, suspect, sights: seen.filter((one) => one !== undefined) };
}
