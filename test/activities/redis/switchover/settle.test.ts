import { mkdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { pause } from '../../../../lab/clock.ts';
import { withRedis } from '../../../../lab/redis/client.ts';
import type { RedisNode as LabNode } from '../../../../lab/redis/redis.ts';
import { linkUp } from '../../../../lab/redis/redis.ts';
import { describeWith } from '../../../support/lab.ts';
import type { Hooks, Scene } from '../scene.ts';
import { addressOf, codeOf, hooked, killed, password, roles, run, scene } from '../scene.ts';

/** A lease that no test outlives: what is let go was let go by a step. */
const longLease = { pauseMs: 60_000, equalityMs: 2_000, leaseReserveMs: 500, failoverTimeoutMs: 5_000 };

/** A folder stands where the config file was; the answer mends it. */
function breakConfig(node: LabNode): () => void {
  const text = readFileSync(node.confFile, 'utf8');
  rmSync(node.confFile);
  mkdirSync(node.confFile);
  return () => {
    rmdirSync(node.confFile);
    writeFileSync(node.confFile, text);
  };
}

/** A handover that dies by the hooks, though roles and discovery look as they should. */
async function cutOff(s: Scene, hooks: Hooks, procedure: 'fast' | 'failover' = 'fast') {
  const { data } = await s.plan({ procedure });
  await run(s.activities().redisPrepareCandidate, 'ensure', data);
  const code = await codeOf(run(s.activities(hooked(hooks)).redisHandover, 'ensure', data));
  expect(await run(s.activities().redisHandover, 'ensure', data, { attempt: 2 })).toMatchObject({
    verdict: 'done',
    changed: false,
  });
  expect((await s.told())?.primary).toEqual(addressOf(s.lab.node('r2')));
  return { data, code };
}

async function restartedOld(s: Scene): Promise<Record<string, string>> {
  await s.lab.node('r1').kill();
  await s.lab.node('r1').restart();
  return roles(s);
}

/** Whether r1 holds clients back: on a replica a write is refused at once, but a PUBLISH waits for the end of a write pause. */
async function isHeld(s: Scene): Promise<boolean> {
  return withRedis(s.lab.node('r1'), password, (client) => {
    const answered = client.publish('test:held', '').then(() => false);
    return Promise.race([answered.catch(() => false), pause(400).then(() => true)]);
  });
}

await describeWith(['redis'], 'settling a handover', () => {
  test('does nothing after one that was not cut off: clients are disconnected once', async () => {
    const s = await scene();
    const { data } = await s.plan();
    await run(s.activities().redisPrepareCandidate, 'ensure', data);
    await run(s.activities().redisHandover, 'ensure', data);
    expect(await run(s.activities().redisSettle, 'ensure', data)).toMatchObject({ verdict: 'done', changed: false });
  });

  test('lets go who waits on the old primary of a worker that died right after the redirect', async () => {
    const s = await scene({ group: { handover: longLease } });
    // The first unpause comes before the pause, the second after the redirect.
    let unpauses = 0;
    const { data } = await cutOff(s, {
      'r1.unpause': { before: () => (unpauses += 1) > 1 && killed() },
    });
    expect(await isHeld(s)).toBe(true);
    const client = await s.node('r1');
    expect(await run(s.activities().redisSettle, 'ensure', data)).toMatchObject({ verdict: 'done', changed: true });
    expect(await isHeld(s)).toBe(false);
    await expect(client.replication()).rejects.toMatchObject({ code: 'REDIS_UNREACHABLE' });
    expect(await run(s.activities().redisSettle, 'ensure', data)).toMatchObject({ changed: false });
  });

  test('does not pass while the old primary has not written its role down', async () => {
    const s = await scene();
    let mend = (): void => undefined;
    const { data, code } = await cutOff(s, {
      'r1.demote': { before: () => (mend = breakConfig(s.lab.node('r1'))) },
    });
    expect(code).toBe('REDIS_NOT_PERSISTED');
    expect(await codeOf(run(s.activities().redisSettle, 'ensure', data))).toBe('REDIS_NOT_PERSISTED');
    mend();
    expect(await run(s.activities().redisSettle, 'ensure', data)).toMatchObject({ verdict: 'done', changed: true });
    expect(await restartedOld(s)).toEqual({ r1: 'replica', r2: 'primary' });
  });

  test('writes the roles down after a FAILOVER whose worker died before its rewrite', async () => {
    const s = await scene();
    const { data } = await cutOff(s, { 'r1.persistRole': { before: killed } }, 'failover');
    expect(readFileSync(s.lab.node('r1').confFile, 'utf8')).not.toMatch(/^replicaof/m);
    expect(await run(s.activities().redisSettle, 'ensure', data)).toMatchObject({ verdict: 'done', changed: true });
    expect(await restartedOld(s)).toEqual({ r1: 'replica', r2: 'primary' });
  });

  test('is not skipped by the note of an earlier handover', async () => {
    const s = await scene();
    const a = s.activities();
    for (const to of ['r2', 'r1']) {
      const { data } = await s.plan({ to });
      await run(a.redisPrepareCandidate, 'ensure', data);
      await run(a.redisHandover, 'ensure', data);
      await run(a.redisRestoreWriteSafety, 'ensure', data);
    }
    await linkUp(s.lab.node('r2'), password);
    const { data } = await cutOff(s, { 'r1.killNormalClients': { before: killed } });
    expect(await run(s.activities().redisSettle, 'inspect', data)).toMatchObject({ verdict: 'todo' });
  });

  test('proves no roles on a node that cannot write its own down', async () => {
    const s = await scene({ replicas: 2 });
    const a = s.activities();
    const { data } = await s.plan({ to: 'r2' });
    await run(a.redisPrepareCandidate, 'ensure', data);
    await run(a.redisHandover, 'ensure', data);
    await run(a.redisRepointSiblings, 'ensure', data);
    const mend = breakConfig(s.lab.node('r3'));
    expect(await codeOf(run(a.redisProveRoles, 'ensure', data))).toBe('REDIS_NOT_PERSISTED');
    mend();
    expect(await run(a.redisProveRoles, 'ensure', data)).toMatchObject({ verdict: 'done' });
  });
});
