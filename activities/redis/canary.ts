import { GantryError } from '../../src/errors/index.ts';
import type { RedisSwitchoverData } from '../../src/planning/redis/index.ts';
import { defineStep, done, todo } from '../../src/steps/index.ts';
import type { RedisDeps } from './access.ts';
import { withNode, withNodes } from './access.ts';

const canaryKey = 'gantry:canary';
/** How long a replica may take to acknowledge. WAIT narrows the loss, it is no strong consistency (redis.io/commands/wait). */
const acknowledgeMs = 1_000;

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
  apply: async (data, _seen, { groups }, { unit, measure }) =>
    withNode(await groups(data.group), data.primary.name, async (primary) => {
      const startedAt = performance.now();
      await primary.set(canaryKey, unit);
      const acknowledged = await primary.waitReplicas(1, acknowledgeMs);
      measure('acknowledgedMs', performance.now() - startedAt);
      if (acknowledged > 0) return;
      throw new GantryError('REDIS_REPLICA_LAGGING', `no replica acknowledged the canary within ${acknowledgeMs} ms`, {
        evidence: { node: data.primary.name, acknowledged },
      });
    }),
});
