import type { RedisNode, Replication } from '../../../src/drivers/redis/index.ts';
import { GantryError } from '../../../src/errors/index.ts';
import type { RedisSwitchoverData } from '../../../src/planning/redis/index.ts';
import { sameAddress } from '../../../src/planning/redis/index.ts';
import { ours } from '../access/ours.ts';

/**
 * Has both nodes write their role down. What a config file says can't be read from afar (`CONFIG GET` shows the memory):
 * the proof is that the node answered a rewrite in the same transaction in which it told its role. A demoted node that
 * follows the new primary by another name than the platform file's (after a FAILOVER: by the address that it announces)
 * is re-pointed by that name, which writes it down too.
 *
 * @throws REDIS_NOT_PERSISTED; REDIS_ROLES_CHANGED if a node has another role by now; HANDOVER_OVERTAKEN
 */
export async function persistRoles(
  data: Pick<RedisSwitchoverData, 'primary' | 'candidate' | 'sentinel'>,
  { primary, candidate, epoch }: { primary: RedisNode | undefined; candidate: RedisNode; epoch: number },
): Promise<void> {
  const results = await Promise.allSettled([
    candidate.persistRole().then((written) => mustBe('primary', written, data.candidate.name)),
    primary && persistFollower(data, primary, epoch),
  ]);
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}

async function persistFollower(
  { primary: ref, candidate, sentinel }: Pick<RedisSwitchoverData, 'primary' | 'candidate' | 'sentinel'>,
  primary: RedisNode,
  epoch: number,
): Promise<void> {
  const own = await primary.epoch();
  const { role, follows } = await primary.replication();
  // Away when the Sentinels decided, it comes back as the primary of an older epoch; they take ten seconds to see it.
  if (sentinel && role === 'primary' && own < epoch) {
    const change = await ours(primary.stepDown(own, candidate));
    if (!change.persisted) throw new GantryError('REDIS_NOT_PERSISTED', `${ref.name}: ${change.because}`);
    return;
  }
  if (role === 'replica' && follows && !sameAddress(follows, candidate)) {
    const change = await ours(primary.repoint(epoch, candidate));
    if (!change.persisted) throw new GantryError('REDIS_NOT_PERSISTED', `${ref.name}: ${change.because}`);
    return;
  }
  mustBe('replica', await primary.persistRole(), ref.name);
}

function mustBe(role: Replication['role'], written: Replication, name: string): void {
  if (written.role === role) return;
  throw new GantryError('REDIS_ROLES_CHANGED', `${name} is ${written.role} by now, not ${role}`);
}
