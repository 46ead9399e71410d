import type { RedisSwitchoverData } from '../../src/planning/redis/index.ts';
import { GantryError } from '../../src/errors/index.ts';
import { defineStep, done, todo, wait } from '../../src/steps/index.ts';
import type { Logger } from '../../src/telemetry/log.ts';
import type { RedisDeps, RedisGroupAccess } from './access.ts';
import { isAbsence, withNode } from './access.ts';
import { ours } from './handover-session.ts';
import { admitWrites, setMinReplicas, writeSafetyOf } from './write-safety.ts';

/** The epoch is the candidate's at this look: a late attempt's change is refused by a candidate that has another one. */
type Prepared = { minReplicasToWrite: number; epoch: number };

/** How long the candidate may take to have the epoch that fences late attempts off. Milliseconds. */
const fencedMs = 2_000;
const lookEveryMs = 10;

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
    const epoch = await raised(access, data, log);
    await withNode(access, data.candidate.name, async (node) => {
      const deadline = performance.now() + fencedMs;
      while ((await node.epoch()) < epoch && performance.now() < deadline) await wait(lookEveryMs, signal);
      await setMinReplicas(node, before.minReplicasToWrite);
    });
  },
});

/**
 * A new epoch, so that an attempt that still sleeps somewhere can't set the candidate's value once more. Where the group
 * can't take one (no primary, no replica linked) the value is set back all the same: that is what was asked for.
 */
async function raised(access: RedisGroupAccess, data: RedisSwitchoverData, log: Logger): Promise<number> {
  try {
    const known = await access.discovery.read().catch(() => undefined);
    return await withNode(access, data.primary.name, (primary) => primary.raiseEpoch(known?.epoch ?? 0));
  } catch (error) {
    const code = error instanceof GantryError ? error.code : undefined;
    if (!isAbsence(error) && code !== 'REDIS_NOT_ENOUGH_REPLICAS' && code !== 'STALE_ATTEMPT') throw error;
    log.warn({ group: data.group, code }, 'undone without a new epoch: a late attempt is not fenced off');
    return 0;
  }
}
