import { expect, test } from 'vitest';
import { linkUp } from '../../../../lab/redis/redis.ts';
import { withRedis } from '../../../../lab/redis/client.ts';
import { describeWith } from '../../../support/lab.ts';
import { password, plan, roles, run, scene } from '../scene.ts';

await describeWith(['redis'], 'a group with a node that was restarted from its rewritten file', () => {
  test('is switched over: the users of that node are the same, in another spelling', async () => {
    const s = await scene({ replicas: 2 });
    const r2 = s.lab.node('r2');
    const acl = () => withRedis(r2, password, async (redis) => String(await redis.call('ACL', 'LIST')));
    const before = await acl();
    await withRedis(r2, password, (redis) => redis.config('REWRITE'));
    await r2.restart();
    await linkUp(r2, s.lab.login);
    expect(await acl()).not.toBe(before);
    const a = s.activities();
    const { data } = await s.plan({ to: 'r2' });
    for (const step of [a.redisPrepareCandidate, a.redisHandover, a.redisSettle, a.redisRepointSiblings] as const) {
      expect(await run<unknown>(step as never, 'ensure', data)).toMatchObject({ verdict: 'done' });
    }
    expect(await roles(s)).toEqual({ r1: 'replica', r2: 'primary', r3: 'replica' });
    // And back: now the restarted one is what the others are compared with.
    await run(a.redisRestoreWriteSafety, 'ensure', data);
    expect((await s.plan({ to: 'r1' })).data.candidate.name).toBe('r1');
  });

  test('is refused where a user differs: the user and the rule are named, and no password is told', async () => {
    const s = await scene({ replicas: 2 });
    const user = (name: string, ...rules: string[]) =>
      withRedis(s.lab.node(name), password, (redis) => redis.call('ACL', 'SETUSER', 'app', 'reset', 'on', ...rules));
    await user('r1', '>lab-secret-one', '~*', '&*', '+@all');
    await user('r2', '>lab-secret-two', '~*', '&*', '+@all');
    await user('r3', '>lab-secret-one', '~cache:*', '&*', '+@all', '-@dangerous');
    const refused: unknown = await plan(s.activities()).catch((error: unknown) => error);
    const told = JSON.stringify([String(refused), (refused as { details?: unknown }).details]);
    expect((refused as { type?: string }).type).toBe('REDIS_NO_HEALTHY_REPLICA');
    expect(told).toContain('the passwords of the user app differ between r2 and r1');
    expect(told).toContain('the user app has commands +@all -@dangerous on r3 and +@all on r1');
    expect(told).toContain('the user app has keys ~cache:* on r3 and ~* on r1');
    expect(told).not.toMatch(/lab-secret|#[0-9a-f]{16}/);
  });
});
