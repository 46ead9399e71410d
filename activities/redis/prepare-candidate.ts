import type { RedisSwitchoverData } from '../../src/planning/redis/index.ts';
import { defineStep, done, todo } from '../../src/steps/index.ts';
import type { RedisDeps } from './access.ts';
import { withNode } from './access.ts';
import { ours } from './handover-session.ts';
import { newEpoch, reached } from './new-epoch.ts';
import { admitWrites, setMinReplicas, writeSafetyOf } from './write-safety.ts';

/** The epoch is the candidate's at this look: a late attempt's change is refused by a candidate that has another one. */
type Prepared = { minReplicasToWrite: number; epoch: number };

/**
 * Lets the candidate take writes before anybody follows it: its first writes as primary would be refused with NOREPLICAS.
 * A deviation from the platform file that `redis.restore-write-safety` takes back.
 */
export const prepareCandidate = defineStep<RedisSwitchoverData, Prepared, RedisDeps>({
  name: 'redis.prepare-candidate',
  probe: async (data, { groups }) =>
    withNode(await groups(data.group), data.candidate.name, async (node) => {
      const epoch = await node.epoch();
      const { minReplicasToWrite } = await writeSafetyOf(node);
      const seen = { minReplicasToWrite, epoch };
      const words = `min-replicas-to-write of ${data.candidate.name} is ${minReplicasToWrite}`;
      return minReplicasToWrite === 0 ? done(seen, words) : todo(seen, words);
    }),
  // Not persisted by itself: a candidate that restarts before the handover comes back with what the file says.
  apply: async (data, { epoch }, { groups }) =>
    withNode(await groups(data.group), data.candidate.name, (node) => ours(admitWrites(node, epoch))),
  undo: async (data, before, { groups, log }, { signal }) => {
    const access = await groups(data.group);
    const epoch = await newEpoch(access, data, log);
    await withNode(access, data.candidate.name, async (node) => {
      await reached(node, epoch, signal);
      await setMinReplicas(node, before.minReplicasToWrite);
    });
  },
});
