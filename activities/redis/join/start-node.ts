import { GantryError } from '../../../src/errors/index.ts';
import type { Join } from '../../../src/planning/redis/index.ts';
import type { StepContext } from '../../../src/steps/index.ts';
import { defineStep, done, todo, wait } from '../../../src/steps/index.ts';
import type { RedisDeps, RedisGroupAccess } from '../access/access.ts';
import { ours } from '../access/ours.ts';
import type { JoinNodeMissing, JoinSeen } from './read.ts';
import { joinBlocked, readJoin } from './read.ts';
import { writesRefused } from './writes-refused.ts';
import { refuseWrites } from '../writes/refuse-writes.ts';
import { unitName } from '../access/unit-name.ts';

/** How long a node that was started may stay silent; loading its data set counts as an answer. Milliseconds. */
const silentMs = 30_000;
const pollEveryMs = 100;

/** What the attempt saw when the node came up: once it refuses writes nothing shows that it took some. */
type CameUp = { cameUpWritable: true };
const cameUp = new WeakMap<StepContext, CameUp>();

/** What the step leaves: with `cameUpWritable` a copy and a count that were made before are not complete. */
type Seen = JoinSeen & Partial<CameUp>;

/**
 * The node runs and takes no writes. Its boot guard lets it come up as a replica; one without a guard that comes up as a
 * primary is told to refuse writes as soon as it answers. What it took until then is in no copy that was made before, which
 * the step says.
 */
export const startNode = defineStep<Join, Seen, RedisDeps>({
  name: 'redis.start-node',
  settleMs: 0,
  probe: async (data, { groups }, context) => {
    const wrote = cameUp.get(context) ?? toldBy(context);
    const seen: Seen = { ...(await readJoin(await groups(data.group), data)), ...wrote };
    const inTheWay = joinBlocked(seen, data);
    if (inTheWay) return inTheWay;
    if ('missing' in seen.node) return todo(seen, `${data.node.name} does not answer (${seen.node.missing})`);
    const stands = writesRefused(seen, data);
    if (stands.verdict !== 'done' || !wrote) return { ...stands, observed: seen };
    return done(seen, `${stands.summary}; ${wroteWords(data)}`);
  },
  apply: async (data, seen, { groups, log }, context) => {
    const access = await groups(data.group);
    const startedAt = performance.now();
    if ('missing' in seen.node) await start(access, data, seen.node, context);
    const up = await answering(access, data, context.signal);
    context.measure('startMs', performance.now() - startedAt);
    if (up.role === 'replica') return;
    const startedWritable = up.minReplicasToWrite <= up.replicas;
    // An empty one that ran before this run is no surprise, and has nothing that a copy could lack.
    if (startedWritable && ('missing' in seen.node || data.mayDiscard)) {
      cameUp.set(context, { cameUpWritable: true });
      // For an attempt that takes over from here.
      context.progress({ cameUpWritable: true } satisfies CameUp);
      log.warn({ group: data.group, node: data.node.name }, 'came up as a writable primary: it has no boot guard');
    }
    context.signal.throwIfAborted();
    await ours(refuseWrites(access, data.node.name, { epoch: up.epoch }, context));
  },
});

/** What a predecessor saw, if it told. */
function toldBy({ resumed }: StepContext): CameUp | undefined {
  const told = typeof resumed === 'object' && resumed !== null && 'cameUpWritable' in resumed;
  return told ? { cameUpWritable: true } : undefined;
}

function wroteWords({ node: { name }, mayDiscard }: Join): string {
  const gap = `it came up as a primary that takes writes, without a boot guard, and refuses them since the first look`;
  // Only a rejoin keeps data and counts what is discarded.
  if (!mayDiscard) return gap;
  return `${gap}: what ${name} took in between is in no copy, and not in the count of what is discarded`;
}

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
  await access.hook(hook, data.node, unitName(unit), data.candidate).run(signal);
}

async function answering(access: RedisGroupAccess, data: Join, signal: AbortSignal) {
  let silentSince = performance.now();
  for (;;) {
    const { node } = await readJoin(access, data);
    if (!('missing' in node)) return node;
    if (node.isUp) silentSince = performance.now();
    if (performance.now() - silentSince > silentMs) {
      const message = `${data.node.name} was started and did not answer within ${silentMs / 1000} s: ${node.missing}`;
      throw new GantryError('REDIS_UNREACHABLE', message, { evidence: { node: data.node.name } });
    }
    await wait(pollEveryMs, signal);
  }
}
