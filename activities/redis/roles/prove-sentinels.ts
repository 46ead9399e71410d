import type { RedisSwitchoverData, SentinelFacts } from '../../../src/planning/redis/index.ts';
import { sameAddress } from '../../../src/planning/redis/index.ts';
import { defineStep, done, todo } from '../../../src/steps/index.ts';
import type { RedisDeps } from '../access/access.ts';
import { readSentinels } from '../group/read-sentinels.ts';

/** How long the Sentinels may take to agree after a switch. Milliseconds. */
const agreeMs = 5_000;

/** The Sentinels stand by the handover: all that answer name the new primary, under one config epoch, and none acts. */
export const proveSentinels = defineStep<RedisSwitchoverData, SentinelFacts[], RedisDeps>({
  name: 'redis.prove-sentinels',
  settleMs: agreeMs,
  settleEveryMs: 100,
  probe: async (data, { groups }) => {
    const { sentinels } = await groups(data.group);
    const seen = sentinels ? await readSentinels(sentinels) : [];
    const faults = sentinelFaults(seen, data);
    if (faults.length) return todo(seen, faults.join('; '));
    const epoch = seen.find(({ reading }) => reading)?.reading?.configEpoch;
    return done(seen, `every Sentinel names ${data.candidate.name}, config epoch ${epoch}`);
  },
  // Nothing to do but to wait: they tell each other.
  apply: async () => undefined,
});

/** What the Sentinels say against the handover, in words. One that does not answer says nothing, as long as one does. */
export function sentinelFaults(
  seen: readonly SentinelFacts[],
  { candidate, sentinel }: Pick<RedisSwitchoverData, 'candidate'> & Partial<Pick<RedisSwitchoverData, 'sentinel'>>,
): string[] {
  const readings = seen.flatMap(({ name, reading }) => (reading ? [{ name, ...reading }] : []));
  if (!readings.length) return ['no Sentinel answers'];
  const epochs = new Set(readings.map(({ configEpoch }) => configEpoch));
  const faults = readings.flatMap(({ name, primary, failoverInProgress, isDown }) => [
    ...(sameAddress(primary, candidate) ? [] : [`${name} names ${primary.host}:${primary.port}`]),
    ...(failoverInProgress ? [`${name} is failing over`] : []),
    ...(isDown ? [`${name} counts the primary as down`] : []),
  ]);
  if (epochs.size > 1) faults.push(`the Sentinels have the config epochs ${[...epochs].join(', ')}`);
  if (sentinel && Math.max(...epochs) <= sentinel.configEpoch) faults.push('no Sentinel has a newer config epoch');
  return faults;
}
