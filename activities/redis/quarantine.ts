import type { Join } from '../../src/planning/redis/index.ts';
import type { Probe } from '../../src/steps/index.ts';
import { defineStep, done, todo } from '../../src/steps/index.ts';
import type { RedisDeps } from './access.ts';
import { ours } from './handover-session.ts';
import type { JoinSeen } from './join-look.ts';
import { joinBlocked, lookAtJoin } from './join-look.ts';
import { neverEnough, refuseWrites } from './refuse-writes.ts';

/**
 * An old primary that runs refuses all writes: the first thing that changes anything, and never undone, since it is not the
 * primary any more whatever becomes of the run. One that is down takes none; it is asked again when it has been started.
 */
export const quarantine = defineStep<Join, JoinSeen, RedisDeps>({
  name: 'redis.quarantine',
  probe: async (data, { groups }) => {
    const seen = await lookAtJoin(await groups(data.group), data);
    return joinBlocked(seen, data) ?? writesRefused(seen, data);
  },
  apply: async (data, { node }, { groups }, context) => {
    if ('missing' in node) return;
    context.signal.throwIfAborted();
    await ours(refuseWrites(await groups(data.group), data.node.name, { epoch: node.epoch }, context));
  },
});

/** Whether the node takes no writes, as far as can be seen. */
export function writesRefused(seen: JoinSeen, { node: { name } }: Join): Probe<JoinSeen> {
  const { node } = seen;
  if ('missing' in node) return done(seen, `${name} does not answer: nothing to refuse yet`);
  if (node.role === 'replica') return done(seen, `${name} is a replica: it takes no writes`);
  if (node.minReplicasToWrite >= neverEnough)
    return done(seen, `${name} says that it is primary, and refuses all writes`);
  return todo(seen, `${name} says that it is primary, and takes writes`);
}
