import type { RedisNode } from '../../../../src/drivers/redis/index.ts';
import { GantryError } from '../../../../src/errors/index.ts';
import { announce } from '../../roles/announce.ts';
import { decide } from './decide.ts';
import { candidateLost, promoteCandidate, settled, takeBack } from './promote.ts';
import type { Handover } from './session.ts';
import { connectBoth, demotionOf, epochOf } from './session.ts';
import { ours } from '../../access/ours.ts';
import { admitWrites } from '../../writes/write-safety.ts';

/**
 * Finishes what a predecessor began: the old primary is demoted, or the candidate promoted already.
 * @throws HANDOVER_CANDIDATE_LOST, HANDOVER_TAKEN_BACK, HANDOVER_UNPROVEN, HANDOVER_OVERTAKEN
 */
export async function resumeHandover(given: Handover): Promise<void> {
  const { primary, candidate } = await connectBoth(given);
  try {
    if (!candidate) throw candidateLost(given);
    await promoteOne(given, primary, candidate);
    await finish(given, primary, candidate);
  } finally {
    primary?.close();
    candidate?.close();
  }
}

/** Both are replicas: promotes the one that has everything, if that is proven. */
async function promoteOne(given: Handover, primary: RedisNode | undefined, candidate: RedisNode): Promise<void> {
  const startedAt = performance.now();
  const { data, context, seen: first } = given;
  const told = demotionOf(context);
  const old = await primary?.replication();
  const seen = await settled(given, candidate, (look) => decide(old, look, told).choose === 'candidate');
  if (seen.role === 'primary') return;
  if (old?.role === 'primary') throw new GantryError('HANDOVER_OVERTAKEN', `${data.primary.name} is primary again`);

  const { choose, why } = decide(old, seen, told);
  if (choose === 'old' && primary) {
    return takeBack(given, { primary, candidate, epoch: epochOf(first.primary) }, seen, why);
  }
  if (choose !== 'candidate') {
    throw new GantryError('HANDOVER_UNPROVEN', `${data.primary.name} is demoted, and ${why}`, {
      evidence: { demoted: old && { offset: old.offset, replid: old.replid }, candidate: seen, told },
    });
  }
  const epoch = epochOf(first.candidate);
  await ours(admitWrites(candidate, epoch));
  await promoteCandidate(given, candidate, epoch);
  context.measure('resumedPromotionMs', performance.now() - startedAt);
}

/** The candidate is primary; whether the rest was done can't be told, and doing it again harms nobody. */
async function finish(given: Handover, primary: RedisNode | undefined, candidate: RedisNode): Promise<void> {
  const known = await given.access.discovery.read();
  const epoch = await ours(candidate.raiseEpoch(known?.epoch ?? 0));
  await announce(given, { primary, candidate, epoch, persisted: { primary: false, candidate: false } });
  if (!primary) {
    const { name } = given.data.primary;
    const message = `clients are redirected to ${given.data.candidate.name}, but ${name} can't be reached: its role is not proven`;
    throw new GantryError('REDIS_UNREACHABLE', message);
  }
}
