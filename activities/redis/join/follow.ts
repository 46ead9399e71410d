import { GantryError } from '../../../src/errors/index.ts';
import type { Join } from '../../../src/planning/redis/index.ts';
import { sameAddress } from '../../../src/planning/redis/index.ts';
import { blocked, defineStep, done, todo, wait } from '../../../src/steps/index.ts';
import type { Logger } from '../../../src/telemetry/log.ts';
import type { RedisDeps, RedisGroupAccess } from '../access/access.ts';
import { withNode } from '../access/access.ts';
import { ours } from '../access/ours.ts';
import { readSentinels } from '../group/read-sentinels.ts';
import { sentinelFaults } from '../roles/prove-sentinels.ts';
import type { JoinSeen } from './read.ts';
import { joinBlocked, readJoin } from './read.ts';

/**
 * How long the Sentinels may take to make a node that came back a replica: 8 s after they saw its role, and 30 s more where
 * they are in TILT (one stall of 2 s suffices), in which they act on nothing. Milliseconds.
 */
const sentinelsMs = 60_000;
const pollEveryMs = 200;

/**
 * Lets the node follow the present primary, persisted in the same transaction, which the node refuses once its epoch moved.
 * Each attempt raises the primary's epoch above the node's first, so that what the node has after the copy is above what
 * any earlier attempt has seen there. From here on the node's own writes are being discarded.
 */
export const follow = defineStep<Join, JoinSeen, RedisDeps>({
  name: 'redis.follow',
  probe: async (data, { groups }) => {
    const seen = await readJoin(await groups(data.group), data);
    const { node } = seen;
    const { name } = data.node;
    const inTheWay = joinBlocked(seen, data);
    if (inTheWay) return inTheWay;
    // Also while it loads its copy.
    if (follows(node, data)) return done(seen, `${name} follows ${data.candidate.name}`);
    if ('missing' in node) throw new GantryError('REDIS_UNREACHABLE', `${name}: ${node.missing}`);
    if (node.role === 'replica') return todo(seen, `${name} follows ${node.follows?.host}:${node.follows?.port}`);
    if (node.replicas > 0) {
      return blocked(
        'REDIS_SPLIT_BRAIN',
        seen,
        `${name} says that it is primary, and ${node.replicas} replicas follow it`,
      );
    }
    if (!data.mayDiscard && node.keys > 0) {
      return blocked('REDIS_OLD_PRIMARY', seen, `${name} says that it is primary, and has ${node.keys} keys`);
    }
    return todo(seen, `${name} says that it is primary at offset ${node.offset}`);
  },
  apply: async (data, seen, { groups, log }, { signal, measure }) => {
    const access = await groups(data.group);
    const { node } = seen;
    if ('missing' in node) return;
    const raised = await raise(access, data, seen, log);
    if (data.bySentinel) return untilSentinels(access, data, signal);
    signal.throwIfAborted();
    // A replica that hangs on the primary by way of another one has the new epoch before it is spoken to.
    const epoch = node.role === 'replica' ? Math.max(raised, node.epoch) : node.epoch;
    const change = await withNode(access, data.node.name, (one) => ours(one.stepDown(epoch, addressOf(data))));
    measure('discardedAtOffset', change.offset);
    if (!change.persisted) throw new GantryError('REDIS_NOT_PERSISTED', `${data.node.name}: ${change.because}`);
  },
});

/** Only a replica follows anybody. */
function follows({ follows: whom }: JoinSeen['node'], { candidate }: Join): boolean {
  return whom !== undefined && sameAddress(whom, candidate);
}

function addressOf({ candidate: { host, port } }: Join): { host: string; port: number } {
  return { host, port };
}

/** Answers the new epoch. A primary that refuses writes for want of replicas is what this run is to cure: then the node's own epoch is the only guard. */
async function raise(access: RedisGroupAccess, data: Join, { primary, node }: JoinSeen, log: Logger): Promise<number> {
  const above = 'missing' in node ? 0 : node.epoch;
  try {
    return await withNode(access, data.candidate.name, (one) => ours(one.raiseEpoch(above, primary.epoch)));
  } catch (error) {
    if (!(error instanceof GantryError) || error.code !== 'REDIS_NOT_ENOUGH_REPLICAS') throw error;
    log.warn({ group: data.group, node: data.candidate.name }, 'the primary takes no writes: no new epoch');
    return 0;
  }
}

async function untilSentinels(access: RedisGroupAccess, data: Join, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + sentinelsMs;
  for (;;) {
    const { node } = await readJoin(access, data);
    if (follows(node, data)) return;
    if (performance.now() > deadline) {
      const sentinels = access.sentinels ? await readSentinels(access.sentinels) : [];
      const still = sentinels.filter(({ reading }) => reading?.tilt).map(({ name }) => `${name} is in TILT`);
      const why = [...sentinelFaults(sentinels, data), ...still].join('; ') || `all name ${data.candidate.name}`;
      const message = `the Sentinels have not made ${data.node.name} a replica within ${sentinelsMs / 1000} s: ${why}`;
      throw new GantryError('REDIS_REPLICA_UNLINKED', message, { evidence: { node, sentinels } });
    }
    await wait(pollEveryMs, signal);
  }
}
