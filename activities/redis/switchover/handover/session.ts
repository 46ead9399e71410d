import type { RedisNode } from '../../../../src/drivers/redis/index.ts';
import { GantryError } from '../../../../src/errors/index.ts';
import type { RedisSwitchoverData } from '../../../../src/planning/redis/index.ts';
import type { StepContext } from '../../../../src/steps/index.ts';
import { wait } from '../../../../src/steps/index.ts';
import type { Logger } from '../../../../src/telemetry/log.ts';
import type { RedisGroupAccess } from '../../access/access.ts';
import { isAbsence, withNode } from '../../access/access.ts';
import { admitWrites } from '../../writes/write-safety.ts';
import { ours, overtaken } from '../../access/ours.ts';
import type { HandoverSeen, NodeMissing, NodeSeen } from './state.ts';

/** What every part of a handover is given; `seen` is this attempt's first look. */
export type Handover = {
  data: RedisSwitchoverData;
  access: RedisGroupAccess;
  log: Logger;
  context: StepContext;
  seen: HandoverSeen;
};

/** A demotion that took place: reported as progress, so that a retry can go on without the demoted node. */
export type Demotion = { demotedAt: number; replid: string };

/** The predecessor's demotion, if it told of one. */
export function demotionOf({ resumed }: StepContext): Demotion | undefined {
  if (typeof resumed !== 'object' || resumed === null) return undefined;
  const { demotedAt, replid } = resumed as Partial<Record<keyof Demotion, unknown>>;
  return typeof demotedAt === 'number' && typeof replid === 'string' ? { demotedAt, replid } : undefined;
}

/** Between two looks at an offset, epoch or state. Milliseconds. */
export const pollMs = 1;

/**
 * Everything that can be done before writes are held: proves that both nodes can persist a role, ends a pause that a
 * predecessor left, raises the epoch (from here on a predecessor's role changes are refused) and waits for the candidate
 * to have it. Answers the epoch of this attempt. The raise starts from the epoch of this attempt's first look: one that
 * slept since then, while a later attempt or an undo raised it, is refused before it holds a single write.
 *
 * @throws REDIS_NOT_PERSISTED, HANDOVER_OVERTAKEN, HANDOVER_NOT_EQUAL; nothing has changed but the epoch.
 */
export async function openAttempt(given: Handover, primary: RedisNode, candidate: RedisNode): Promise<number> {
  const { access, context, data, seen } = given;
  const [known] = await Promise.all([access.discovery.read(), persist([primary, candidate])]);
  // A SET waits for the end of a pause: one that a predecessor left has to go first.
  await primary.unpause();
  context.signal.throwIfAborted();
  // The discovery may hold a higher epoch than a database that somebody flushed.
  const epoch = await ours(primary.raiseEpoch(known?.epoch ?? 0, epochOf(seen.primary)));
  await reach(given, candidate, epoch, data.handover.equalityMs);
  await ours(admitWrites(candidate, epoch));
  return epoch;
}

/**
 * The epoch that a node had at this attempt's first look. To read it when acting would guard nothing: it would be compared
 * with itself. @throws HANDOVER_OVERTAKEN if the node could not be asked then
 */
export function epochOf(node: NodeSeen | NodeMissing): number {
  if ('missing' in node) throw overtaken(`at the first look it could not be asked (${node.missing}), now it answers`);
  return node.epoch;
}

async function reach(given: Handover, candidate: RedisNode, epoch: number, withinMs: number): Promise<void> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const seen = await candidate.epoch();
    if (seen === epoch) return;
    if (seen > epoch) throw overtaken(`the candidate has epoch ${seen}, this attempt ${epoch}`);
    if (performance.now() > deadline) {
      throw new GantryError('HANDOVER_NOT_EQUAL', `${given.data.candidate.name} did not get epoch ${epoch} in time`, {
        evidence: { epoch, seen, withinMs },
      });
    }
    await wait(pollMs, given.context.signal);
  }
}

/** `CONFIG REWRITE` on all nodes at once. @throws REDIS_NOT_PERSISTED naming the first that could not */
export async function persist(nodes: readonly RedisNode[]): Promise<void> {
  const results = await Promise.allSettled(nodes.map((node) => node.configRewrite()));
  for (const result of results) {
    if (result.status === 'fulfilled') continue;
    const error = result.reason as unknown;
    if (isAbsence(error) || !(error instanceof GantryError)) throw error;
    throw new GantryError('REDIS_NOT_PERSISTED', error.message, { evidence: error.evidence });
  }
}

/** Connections to both nodes for as long as `use` runs. @throws REDIS_UNREACHABLE and what else connecting gives */
export async function withBoth<T>(
  { access, data }: Handover,
  use: (primary: RedisNode, candidate: RedisNode) => Promise<T>,
): Promise<T> {
  return withNode(access, data.primary.name, (primary) =>
    withNode(access, data.candidate.name, (candidate) => use(primary, candidate)),
  );
}

/** Opens what can be opened: a node that can't be asked now is undefined. The caller closes them. */
export async function connectBoth({ access, data }: Handover): Promise<{
  primary: RedisNode | undefined;
  candidate: RedisNode | undefined;
}> {
  const open = async (name: string): Promise<RedisNode | undefined> => {
    try {
      return await access.connect(name);
    } catch (error) {
      if (isAbsence(error)) return undefined;
      throw error;
    }
  };
  const [primary, candidate] = await Promise.all([open(data.primary.name), open(data.candidate.name)]);
  return { primary, candidate };
}
