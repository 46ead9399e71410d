import { GantryError } from '../../../src/errors/index.ts';
import type { NewOrder, NodeRef } from '../../../src/planning/redis/index.ts';
import { sameAddress } from '../../../src/planning/redis/index.ts';
import { blocked, defineStep, done, todo } from '../../../src/steps/index.ts';
import type { RedisDeps, RedisGroupAccess } from '../access/access.ts';
import { isAbsence, withNode } from '../access/access.ts';
import type { GroupNodeSeen } from '../group/read.ts';
import { followFault } from '../group/read.ts';
import { ours } from '../access/ours.ts';

/** A full copy of a large data set may be needed where the backlog was too small. Milliseconds. */
const linkUpMs = 45_000;

/** A sibling that can't be asked now, whatever the reason. */
type SiblingMissing = { name: string; missing: string };

/** The epoch is the new primary's at this look: whoever acts on it later is refused by siblings that know a higher one. */
type Seen = { epoch: number; siblings: (GroupNodeSeen | SiblingMissing)[] };

/**
 * Lets the other replicas follow the new primary: until then they hang on the old one, a chain. Each for itself: one that
 * has died since the plan keeps none of the others from following, and the step fails for those that are missing.
 */
export const repointSiblings = defineStep<NewOrder, Seen, RedisDeps>({
  name: 'redis.repoint-siblings',
  settleMs: linkUpMs,
  probe: async (data, { groups }) => {
    if (!data.siblings.length) return done({ epoch: 0, siblings: [] }, 'the group has no other replicas');
    const access = await groups(data.group);
    const names = data.siblings.map(({ name }) => name);
    const primary = await withNode(access, data.candidate.name, async (node) => {
      const epoch = await node.epoch();
      return { epoch, role: (await node.replication()).role };
    });
    const siblings = await Promise.all(names.map((name) => lookAt(access, name)));
    const seen = { epoch: primary.epoch, siblings };
    if (primary.role !== 'primary') {
      return blocked('REDIS_ROLES_CHANGED', seen, `${data.candidate.name} is a replica by now`);
    }
    const faults = siblings.flatMap((node) =>
      'missing' in node ? `${node.name} cannot be asked (${node.missing})` : (followFault(node, data.candidate) ?? []),
    );
    if (faults.length) return todo(seen, faults.join('; '));
    return done(
      seen,
      `${names.join(', ')} ${names.length === 1 ? 'follows' : 'follow'} ${data.candidate.name}, links up`,
    );
  },
  apply: async (data, { epoch, siblings }, { groups }, { signal }) => {
    const access = await groups(data.group);
    const astray = siblings.filter(
      (node) => 'missing' in node || !node.follows || !sameAddress(node.follows, data.candidate),
    );
    signal.throwIfAborted();
    const told = await Promise.allSettled(astray.map(({ name }) => repoint(access, name, epoch, data.candidate)));
    const failed = told.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
    if (failed.length > 0) throw together(failed);
  },
});

/** What all of them say, under the code of the gravest: a refusal says more than an absence. */
function together(failed: readonly unknown[]): unknown {
  const known = failed.filter((error) => error instanceof GantryError);
  const gravest = known.find((error) => !isAbsence(error)) ?? known[0];
  if (!gravest || known.length < failed.length) return failed.find((error) => !(error instanceof GantryError));
  return new GantryError(gravest.code, known.map(({ message }) => message).join('; '), { evidence: gravest.evidence });
}

async function lookAt(access: RedisGroupAccess, name: string): Promise<GroupNodeSeen | SiblingMissing> {
  try {
    return await withNode(access, name, async (node) => {
      const { role, follows, linkUp, syncInProgress, offset } = await node.replication();
      return { name, role, ...(follows ? { follows } : {}), linkUp, syncInProgress, offset };
    });
  } catch (error) {
    if (!(error instanceof GantryError)) throw error;
    return { name, missing: `${error.code}: ${error.message}` };
  }
}

/** @throws what names the node: why it was not told, or does not keep it */
async function repoint(access: RedisGroupAccess, name: string, epoch: number, to: NodeRef): Promise<void> {
  try {
    const change = await withNode(access, name, (node) => ours(node.repoint(epoch, to)));
    if (!change.persisted) throw new GantryError('REDIS_NOT_PERSISTED', change.because);
  } catch (error) {
    if (!(error instanceof GantryError)) throw error;
    throw new GantryError(error.code, `${name}: ${error.message}`, { evidence: error.evidence });
  }
}
