import type { RedisNode } from '../../src/drivers/redis/index.ts';
import { GantryError } from '../../src/errors/index.ts';
import { announce } from './handover-announce.ts';
import { candidateLost, promoteCandidate } from './handover-promote.ts';
import type { Handover } from './handover-session.ts';
import { connectBoth, demotionOf, ours } from './handover-session.ts';

/** Finishes what a predecessor began: the old primary is demoted, or the candidate promoted already. */
export async function resumeHandover(given: Handover): Promise<void> {
  const { primary, candidate } = await connectBoth(given);
  try {
    if (!candidate) throw candidateLost(given);
    const { role } = await candidate.replication();
    if (role === 'replica') await promote(given, primary, candidate);
    await finish(given, primary, candidate);
  } finally {
    primary?.close();
    candidate?.close();
  }
}

/** Both are replicas: the demoted one's offset, asked live or told by the predecessor, says whether the other has it all. */
async function promote(given: Handover, primary: RedisNode | undefined, candidate: RedisNode): Promise<void> {
  const startedAt = performance.now();
  const told = demotionOf(given.context);
  const epoch = await candidate.epoch();
  if (!primary) {
    if (told?.epoch === epoch)
      return void (await promoteCandidate(given, { candidate, epoch, offset: told.demotedAt }));
    throw new GantryError(
      'REDIS_UNREACHABLE',
      `${given.data.primary.name} can't be reached: its last offset is not known`,
    );
  }
  const { role, offset } = await primary.replication();
  if (role === 'primary') throw new GantryError('HANDOVER_OVERTAKEN', `${given.data.primary.name} is primary again`);
  await promoteCandidate(given, { primary, candidate, epoch, offset });
  given.context.measure('resumedPromotionMs', performance.now() - startedAt);
}

/** The candidate is primary; whether the rest was done can't be told, and doing it again harms nobody. */
async function finish(given: Handover, primary: RedisNode | undefined, candidate: RedisNode): Promise<void> {
  const known = await given.access.discovery.read();
  const epoch = await ours(candidate.raiseEpoch(known?.epoch ?? 0));
  await announce(given, { primary, candidate, epoch, persisted: false });
  if (!primary) {
    const { name } = given.data.primary;
    const message = `clients are redirected to ${given.data.candidate.name}, but ${name} can't be reached: its role is not proven`;
    throw new GantryError('REDIS_UNREACHABLE', message);
  }
}
