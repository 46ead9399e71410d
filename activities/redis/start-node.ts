import { GantryError } from '../../src/errors/index.ts';
import type { Join } from '../../src/planning/redis/index.ts';
import { defineStep, todo, wait } from '../../src/steps/index.ts';
import type { RedisDeps, RedisGroupAccess } from './access.ts';
import { ours } from './handover-session.ts';
import type { JoinNodeMissing, JoinSeen } from './join-look.ts';
import { joinBlocked, lookAtJoin } from './join-look.ts';
import { writesRefused } from './quarantine.ts';
import { refuseWrites } from './refuse-writes.ts';
import { unitName } from './unit-name.ts';

/** How long a node that was started may stay silent; loading its data set counts as an answer. Milliseconds. */
const silentMs = 30_000;
const lookEveryMs = 100;

/**
 * The node runs and takes no writes. Its boot guard lets it come up as a replica; one without a guard that comes up as a
 * primary is told to refuse writes as soon as it answers.
 */
export const startNode = defineStep<Join, JoinSeen, RedisDeps>({
  name: 'redis.start-node',
  settleMs: 0,
  probe: async (data, { groups }) => {
    const seen = await lookAtJoin(await groups(data.group), data);
    const inTheWay = joinBlocked(seen, data);
    if (inTheWay) return inTheWay;
    if ('missing' in seen.node) return todo(seen, `${data.node.name} does not answer (${seen.node.missing})`);
    return writesRefused(seen, data);
  },
  apply: async (data, seen, { groups }, context) => {
    const access = await groups(data.group);
    const startedAt = performance.now();
    if ('missing' in seen.node) await start(access, data, seen.node, context);
    const up = await answering(access, data, context.signal);
    context.measure('startMs', performance.now() - startedAt);
    if (up.role === 'replica') return;
    context.signal.throwIfAborted();
    await ours(refuseWrites(access, data.node.name, { epoch: up.epoch }));
  },
});

async function start(
  access: RedisGroupAccess,
  data: Join,
  { missing, isUp }: JoinNodeMissing,
  { unit, signal }: { unit: string; signal: AbortSignal },
): Promise<void> {
  // It runs already, and is loading or busy: only time is missing.
  if (isUp) return;
  const hook = access.config.rejoin?.start;
  if (!hook) throw new GantryError('REDIS_NODE_DOWN', `${data.node.name}: ${missing}`);
  await access.hook(hook, data.node, unitName(unit)).run(signal);
}

async function answering(access: RedisGroupAccess, data: Join, signal: AbortSignal) {
  let silentSince = performance.now();
  for (;;) {
    const { node } = await lookAtJoin(access, data);
    if (!('missing' in node)) return node;
    if (node.isUp) silentSince = performance.now();
    if (performance.now() - silentSince > silentMs) {
      const message = `${data.node.name} was started and did not answer within ${silentMs / 1000} s: ${node.missing}`;
      throw new GantryError('REDIS_UNREACHABLE', message, { evidence: { node: data.node.name } });
    }
    await wait(lookEveryMs, signal);
  }
}
