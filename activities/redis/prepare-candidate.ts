import type { RedisSwitchoverData } from '../../src/planning/redis/index.ts';
import { defineStep, done, todo } from '../../src/steps/index.ts';
import type { RedisDeps } from './access.ts';
import { withNodes } from './access.ts';
import { minReplicasOf, setMinReplicas } from './write-safety.ts';

type Prepared = { minReplicasToWrite: number };

/**
 * Lets the candidate take writes before anybody follows it: its first writes as primary would be refused with NOREPLICAS.
 * A deviation from the platform file that `redis.restore-write-safety` takes back.
 */
export const prepareCandidate = defineStep<RedisSwitchoverData, Prepared, RedisDeps>({
  name: 'redis.prepare-candidate',
  probe: async (data, { groups }) =>
    withNodes(await groups(data.group), [data.candidate.name], async (nodes) => {
      const minReplicasToWrite = await minReplicasOf(nodes);
      const words = `min-replicas-to-write of ${data.candidate.name} is ${minReplicasToWrite}`;
      return minReplicasToWrite === 0 ? done({ minReplicasToWrite }, words) : todo({ minReplicasToWrite }, words);
    }),
  // Not persisted by itself: a candidate that restarts before the handover comes back with what the file says.
  apply: async (data, _seen, { groups }) =>
    withNodes(await groups(data.group), [data.candidate.name], (nodes) => setMinReplicas(nodes, 0)),
  undo: async (data, before, { groups }) =>
    withNodes(await groups(data.group), [data.candidate.name], async (nodes) => {
      await setMinReplicas(nodes, before.minReplicasToWrite);
      // An attempt at the handover may have written the deviation down.
      for (const node of nodes) await node.configRewrite();
    }),
});
