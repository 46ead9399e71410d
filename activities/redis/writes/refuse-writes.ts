import type { StepContext } from '../../../src/steps/index.ts';
import type { RedisNode } from '../../../src/drivers/redis/index.ts';
import type { RedisGroupAccess } from '../access/access.ts';
import { brief, withNode } from '../access/access.ts';
import { replicasNeeded, setWriteSafety, writeSafetyOf } from './write-safety.ts';

/** More replicas than any primary has: with it every write is refused, scripts' included. */
export const neverEnough = 99;
/** As good, and not taken for a confirmed refusal. */
const written = 98;
const minReplicas = 'min-replicas-to-write';
const maxLag = 'min-replicas-max-lag';

/** Whether the node, asked itself, takes no writes of clients. @throws what connecting gives: then nothing is proven */
export async function refusesWrites(
  access: RedisGroupAccess,
  name: string,
): Promise<{ confirmed: boolean; evidence: string }> {
  const ask = async (node: RedisNode): Promise<{ confirmed: boolean; evidence: string }> => {
    const { role } = await node.replication();
    if (role === 'replica') return { confirmed: true, evidence: `${name} is a replica` };
    const safety = await writeSafetyOf(node);
    const { minReplicasToWrite, minReplicasMaxLagSeconds } = safety;
    const evidence = `${minReplicas} of ${name} is ${minReplicasToWrite}, ${maxLag} ${minReplicasMaxLagSeconds}`;
    return { confirmed: replicasNeeded(safety) >= neverEnough, evidence };
  };
  return withNode(access, name, ask, brief(access));
}

/** Whether it takes no writes, be it told so by half: a fence needs more, a proof that is in its file. */
export async function takesNoWrites(node: RedisNode): Promise<boolean> {
  return replicasNeeded(await writeSafetyOf(node)) >= written;
}

/**
 * Tells a primary that still answers to refuse all writes, also after a restart. The pause holds what is under way for a
 * moment; the connections are closed, so that clients ask the discovery again. Refused by a node that knows a later epoch
 * than `epoch`: an attempt that slept would stop the writes of the primary that it has become again since. Nor does a woken
 * one send it beside its successor's: between their settings a confirmed refusal would read as another one for a moment.
 * @throws ATTEMPT_OUTLIVED, STALE_ATTEMPT, REDIS_NOT_PERSISTED, and what connecting gives
 */
export async function refuseWrites(
  access: RedisGroupAccess,
  name: string,
  { epoch, pauseMs }: { epoch: number; pauseMs?: number },
  { mustBeOurs }: Pick<StepContext, 'mustBeOurs'>,
): Promise<void> {
  // Whether it answers at all is found out shortly; then it has the usual time.
  await withNode(access, name, (node) => node.ping(), brief(access));
  await withNode(access, name, async (node) => {
    const { minReplicasMaxLagSeconds } = await writeSafetyOf(node);
    // With a lag of 0 no number of replicas keeps anybody from writing.
    const lag =
      minReplicasMaxLagSeconds > 0 ? {} : { [maxLag]: String(access.config.writeSafety.minReplicasMaxLagSeconds) };
    // What counts as a refusal is set only once another one is in the file: a full disk must not look like a proof.
    for (const count of [written, neverEnough]) {
      await node.configPersistUntil(epoch, { ...lag, [minReplicas]: String(count) }, mustBeOurs);
    }
    if (pauseMs !== undefined) await node.pauseWrites(pauseMs);
    await node.killNormalClients();
  });
}

/**
 * Takes the refusal back, where there is one: the primary serves again as the platform file says.
 * @throws what connecting gives: a node that can't be asked may refuse writes for good
 */
export async function liftRefusal(access: RedisGroupAccess, name: string): Promise<void> {
  await withNode(access, name, async (node) => {
    const { role } = await node.replication();
    if (role === 'replica' || (await writeSafetyOf(node)).minReplicasToWrite < written) return;
    await setWriteSafety(node, access.config.writeSafety);
    await node.unpause();
  });
}
