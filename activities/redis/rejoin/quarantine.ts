import type { Join } from '../../../src/planning/redis/index.ts';
import { defineStep } from '../../../src/steps/index.ts';
import type { RedisDeps } from '../access/access.ts';
import { ours } from '../access/ours.ts';
import type { JoinSeen } from '../join/read.ts';
import { joinBlocked, readJoin } from '../join/read.ts';
import { refuseWrites } from '../writes/refuse-writes.ts';
import { writesRefused } from '../join/writes-refused.ts';

/**
 * An old primary that runs refuses all writes: the first thing that changes anything, and never undone, since it is not the
 * primary any more whatever becomes of the run. One that is down takes none; it is asked again when it has been started.
 */
export const quarantine = defineStep<Join, JoinSeen, RedisDeps>({
  name: 'redis.quarantine',
  probe: async (data, { groups }) => {
    const seen = await readJoin(await groups(data.group), data);
    return joinBlocked(seen, data) ?? writesRefused(seen, data);
  },
  apply: async (data, { node }, { groups }, context) => {
    if ('missing' in node) return;
    context.signal.throwIfAborted();
    await ours(refuseWrites(await groups(data.group), data.node.name, { epoch: node.epoch }, context));
  },
});
