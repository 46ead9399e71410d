import { GantryError } from '../../../src/errors/index.ts';
import type { Replication } from '../../../src/drivers/redis/index.ts';
import type { Join } from '../../../src/planning/redis/index.ts';
import { sameAddress } from '../../../src/planning/redis/index.ts';
import type { Probe } from '../../../src/steps/index.ts';
import { blocked, defineStep, done, todo, wait } from '../../../src/steps/index.ts';
import type { RedisDeps, RedisGroupAccess } from '../access/access.ts';
import { isAbsence, withNode } from '../access/access.ts';

type Following = Pick<Replication, 'role' | 'follows' | 'linkUp' | 'syncInProgress' | 'offset' | 'syncReadBytes'>;
type CatchUpSeen = Following | { missing: string; isLoading: boolean };

/** How long the link may be down without a copy under way. A copy that stands still Redis ends by itself (repl-timeout). Milliseconds. */
const unlinkedMs = 60_000;
const pollEveryMs = 250;

/** The copy is whole and the link up. A large data set takes hours: the attempt says how far it is, and a retry just goes on looking. */
export const catchUp = defineStep<Join, CatchUpSeen, RedisDeps>({
  name: 'redis.catch-up',
  settleMs: 0,
  probe: async (data, { groups }) => judge(await lookAt(await groups(data.group), data), data),
  apply: async (data, _seen, { groups }, { signal, progress, measure }) => {
    const access = await groups(data.group);
    const startedAt = performance.now();
    let unlinkedSince = startedAt;
    for (;;) {
      const seen = await lookAt(access, data);
      const probe = judge(seen, data);
      if (probe.verdict === 'done') return measure('catchUpMs', performance.now() - startedAt);
      if (probe.verdict === 'blocked') throw new GantryError(probe.code, probe.summary, { evidence: { seen } });
      if ('missing' in seen ? seen.isLoading : seen.syncInProgress) unlinkedSince = performance.now();
      if (performance.now() - unlinkedSince > unlinkedMs) {
        throw new GantryError('REDIS_REPLICA_UNLINKED', `no copy for ${unlinkedMs / 1000} s: ${probe.summary}`, {
          evidence: { seen },
        });
      }
      progress(seen);
      await wait(pollEveryMs, signal);
    }
  },
});

async function lookAt(access: RedisGroupAccess, data: Join): Promise<CatchUpSeen> {
  try {
    const { role, follows, linkUp, syncInProgress, offset, syncReadBytes } = await withNode(
      access,
      data.node.name,
      (node) => node.replication(),
    );
    return {
      ...{ role, linkUp, syncInProgress, offset },
      ...(follows ? { follows } : {}),
      ...(syncReadBytes === undefined ? {} : { syncReadBytes }),
    };
  } catch (error) {
    if (isAbsence(error)) return { missing: error.message, isLoading: error.code === 'REDIS_LOADING' };
    throw error;
  }
}

function judge(seen: CatchUpSeen, { node: { name }, candidate }: Join): Probe<CatchUpSeen> {
  if ('missing' in seen) return todo(seen, `${name} does not answer: ${seen.missing}`);
  if (seen.role === 'primary' || !seen.follows || !sameAddress(seen.follows, candidate)) {
    return blocked('REDIS_ROLES_CHANGED', seen, `${name} does not follow ${candidate.name} any more`);
  }
  if (seen.syncInProgress) return todo(seen, `${name} has got ${seen.syncReadBytes ?? 0} bytes of its copy`);
  if (!seen.linkUp) return todo(seen, `the link of ${name} to ${candidate.name} is down`);
  return done(seen, `${name} is linked to ${candidate.name}`);
}
