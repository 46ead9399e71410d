import type { RedisActivities } from '../../../activities/redis/index.ts';
import type { FailoverPlanInput } from '../../../activities/redis/failover/plan.ts';
import type { VantageActivities } from '../../../activities/redis/failover/observe.ts';
import type { RedisFailoverInput, RedisObservation, RedisObservationCall } from '../../../src/runs/index.ts';
import { defaultPolicy, guardId, isUndecided } from '../../../src/runs/index.ts';
import { callControl, callDomain, callVantage, domainRefs, vantageStartMs } from '../../run/call.ts';

const redis = domainRefs<RedisActivities, 'redis'>('redis');
const { observe: observeFrom } = domainRefs<VantageActivities, 'redis'>('redis');

/** Decides as the run itself will, before another run is interrupted for it. @throws what speaks against the failover */
export async function justify(input: RedisFailoverInput): Promise<void> {
  const kind = 'redis.failover';
  const { policy } = await callControl('admit', { kind, input }, 'admission, before anybody is interrupted');
  const call = { input: await observe(input), kind, target: input.group, policy };
  await callDomain(redis.planFailover, call, policy.profiles.quick, 'plan, before anybody is interrupted');
}

/**
 * Looks at the primary from every vantage at once, and at what its replicas hear from it. Where too few of them answer to decide, the
 * silent ones are waited for once more: a worker that is being replaced must not end an outage's only run.
 */
export async function observe(input: RedisFailoverInput): Promise<FailoverPlanInput> {
  const { quick } = defaultPolicy.profiles;
  const suspect = await callDomain(
    redis.suspect,
    { group: input.group },
    quick,
    'whom to look at, and the links to it',
  );
  const { primary, vantages, probes, probeEveryMs: everyMs, probeTimeoutMs: timeoutMs } = suspect;
  const call: RedisObservationCall = { group: input.group, node: primary.name, probes, everyMs, timeoutMs };
  const asked = input.lastReading ? undefined : fromGuard(input.group, primary.name);
  const look = async (from: readonly string[], startMs: number, why = ''): Promise<RedisObservation[]> => {
    const seen = await Promise.all(
      from.map((vantage): Promise<RedisObservation | undefined> => {
        const summary = `${primary.name} as seen from ${vantage}${why}`;
        // A vantage that can't look says nothing, for neither side.
        return callVantage(observeFrom, vantage, call, { profile: quick, startMs }, summary).catch(() => undefined);
      }),
    );
    return seen.filter((one) => one !== undefined);
  };
  const first = await look(vantages, vantageStartMs.usual);
  const silent = vantages.filter((vantage) => !first.some((seen) => seen.vantage === vantage));
  const observations = isUndecided(vantages, first)
    ? [...first, ...(await look(silent, vantageStartMs.needed, ', waited for: too few others answered'))]
    : first;
  return { ...(await asked), ...input, suspect, observations, nowMs: Date.now() };
}

type Told = Pick<RedisFailoverInput, 'lastReading' | 'lastKnownOffset' | 'lastKnownAt'>;

/**
 * What the group's guard read last of a primary that is silent to it too, for a failover that a person starts: the lease rests
 * on it. Without a guard, or before its alarm, there is nothing; an outage waits for neither.
 */
async function fromGuard(group: string, primary: string): Promise<Told> {
  const guard = guardId({ group });
  if (!guard.ok) return {};
  const summary = `what the guard of ${group} read of ${primary}`;
  const status = await callControl('askGuard', { workflowId: guard.id }, summary).catch(() => undefined);
  const { last, alarm } = status ?? {};
  if (alarm?.node !== primary || last?.node !== primary) return {};
  return {
    ...{ lastKnownOffset: last.offset, lastKnownAt: last.at },
    ...(last.own && alarm.readMs !== undefined
      ? { lastReading: { node: primary, ...last.own, ageMs: alarm.readMs } }
      : {}),
  };
}
