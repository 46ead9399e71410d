import { expect, test } from 'vitest';
import { linkUp } from '../../../../lab/redis/redis.ts';
import { withRedis } from '../../../../lab/redis/client.ts';
import { describeWith } from '../../../support/lab.ts';
import type { Scene } from '../scene.ts';
import { addressOf, codeOf, fingerprint, password, plan, roles, run, scene } from '../scene.ts';

async function setting(s: Scene, name: string): Promise<string | undefined> {
  const node = await s.node(name);
  const config = await node.configGet(['min-replicas-to-write']);
  node.close();
  return config['min-replicas-to-write'];
}

/** All steps of the workflow in its order. */
async function switchOver(s: Scene, to: string) {
  const a = s.activities();
  const { data } = await s.plan({ to });
  const reports = [
    await run(a.redisCanary, 'ensure', data),
    await run(a.redisPrepareCandidate, 'ensure', data),
    await run(a.redisHandover, 'ensure', data),
    await run(a.redisRepointSiblings, 'ensure', data),
    await run(a.redisRestoreWriteSafety, 'ensure', data),
    await run(a.redisProveRoles, 'ensure', data),
  ];
  return { a, data, reports };
}

await describeWith(['redis'], 'the steps of a switchover', () => {
  test('end with one primary, all others linked to it, and the write safety of the platform file', async () => {
    const s = await scene({ replicas: 2 });
    const { a, data, reports } = await switchOver(s, 'r2');
    expect(reports.every(({ verdict }) => verdict === 'done')).toBe(true);
    expect(await roles(s)).toEqual({ r1: 'replica', r2: 'primary', r3: 'replica' });
    expect(await Promise.all(['r1', 'r2', 'r3'].map((name) => setting(s, name)))).toEqual(['1', '1', '1']);
    expect(await run(a.redisCheckReplication, 'inspect', data)).toMatchObject({ verdict: 'done' });
  });

  test('can be done there and back', async () => {
    const s = await scene({ replicas: 2 });
    await switchOver(s, 'r3');
    await switchOver(s, 'r1');
    expect(await roles(s)).toEqual({ r1: 'primary', r2: 'replica', r3: 'replica' });
  });

  test('change nothing the second time', async () => {
    const s = await scene({ replicas: 2 });
    const { a, data } = await switchOver(s, 'r2');
    const before = await fingerprint(s);
    for (const step of [a.redisHandover, a.redisRepointSiblings, a.redisRestoreWriteSafety, a.redisProveRoles]) {
      expect(await run<unknown>(step as never, 'ensure', data)).toMatchObject({ changed: false });
    }
    expect(await fingerprint(s)).toEqual(before);
  });

  test('change nothing when they are only looked at', async () => {
    const s = await scene({ replicas: 2 });
    const before = [await fingerprint(s), await s.told()];
    const { data } = await s.plan();
    const a = s.activities();
    const steps = [
      a.redisCanary,
      a.redisPrepareCandidate,
      a.redisHandover,
      a.redisRepointSiblings,
      a.redisRestoreWriteSafety,
      a.redisProveRoles,
      a.redisCheckReplication,
    ];
    for (const step of steps) await run<unknown>(step as never, 'inspect', data);
    expect([await fingerprint(s), await s.told()]).toEqual(before);
  });

  test('bring the candidate back to what it was when the preparation is undone', async () => {
    const s = await scene();
    const a = s.activities();
    const { data } = await s.plan();
    const { before } = await run(a.redisPrepareCandidate, 'ensure', data);
    expect(await setting(s, 'r2')).toBe('0');
    await run(a.redisPrepareCandidate, 'undo', data, { before });
    expect(await setting(s, 'r2')).toBe('1');
    await s.lab.node('r2').restart();
    expect(await setting(s, 'r2')).toBe('1');
  });

  test('fail the canary when no replica acknowledges', async () => {
    const s = await scene({ lab: { minReplicasToWrite: 0 } });
    const { data } = await s.plan();
    await s.lab.node('r2').kill();
    expect(await codeOf(run(s.activities().redisCanary, 'inspect', data))).toBe('REDIS_UNREACHABLE');
  });

  test('count a reading as bad when a link is down, and as none when a node is gone', async () => {
    const s = await scene({ replicas: 2 });
    const { a, data } = await switchOver(s, 'r2');
    await withRedis(s.lab.node('r3'), password, async (client) => {
      await client.config('SET', 'masterauth', 'wrong');
      await client.replicaof('NO', 'ONE');
      await client.replicaof(s.lab.node('r2').host, s.lab.node('r2').port);
    });
    expect(await run(a.redisCheckReplication, 'inspect', data)).toMatchObject({ verdict: 'todo' });
    await s.lab.node('r3').kill();
    expect(await codeOf(run(a.redisCheckReplication, 'inspect', data))).toBe('REDIS_UNREACHABLE');
  });

  test('do not prove roles that a second primary contradicts', async () => {
    const s = await scene({ replicas: 2 });
    const { a, data } = await switchOver(s, 'r2');
    await withRedis(s.lab.node('r3'), password, (client) => client.replicaof('NO', 'ONE'));
    expect(await codeOf(run(a.redisProveRoles, 'ensure', data))).toBe('REDIS_SPLIT_BRAIN');
  });

  test('do not prove roles that the discovery does not tell', async () => {
    const s = await scene();
    const { a, data } = await switchOver(s, 'r2');
    await s.discovery.stop();
    expect(await run(a.redisProveRoles, 'inspect', data)).toMatchObject({ verdict: 'todo', changed: false });
  });

  test('re-point a sibling that lost its way', async () => {
    const s = await scene({ replicas: 2 });
    const { a, data } = await switchOver(s, 'r2');
    await withRedis(s.lab.node('r3'), password, (client) =>
      client.replicaof(s.lab.node('r1').host, s.lab.node('r1').port),
    );
    expect(await run(a.redisRepointSiblings, 'ensure', data)).toMatchObject({ verdict: 'done', changed: true });
    await linkUp(s.lab.node('r3'), password);
  });

  test('re-point every sibling that can be asked, and fail for the one that has died since the plan', async () => {
    const s = await scene({ replicas: 3 });
    const a = s.activities();
    const { data } = await s.plan({ to: 'r2' });
    await run(a.redisPrepareCandidate, 'ensure', data);
    await run(a.redisHandover, 'ensure', data);
    await s.lab.node('r3').kill();
    const failure = await run(a.redisRepointSiblings, 'ensure', data).catch((error: unknown) => error);
    expect(failure).toMatchObject({ type: 'REDIS_UNREACHABLE', message: expect.stringMatching(/^r3: /) as string });
    const r4 = await s.node('r4');
    expect((await r4.replication()).follows).toEqual(addressOf(s.lab.node('r2')));
    r4.close();
    const seen = await run(a.redisRepointSiblings, 'inspect', data);
    expect(seen).toMatchObject({ verdict: 'todo', summary: expect.stringMatching(/r3 cannot be asked/) as string });
    await s.lab.node('r3').restart();
    expect(await run(a.redisRepointSiblings, 'ensure', data)).toMatchObject({ verdict: 'done', changed: true });
  });
});

await describeWith(['redis'], 'the planning activity', () => {
  test('plans from the live group and seals the plan', async () => {
    const s = await scene({ replicas: 2 });
    const first = await s.plan();
    expect(first).toMatchObject({ kind: 'redis.switchover', target: 'sessions', data: { procedure: 'fast' } });
    expect((await s.plan()).hash).toBe(first.hash);
  });

  test('reports an unknown group', async () => {
    const s = await scene();
    expect(await codeOf(plan(s.activities(), { group: 'nobody' }))).toBe('REDIS_UNKNOWN_GROUP');
  });

  test('reports a wrong password for every node, without showing it', async () => {
    const s = await scene();
    const error: unknown = await plan(s.activities(undefined, 'wrong-secret-77')).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ type: 'REDIS_AUTH_FAILED' });
    expect(JSON.stringify(error)).not.toMatch(/wrong-secret-77|lab-secret/);
  });

  test('refuses a group whose discovery points elsewhere', async () => {
    const s = await scene();
    await s.access.discovery.redirect({ primary: { host: '127.0.0.1', port: s.lab.node('r2').port }, epoch: 1 });
    expect(await codeOf(s.plan())).toBe('DISCOVERY_DISAGREES');
  });

  test('refuses to become the one that is primary, and a node that is gone', async () => {
    const s = await scene();
    expect(await codeOf(s.plan({ to: 'r1' }))).toBe('REDIS_ALREADY_PRIMARY');
    await s.lab.node('r2').kill();
    expect(await codeOf(s.plan())).toBe('REDIS_UNREACHABLE');
  });
});
