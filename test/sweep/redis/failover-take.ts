import { until } from '../../../lab/clock.ts';
import { labProcessFence } from '../../../lab/redis/fence.ts';
import { redisInfo } from '../../../lab/redis/client.ts';
import { bringBack } from '../../support/bring-back.ts';
import type { Take } from '../scene.ts';
import type { Given } from './conclude.ts';
import { conclude } from './conclude.ts';
import type { RedisRuns } from './scene.ts';
import type { RedisScene } from './parts.ts';
import { inTurnOf, record, writersOn } from './take.ts';

/** Failovers, one after the other; what the process fence ends is the node itself. */
export const failovers: RedisRuns = {
  workflowType: 'redisFailover',
  begin: beginFailover,
  settings: (stateDir) => ({ failover: { fences: [{ kind: 'refuse-writes' }, labProcessFence(stateDir)] } }),
};

/**
 * Kills the primary and lets the next node take over, with writers on. What is written up to the kill has reached the
 * replicas: so whatever is lost afterwards was lost by the run.
 */
async function beginFailover(scene: RedisScene): Promise<Take> {
  const { rig } = scene;
  const { password } = rig.group;
  await bringBack(rig, (name) => scene.proxies.get(name));
  const { inTurn, states } = await inTurnOf(scene);
  const [old, candidate, sibling] = inTurn;
  if (!old || !candidate || !sibling) throw new Error('a group of three');
  const earlier = writersOn(scene);
  await until(async () => earlier.snapshot().acked > 40, 5_000);
  await earlier.stop();
  const offset = async (node: typeof old): Promise<number> =>
    Number((await redisInfo(node, password, 'replication'))['master_repl_offset']);
  const all = [old, candidate, sibling];
  // The primary's pings count too: equal at one moment is enough, as nobody writes any more.
  await until(async () => new Set(await Promise.all(all.map(offset))).size === 1, 5_000);
  const lastKnownOffset = await offset(old);
  const lastKnownAt = new Date().toISOString();
  await old.kill();
  const parts = record(scene, inTurn, ['old', 'new', 'sibling'], states);
  const given: Given = { scene, inTurn, ...parts, states, earlier, writers: writersOn(scene) };
  return {
    workflowId: `redis/${rig.groupName}`,
    input: {
      group: rig.groupName,
      to: candidate.name,
      acknowledgeRecentFailover: true,
      lastKnownOffset,
      lastKnownAt,
    },
    conclude: (runId) => conclude(given, runId),
  };
}
