import type { NewOrder } from '../../../src/planning/redis/index.ts';
import { blocked, defineStep, done, todo } from '../../../src/steps/index.ts';
import type { RedisDeps } from '../access/access.ts';
import type { GroupNodeSeen } from '../group/read.ts';
import { sentinelFaults } from './prove-sentinels.ts';
import { readSentinels } from '../group/read-sentinels.ts';
import { readGroup, roleFaults, withGroup } from '../group/read.ts';

/** One reading of the soak. A node that can't be read is an error: a missing reading counts as a failure. */
export const checkReplication = defineStep<NewOrder, GroupNodeSeen[], RedisDeps>({
  name: 'redis.check-replication',
  probe: async (data, { groups }) => {
    const access = await groups(data.group);
    return withGroup(access, data, async (members) => {
      const seen = await readGroup(members);
      const [primary, ...replicas] = seen;
      if (seen.filter(({ role }) => role === 'primary').length > 1) {
        return blocked('REDIS_SPLIT_BRAIN', seen, 'more than one node says that it is primary');
      }
      const lagged = replicas.map(({ name, offset }) => ({ name, lag: Math.max(0, (primary?.offset ?? 0) - offset) }));
      const faults = [
        ...roleFaults(seen, data),
        ...lagged
          .filter(({ lag }) => lag >= data.lagLimitBytes)
          .map(({ name, lag }) => `${name} is ${lag} bytes behind`),
        // Under Sentinel a second election would show here.
        ...(data.sentinel && access.sentinels ? sentinelFaults(await readSentinels(access.sentinels), data) : []),
      ];
      if (faults.length) return todo(seen, faults.join('; '));
      return done(
        seen,
        `roles as planned, links up, lag at most ${Math.max(0, ...lagged.map(({ lag }) => lag))} bytes`,
      );
    });
  },
});
