import type { RedisFailoverInput } from '../../../runs/index.ts';
import { seenNodes } from '../group/roles.ts';
import type { GroupFacts, GroupIntent, NodeRef } from '../group/types.ts';

/** A reading that is older than this when its primary falls silent does not count: the setting may have changed since. */
const mostAgeMs = 60_000;

/** What the lease of a dead primary rests on. */
export type LeaseGrounds = {
  /** 0 where it is not known. */
  minReplicasInForce: number;
  maxLagSeconds: number;
  /** Why there is no lease, in words. */
  void?: string;
  /** What it rests on, in words. */
  words?: string;
};

export type LeaseFacts = GroupFacts & {
  /** The least that Gantry recorded to have set `min-replicas-to-write` to on the primary, as any node has it. */
  minReplicasRecorded?: number;
};

/**
 * Whether a primary that nobody can ask refuses writes by itself: what counts is what *it* said, of its own settings and of
 * who follows it. The configuration of its replicas proves nothing: one `CONFIG SET` on the primary alone, or a handover that
 * stands before its last steps, and two nodes take writes (tried). Not read is not known. Pure.
 */
export function leaseGrounds(
  { writeSafety: declared }: Pick<GroupIntent, 'writeSafety'>,
  facts: LeaseFacts,
  dead: NodeRef,
  { lastReading }: Pick<RedisFailoverInput, 'lastReading'>,
): LeaseGrounds {
  const maxLagSeconds = Math.max(declared.minReplicasMaxLagSeconds, lastReading?.minReplicasMaxLagSeconds ?? 0);
  const none = (why: string): LeaseGrounds => ({ minReplicasInForce: 0, maxLagSeconds, void: why });
  if (!lastReading || lastReading.node !== dead.name || lastReading.ageMs < 0) {
    return none(
      `what ${dead.name} itself reports as min-replicas-to-write was not read; a guard reads it every second`,
    );
  }
  const { minReplicasToWrite, minReplicasMaxLagSeconds, replicas, ageMs } = lastReading;
  const seconds = Math.round(ageMs / 1_000);
  if (ageMs > mostAgeMs) {
    const limit = `not more than ${mostAgeMs / 1_000} s may lie between`;
    return none(
      `${dead.name} was last asked for its min-replicas-to-write ${seconds} s before it fell silent; ${limit}`,
    );
  }
  if (minReplicasToWrite < 1) return none(`min-replicas-to-write of ${dead.name} was 0 when it was last read`);
  if (minReplicasMaxLagSeconds < 1) return none(`min-replicas-max-lag of ${dead.name} was 0 when it was last read`);
  const recorded = facts.minReplicasRecorded;
  if (recorded !== undefined && recorded < 1) {
    return none('min-replicas-to-write 0 is a deviation that was recorded in the group and not taken back');
  }
  const named = replicas.map((replica) => ({ replica, name: nameOf(replica, facts) }));
  const strangers = named.filter(({ name }) => name === undefined).map(({ replica }) => replica);
  if (strangers.length > 0) {
    const words = strangers.join(', ');
    return none(`${words} followed ${dead.name} and is not in the platform file: it may keep ${dead.name} writable`);
  }
  return {
    minReplicasInForce: Math.min(minReplicasToWrite, recorded ?? Infinity),
    maxLagSeconds,
    words: `${dead.name} itself: min-replicas-to-write ${minReplicasToWrite}, min-replicas-max-lag ${minReplicasMaxLagSeconds} s, read ${seconds} s before it counted as silent; replicas ${named.map(({ name }) => name).join(', ') || 'none'}`,
  };
}

/** The node that it is: by its name, or by the address that it announces, which the platform file need not have. */
function nameOf(replica: string, facts: GroupFacts): string | undefined {
  if (facts.nodes.some(({ name }) => name === replica)) return replica;
  const announcing = seenNodes(facts).find(({ reading: { announces } }) => {
    return announces !== undefined && replica === `${announces.host}:${announces.port}`;
  });
  return announcing?.name;
}
