import type { Replication } from '../../../../src/drivers/redis/index.ts';
import type { Demotion } from './session.ts';

/** Which of two replicas becomes primary, and why. */
export type Decision = { choose: 'candidate' | 'old' | 'neither'; why: string };

/**
 * A replica that restarted from its append-only file has forgotten its offset: it shows 1 under a history of its own
 * (7.0.15). One that restarted from an RDB file shows the offset of that file, which is honest.
 */
const forgotten = 1;

type Side = Pick<Replication, 'replid' | 'offset'>;

/**
 * Between the demotion and the promotion: who has everything that was ever acknowledged? `candidate` may be chosen at any
 * time, `old` only once the candidate's link is down: then all stands still, and every attempt comes to the same answer.
 * Pure.
 *
 * @param old the demoted node, if it can be asked
 * @param told where it was demoted, if the predecessor could tell
 */
export function decide(old: Side | undefined, candidate: Side, told: Demotion | undefined): Decision {
  if (told && candidate.replid === told.replid && candidate.offset >= told.demotedAt) {
    return { choose: 'candidate', why: `it has all up to the demotion at ${told.demotedAt}` };
  }
  if (told && old && old.offset < told.demotedAt) {
    return { choose: 'neither', why: `neither node has all up to the demotion at ${told.demotedAt} any more` };
  }
  if (!old) return { choose: 'neither', why: 'the demoted node cannot be asked for its offset' };
  const oldKnows = old.offset > forgotten;
  if (candidate.offset <= forgotten) {
    return oldKnows
      ? { choose: 'old', why: 'the candidate restarted and has forgotten its offset; the demoted node has it all' }
      : { choose: 'neither', why: 'both nodes restarted and have forgotten their offsets' };
  }
  if (!oldKnows) return { choose: 'neither', why: 'the demoted node restarted and has forgotten its offset' };
  if (old.replid !== candidate.replid) return { choose: 'neither', why: 'the nodes have different histories' };
  if (candidate.offset >= old.offset) return { choose: 'candidate', why: `it has all up to ${old.offset}` };
  return { choose: 'old', why: `the candidate lacks ${old.offset - candidate.offset} bytes` };
}
