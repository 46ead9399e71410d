import type { RedisSwitchoverData } from '../../../src/planning/redis/index.ts';
import type { RedisNode } from '../../../src/drivers/redis/index.ts';
import { minReplicasKey } from '../../../src/drivers/redis/index.ts';
import { GantryError } from '../../../src/errors/index.ts';
import { defineStep, done, todo, wait } from '../../../src/steps/index.ts';
import type { RedisDeps } from '../access/access.ts';
import { isAbsence, withNode, withNodes } from '../access/access.ts';
import { ours } from '../access/ours.ts';
import { newEpoch, reached } from '../writes/new-epoch.ts';
import { admitWrites, recordInForce, setMinReplicas, writeSafetyOf } from '../writes/write-safety.ts';

/** The epoch is the candidate's at this look: a late attempt's change is refused by a candidate that has another one. */
type Prepared = { minReplicasToWrite: number; epoch: number; recorded: string | null };

/** How long the candidate may take to have the record. Milliseconds. */
const recordedMs = 1_000;
const pollEveryMs = 5;

/**
 * Lets the candidate take writes before anybody follows it: its first writes as primary would be refused with NOREPLICAS.
 * A deviation from the platform file that `redis.restore-write-safety` takes back. It is recorded in the group first, and the
 * candidate has the record: a handover may stand between here and there, and the new primary has no lease as long as it does.
 */
export const prepareCandidate = defineStep<RedisSwitchoverData, Prepared, RedisDeps>({
  name: 'redis.prepare-candidate',
  probe: async (data, { groups }) =>
    withNode(await groups(data.group), data.candidate.name, async (node) => {
      const epoch = await node.epoch();
      const { minReplicasToWrite } = await writeSafetyOf(node);
      const seen = { minReplicasToWrite, epoch, recorded: (await node.get(minReplicasKey)) ?? null };
      const words = `min-replicas-to-write of ${data.candidate.name} is ${minReplicasToWrite}, recorded is ${seen.recorded ?? 'nothing'}`;
      return minReplicasToWrite === 0 && seen.recorded === '0' ? done(seen, words) : todo(seen, words);
    }),
  // Not persisted by itself: a candidate that restarts before the handover comes back with what the file says.
  apply: async (data, { epoch }, { groups }, { signal }) =>
    withNodes(await groups(data.group), [data.primary.name, data.candidate.name], async ([primary, candidate]) => {
      if (!primary || !candidate) throw new TypeError('both nodes are open');
      await ours(primary.recordMinReplicas(epoch, 0));
      await hasRecord(candidate, data.candidate.name, signal);
      await ours(admitWrites(candidate, epoch));
    }),
  undo: async (data, before, { groups, log }, { signal }) => {
    const access = await groups(data.group);
    const epoch = await newEpoch(access, data, log);
    await withNode(access, data.candidate.name, async (node) => {
      await reached(node, epoch, signal);
      await setMinReplicas(node, before.minReplicasToWrite);
    });
    try {
      await withNode(access, data.primary.name, async (node) =>
        recordInForce(node, (await writeSafetyOf(node)).minReplicasToWrite),
      );
    } catch (error) {
      // The record says less than is in force: a lease is not believed in that holds, which does no harm.
      if (!isAbsence(error)) throw error;
    }
  },
});

async function hasRecord(candidate: RedisNode, name: string, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + recordedMs;
  while ((await candidate.get(minReplicasKey)) !== '0') {
    if (performance.now() > deadline) {
      throw new GantryError('REDIS_REPLICA_LAGGING', `${name} did not have the record within ${recordedMs} ms`);
    }
    await wait(pollEveryMs, signal);
  }
}
