import { expect, test } from 'vitest';
import { pause, until } from '../../../../../lab/clock.ts';
import { linkUp } from '../../../../../lab/redis/redis.ts';
import { withRedis } from '../../../../../lab/redis/client.ts';
import { describeWith } from '../../../../support/lab.ts';
import type { Scene } from '../../scene.ts';
import { addressOf, codeOf, hooked, password, quiet, roles, run, scene, writeIsHeld, writeMs } from '../../scene.ts';

const briefLease = { pauseMs: 600, equalityMs: 300, leaseReserveMs: 100, failoverTimeoutMs: 5_000 };

/** What a newer attempt does first. */
async function overtake(s: Scene): Promise<void> {
  const other = await s.node('r1');
  await other.unpause();
  await other.raiseEpoch();
  other.close();
}

await describeWith(['redis'], 'a handover in trouble', () => {
  test('is refused by the old primary when a newer attempt has raised the epoch', async () => {
    const s = await scene();
    const { data } = await s.plan();
    const stale = s.activities(hooked({ 'r1.demote': { before: () => overtake(s) } }));
    expect(await codeOf(run(stale.redisHandover, 'ensure', data))).toBe('HANDOVER_OVERTAKEN');
    expect(await roles(s)).toEqual({ r1: 'primary', r2: 'replica' });
    expect(await writeIsHeld(s, 'r1')).toBe(false);
  });

  test('changes nothing any more as a zombie whose successor has finished', async () => {
    const s = await scene();
    const { data } = await s.plan();
    await run(s.activities().redisPrepareCandidate, 'ensure', data);
    // The first attempt sleeps right before its promotion; the second finds the group in between and finishes.
    const finish = () => run(s.activities().redisHandover, 'ensure', data, { attempt: 2 });
    const zombie = s.activities(hooked({ 'r2.promote': { before: finish } }));
    expect(await codeOf(run(zombie.redisHandover, 'ensure', data))).toBe('HANDOVER_OVERTAKEN');
    expect(await roles(s)).toEqual({ r1: 'replica', r2: 'primary' });
    expect((await s.told())?.primary).toEqual(addressOf(s.lab.node('r2')));
  });

  test('is refused by the old primary when its worker stalls past the lease, though writes go on by then', async () => {
    const s = await scene({ group: { handover: briefLease } });
    const { data } = await s.plan();
    const writers = await s.writers();
    const stalled = s.activities(hooked({ 'r1.demote': { before: () => pause(briefLease.pauseMs + 200) } }));
    expect(await codeOf(run(stalled.redisHandover, 'ensure', data))).toBe('HANDOVER_LEASE_SPENT');
    expect(await roles(s)).toEqual({ r1: 'primary', r2: 'replica' });
    await writers.stop();
    expect(await writers.verify(s.lab.node('r1'))).toMatchObject({ lost: 0 });
  });

  test('is taken back when somebody ended the pause and the candidate lacks a write', async () => {
    const s = await scene({ lab: { minReplicasToWrite: 0 } });
    const { data } = await s.plan();
    const letOneIn = async (): Promise<void> => {
      await withRedis(s.lab.node('r2'), password, (client) => client.config('SET', 'masterauth', 'wrong'));
      await withRedis(s.lab.node('r1'), password, async (client) => {
        await client.call('CLIENT', 'KILL', 'TYPE', 'replica');
        await client.call('CLIENT', 'UNPAUSE');
      });
      await writeMs(s, 'r1', 'test:late');
    };
    const unlucky = s.activities(hooked({ 'r1.demote': { before: letOneIn } }));
    expect(await codeOf(run(unlucky.redisHandover, 'ensure', data))).toBe('HANDOVER_TAKEN_BACK');
    expect(await roles(s)).toEqual({ r1: 'primary', r2: 'replica' });
    const old = await s.node('r1');
    expect(await old.get('test:late')).toBe('1');
    old.close();
    expect(await writeIsHeld(s, 'r1')).toBe(false);
  });

  test('does not promote the old primary back when the candidate dies after the demotion, and goes on once it is back', async () => {
    const s = await scene();
    const { data } = await s.plan();
    await run(s.activities().redisPrepareCandidate, 'ensure', data);
    const unlucky = s.activities(hooked({ 'r1.demote': { after: () => s.lab.node('r2').kill() } }));
    expect(await codeOf(run(unlucky.redisHandover, 'ensure', data))).toBe('HANDOVER_CANDIDATE_LOST');
    expect(await roles(s)).toEqual({ r1: 'replica', r2: 'gone' });
    expect(await codeOf(run(s.activities().redisHandover, 'ensure', data, { attempt: 2 }))).toBe(
      'HANDOVER_CANDIDATE_LOST',
    );

    // Restarted from its append-only file it has forgotten its offset: only the old primary is proven complete.
    await s.lab.node('r2').restart();
    expect(await codeOf(run(s.activities().redisHandover, 'ensure', data, { attempt: 3 }))).toBe('HANDOVER_TAKEN_BACK');
    expect(await roles(s)).toEqual({ r1: 'primary', r2: 'replica' });

    await linkUp(s.lab.node('r2'), password);
    expect(await run(s.activities().redisHandover, 'ensure', data, { attempt: 4 })).toMatchObject({ verdict: 'done' });
    expect(await roles(s)).toEqual({ r1: 'replica', r2: 'primary' });
  });

  test('tries again when the discovery fails after the promotion', async () => {
    const s = await scene();
    const { data } = await s.plan();
    await run(s.activities().redisPrepareCandidate, 'ensure', data);
    const failing = s.activities(hooked({ 'r2.promote': { after: () => s.discovery.freeze() } }));
    expect(await codeOf(run(failing.redisHandover, 'ensure', data))).toBe('DISCOVERY_UNREACHABLE');
    s.discovery.thaw();
    expect(await run(s.activities().redisHandover, 'ensure', data, { attempt: 2 })).toMatchObject({ verdict: 'done' });
  });

  test('does not begin while the discovery cannot be reached', async () => {
    const s = await scene();
    const { data } = await s.plan();
    await s.discovery.stop();
    expect(await codeOf(run(s.activities().redisHandover, 'ensure', data))).toBe('DISCOVERY_UNREACHABLE');
    expect(await roles(s)).toEqual({ r1: 'primary', r2: 'replica' });
  });

  test('lets writes go on at once when it is cancelled under the pause', async () => {
    const s = await scene();
    const { data } = await s.plan();
    const environment = quiet();
    const cancelled = s.activities((name, node) => {
      if (name !== 'r2') return node;
      // Never equal: it waits until it hears of the cancellation.
      return { ...node, replication: async () => ({ ...(await node.replication()), offset: 0 }) };
    });
    const step = run(cancelled.redisHandover, 'ensure', data, { environment });
    setTimeout(() => environment.cancel('CANCELLED'), 500);
    await expect(step).rejects.toThrow();
    expect(await writeIsHeld(s, 'r1')).toBe(false);
    expect(await roles(s)).toEqual({ r1: 'primary', r2: 'replica' });
  });

  test('is run through to the redirect when it is cancelled after the demotion', async () => {
    const s = await scene();
    const { data } = await s.plan();
    await run(s.activities().redisPrepareCandidate, 'ensure', data);
    const environment = quiet();
    const cancelled = s.activities(hooked({ 'r1.demote': { after: () => environment.cancel('CANCELLED') } }));
    await codeOf(run(cancelled.redisHandover, 'ensure', data, { environment }));
    expect(await roles(s)).toEqual({ r1: 'replica', r2: 'primary' });
    expect((await s.told())?.primary).toEqual(addressOf(s.lab.node('r2')));
  });

  test('can be undone before it begins: a zombie demotes nobody and no pause is left', async () => {
    const s = await scene();
    const { data } = await s.plan();
    const before = (await run(s.activities().redisHandover, 'inspect', data)).before;
    const zombie = s.activities(
      hooked({ 'r1.demote': { before: () => run(s.activities().redisHandover, 'undo', data, { before }) } }),
    );
    expect(await codeOf(run(zombie.redisHandover, 'ensure', data))).toBe('HANDOVER_OVERTAKEN');
    expect(await roles(s)).toEqual({ r1: 'primary', r2: 'replica' });
    expect(await writeIsHeld(s, 'r1')).toBe(false);
  });

  test('cannot be undone once it was handed over', async () => {
    const s = await scene();
    const { data } = await s.plan();
    await run(s.activities().redisPrepareCandidate, 'ensure', data);
    const { before } = await run(s.activities().redisHandover, 'ensure', data);
    expect(await codeOf(run(s.activities().redisHandover, 'undo', data, { before }))).toBe('PAST_NO_RETURN');
    expect(await roles(s)).toEqual({ r1: 'replica', r2: 'primary' });
  });

  test('is blocked when both nodes say that they are primary', async () => {
    const s = await scene();
    const { data } = await s.plan();
    await withRedis(s.lab.node('r2'), password, (client) => client.replicaof('NO', 'ONE'));
    await until(async () => (await roles(s))['r2'] === 'primary', 2_000);
    expect(await codeOf(run(s.activities().redisHandover, 'ensure', data))).toBe('REDIS_SPLIT_BRAIN');
  });
});
