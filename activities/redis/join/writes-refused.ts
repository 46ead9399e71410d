import type { Join } from '../../../src/planning/redis/index.ts';
import type { Probe } from '../../../src/steps/index.ts';
import { done, todo } from '../../../src/steps/index.ts';
import { neverEnough } from '../writes/refuse-writes.ts';
import type { JoinSeen } from './read.ts';

/** Whether the node takes no writes, as far as can be seen. */
export function writesRefused(seen: JoinSeen, { node: { name } }: Join): Probe<JoinSeen> {
  const { node } = seen;
  if ('missing' in node) return done(seen, `${name} does not answer: nothing to refuse yet`);
  if (node.role === 'replica') return done(seen, `${name} is a replica: it takes no writes`);
  if (node.minReplicasToWrite >= neverEnough)
    return done(seen, `${name} says that it is primary, and refuses all writes`);
  return todo(seen, `${name} says that it is primary, and takes writes`);
}
