import { expect, test } from 'vitest';
import { withRedis } from '../../../../lab/redis/client.ts';
import { linkUp } from '../../../../lab/redis/redis.ts';
import { describeWith } from '../../../support/lab.ts';
import { failoverScene, planFailover, step } from './scene.ts';
import type { Scene } from '../scene.ts';
import { codeOf, hooked, killed, password, roles, run, writeIsHeld } from '../scene.ts';

/** r1 freezes, is failed over from, comes back as a replica, and is handed the primary role again. */
async function onAndBack(s: Scene, data: Awaited<ReturnType<typeof planFailover>>['data']): Promise<void> {
  const a = s.activities();
  await step(a.redisPromote, data);
  await step(a.redisRepointSiblings, data);
  await step(a.redisRestoreWriteSafety, data);
  const { host, port } = s.lab.node(data.candidate.name);
  await withRedis(s.lab.node('r1'), password, async (redis) => {
    await redis.replicaof(host, port);
    await redis.config('REWRITE');
  });
  await linkUp(s.lab.node('r1'), password);
  const { data: back } = await s.plan({ to: 'r1' });
  await run(a.redisPrepareCandidate, 'ensure', back);
  await run(a.redisHandover, 'ensure', back);
  await run(a.redisRepointSiblings, 'ensure', back);
  await run(a.redisRestoreWriteSafety, 'ensure', back);
  expect(await roles(s)).toEqual({ r1: 'primary', r2: 'replica', r3: 'replica' });
}

/** A plan for a primary that is frozen; it is awake again afterwards. */
async function plannedWhileFrozen(s: Scene) {
  s.lab.node('r1').freeze();
  const { data } = await planFailover(s);
  s.lab.node('r1').thaw();
  return data;
}

await describeWith(['redis'], 'an attempt at a failover that wakes up late', () => {
  /** Falls asleep at one of these verbs, once; the group has moved on and back when it wakes. */
  async function lateFence(s: Scene, when: 'before' | 'after', ...verbs: string[]): Promise<string | undefined> {
    const data = await plannedWhileFrozen(s);
    let woken = false;
    const meanwhile = async (): Promise<void> => {
      if (woken) return;
      woken = true;
      await onAndBack(s, data);
    };
    const hooks = Object.fromEntries(verbs.map((verb) => [verb, { [when]: meanwhile }]));
    const code = await codeOf(step(s.activities(hooked(hooks)).redisFence, data));
    expect(woken).toBe(true);
    return code;
  }

  test('does not make today’s primary refuse writes', async () => {
    const s = await failoverScene();
    expect(await lateFence(s, 'before', 'r1.configPersistUntil')).toBe('STALE_ATTEMPT');
    expect(await writeIsHeld(s, 'r1')).toBe(false);
  });

  test('does not end the process of today’s primary, nor look no further than at what it saw before', async () => {
    const s = await failoverScene();
    // Asleep with the answer in its hands: what it saw still speaks for the fence.
    expect(await lateFence(s, 'after', 'r2.epoch', 'r3.epoch')).toBe('STALE_ATTEMPT');
    expect(s.lab.node('r1').isRunning()).toBe(true);
    expect(await writeIsHeld(s, 'r1')).toBe(false);
  });
});

await describeWith(['redis'], 'a promotion that was cut off', () => {
  test('is finished under an epoch above that of every sibling: else none of them would follow', async () => {
    const s = await failoverScene();
    await s.lab.node('r1').kill();
    const { data } = await planFailover(s, { to: 'r2' });
    const cut = s.activities(hooked({ 'r2.promote': { after: killed } }));
    await codeOf(step(cut.redisPromote, data));
    // What the dead primary had still sent to r3 alone, as an attempt at a handover does that raises the epoch.
    await withRedis(s.lab.node('r3'), password, async (redis) => {
      await redis.config('SET', 'replica-read-only', 'no');
      await redis.set('gantry:epoch', '7');
      await redis.config('SET', 'replica-read-only', 'yes');
    });
    expect(await step(s.activities().redisPromote, data)).toMatchObject({ verdict: 'done' });
    expect((await s.told())?.epoch).toBeGreaterThan(7);
    expect(await step(s.activities().redisRepointSiblings, data)).toMatchObject({ verdict: 'done' });
  });
});
