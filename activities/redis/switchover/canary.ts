import { GantryError } from '../../../src/errors/index.ts';
import type { RedisSwitchoverData } from '../../../src/planning/redis/index.ts';
import { defineStep, done, todo, wait } from '../../../src/steps/index.ts';
import type { RedisDeps } from '../access/access.ts';
import { withNodes } from '../access/access.ts';

const canaryKey = 'gantry:canary';
/** How long the candidate may take to have it. Not WAIT: that counts any replica, one that nobody listed included. */
const acknowledgeMs = 1_000;
const pollEveryMs = 5;

type Canary = { onPrimary: string | null; onCandidate: string | null };

/** Proves that a write on the primary is acknowledged and can be read on the candidate. The canary names this very step. */
export const canary = defineStep<RedisSwitchoverData, Canary, RedisDeps>({
  name: 'redis.canary',
  probe: async (data, { groups }, { unit }) =>
    withNodes(await groups(data.group), [data.primary.name, data.candidate.name], async (nodes) => {
      const [onPrimary, onCandidate] = await Promise.all(nodes.map((node) => node.get(canaryKey)));
      const seen = { onPrimary: onPrimary ?? null, onCandidate: onCandidate ?? null };
      if (onPrimary === unit && onCandidate === unit) return done(seen, `${data.candidate.name} has the canary`);
      return todo(seen, `${onPrimary === unit ? data.candidate.name : data.primary.name} has no canary of this run`);
    }),
  apply: async (data, _seen, { groups }, { unit, measure, signal }) =>
    withNodes(await groups(data.group), [data.primary.name, data.candidate.name], async ([primary, candidate]) => {
      if (!primary || !candidate) throw new TypeError('both nodes are open');
      const startedAt = performance.now();
      await primary.set(canaryKey, unit);
      while ((await candidate.get(canaryKey)) !== unit) {
        const ms = performance.now() - startedAt;
        if (ms > acknowledgeMs) {
          const message = `${data.candidate.name} did not have the canary within ${acknowledgeMs} ms`;
          throw new GantryError('REDIS_REPLICA_LAGGING', message, { evidence: { node: data.candidate.name, ms } });
        }
        await wait(pollEveryMs, signal);
      }
      measure('acknowledgedMs', performance.now() - startedAt);
    }),
});
