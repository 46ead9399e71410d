import type { RedisSwitchoverData } from '../../../src/planning/redis/index.ts';
import { settledKey } from '../../../src/drivers/redis/index.ts';
import { blocked, defineStep, done, todo } from '../../../src/steps/index.ts';
import type { RedisDeps } from '../access/access.ts';
import { withNode, withNodes } from '../access/access.ts';
import { letGo } from '../roles/announce.ts';
import { ours } from '../access/ours.ts';
import { persistRoles } from '../roles/persist-roles.ts';

type Settled = { epoch: number; settled: string | null };

/**
 * What roles and discovery don't show, so that a handover cut off after its redirect looks done without it: both roles in
 * the config files, and nobody left waiting on the old primary. The handover notes it on the new primary, under its epoch,
 * once it has the answers; without that note it is all done again here, which does no harm.
 */
export const settle = defineStep<RedisSwitchoverData, Settled, RedisDeps>({
  name: 'redis.settle',
  probe: async (data, { groups }) =>
    withNode(await groups(data.group), data.candidate.name, async (node) => {
      const seen = { epoch: await node.epoch(), settled: (await node.get(settledKey)) ?? null };
      const { role } = await node.replication();
      if (role !== 'primary') return blocked('REDIS_ROLES_CHANGED', seen, `${data.candidate.name} is a replica by now`);
      if (seen.settled === String(seen.epoch)) {
        return done(seen, `roles persisted and clients of ${data.primary.name} let go under epoch ${seen.epoch}`);
      }
      return todo(seen, `no note that the roles are persisted and the clients of ${data.primary.name} let go`);
    }),
  apply: async (data, { epoch }, { groups, log }) =>
    withNodes(await groups(data.group), [data.primary.name, data.candidate.name], async ([primary, candidate]) => {
      if (!primary || !candidate) throw new TypeError('both nodes are open');
      await persistRoles(data, { primary, candidate, epoch });
      await letGo(data, primary, log);
      await ours(candidate.markSettled(epoch));
    }),
});
