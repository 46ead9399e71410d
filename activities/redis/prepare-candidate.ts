import type { RedisSwitchoverData } from '../../src/planning/redis/index.ts';
import { defineStep, done, todo } from '../../src/steps/index.ts';
import type { RedisDeps } from './access.ts';
import { withNode } from './access.ts';
import { ours } from './handover-session.ts';
import { admitWrites, setMinReplicas, writeSafetyOf } from './write-safety.ts';

type Prepared = { minReplicasToWrite: number };

/**
 * Lets the candidate take writes before anybody follows it: its first writes as primary would be refused with NOREPLICAS.
 * A deviation from the platform file that `redis.restore-write-safety` takes back.
 */
export const prepareCandidate = defineStep<RedisSwitchoverData, Prepared, RedisDeps>({
  name: 'redis.prepare-candidate',
  probe: async (data, { groups }) =>
    withNode(await groups(data.group), data.candidate.name, async (node) => {
      const { minReplicasToWrite } = await writeSafetyOf(node);
      const words = `min-replicas-to-write of ${data.candidate.name} is ${minReplicasToWrite}`;
      return minReplicasToWrite === 0 ? done({ minReplicasToWrite }, words) : todo({ minReplicasToWrite }, words);
    }),
  // Not persisted by itself: a candidate that restarts before the handover comes back with what the file says.
  apply: async (data, _seen, { groups }) =>
    withNode(await groups(data.group), data.candidate.name, (node) => ours(admitWrites(node))),
  undo: async (data, before, { groups }) =>
    withNode(await groups(data.group), data.candidate.name, (node) => setMinReplicas(node, before.minReplicasToWrite)),
});
