import { GantryError } from '../../../src/errors/index.ts';
import type { Join } from '../../../src/planning/redis/index.ts';
import { defineStep, done, todo, wait } from '../../../src/steps/index.ts';
import type { RedisDeps, RedisGroupAccess } from '../access/access.ts';
import { isAbsence, withNode } from '../access/access.ts';
import { unitName } from '../access/unit-name.ts';

/** Whether a copy is there, or why none is made. */
export type Kept = { unit: string; kept: boolean; evidence: string };

/** Between two questions whether the copy is whole. Milliseconds. */
const askEveryMs = 1_000;

/**
 * Keeps the data of an old primary before anything replaces them, by a program of the platform file. The copy has the name
 * of this step, which every attempt shares: a retry finds it, or the work that is still under way.
 */
export const keepData = defineStep<Join, Kept, RedisDeps>({
  name: 'redis.keep-data',
  // Confirmed or not is seen at once.
  settleMs: 0,
  probe: async (data, { groups }, { unit, signal }) => {
    const access = await groups(data.group);
    const { keep } = access.config.rejoin ?? {};
    const { name } = data.node;
    const copy = unitName(unit);
    const nothing = (why: string) => done({ unit: copy, kept: false, evidence: why }, why);
    if (await isReplica(access, name)) return nothing(`${name} is a replica: it has nothing that its primary hadn't`);
    if (!keep) return nothing(`the platform file has no hook for it: the data of ${name} is not kept`);
    const { confirmed, evidence } = await access.hook(keep, data.node, copy, data.candidate).confirm(signal);
    const seen = { unit: copy, kept: confirmed, evidence };
    return confirmed ? done(seen, `the data of ${name} is kept as ${copy}`) : todo(seen, `no copy named ${copy} yet`);
  },
  apply: async (data, _seen, { groups, log }, { unit, signal, progress, measure }) => {
    const access = await groups(data.group);
    const { keep } = access.config.rejoin ?? {};
    if (!keep) return;
    const copy = unitName(unit);
    const hook = access.hook(keep, data.node, copy, data.candidate);
    const startedAt = performance.now();
    await hook.run(signal);
    for (;;) {
      const { confirmed, evidence } = await hook.confirm(signal);
      const ms = performance.now() - startedAt;
      if (confirmed) {
        measure('keepMs', ms);
        log.info({ group: data.group, node: data.node.name, copy }, 'data of the old primary kept');
        return;
      }
      if (ms > keep.withinMs) {
        const message = `hook ${keep.name} is not confirmed after ${Math.round(ms / 1000)} s: ${evidence}`;
        throw new GantryError('HOOK_FAILED', message, { evidence: { hook: keep.name, copy } });
      }
      progress({ copy, waitedMs: Math.round(ms) });
      await wait(askEveryMs, signal);
    }
  },
});

async function isReplica(access: RedisGroupAccess, name: string): Promise<boolean> {
  try {
    return (await withNode(access, name, (node) => node.replication())).role === 'replica';
  } catch (error) {
    if (isAbsence(error)) return false;
    throw error;
  }
}
