import { expect, test } from 'vitest';
import { pause, until } from '../../lab/clock.ts';
import { linkUp, startRedisGroup } from '../../lab/redis/redis.ts';
import { redisInfo, withRedis } from '../../lab/redis/client.ts';
import { describeWith, labFolder, stopping } from '../support/lab.ts';

const password = 'a "quoted" secret';
const group = async (options: { minReplicasToWrite?: number; minReplicasMaxLagSeconds?: number } = {}) =>
  stopping(await startRedisGroup({ stateDir: labFolder(), name: 'sessions', replicas: 1, password, ...options }));

await describeWith(['redis'], 'a Redis group of the lab', () => {
  test('starts as one primary with linked replicas', async () => {
    const { nodes } = await group();
    const roles = await Promise.all(nodes.map(async (node) => (await redisInfo(node, password))['role']));
    expect(roles).toEqual(['master', 'slave']);
  });

  test('gives a restarted node the role that CONFIG REWRITE wrote', async () => {
    const { nodes } = await group();
    const [r1, r2] = nodes as [(typeof nodes)[0], (typeof nodes)[0]];
    for (const [node, args] of [[r1, [r2.host, String(r2.port)]] as const, [r2, ['NO', 'ONE']] as const]) {
      await withRedis(node, password, async (client) => {
        await client.call('REPLICAOF', ...args);
        await client.config('REWRITE');
      });
    }
    for (const node of [r1, r2]) {
      await node.kill();
      await node.restart();
    }
    expect((await redisInfo(r1, password))['role']).toBe('slave');
    expect((await redisInfo(r2, password))['role']).toBe('master');
    await linkUp(r1, password);
  });

  test('brings a killed node back with what was written a second before', async () => {
    const { nodes } = await group();
    const r1 = nodes[0] as (typeof nodes)[0];
    await withRedis(r1, password, (client) => client.set('kept', 'yes'));
    await pause(1_500); // appendfsync everysec
    await r1.kill();
    await r1.restart();
    expect(await withRedis(r1, password, (client) => client.get('kept'))).toBe('yes');
  });

  test('has a frozen node that answers nobody and goes on when thawed', async () => {
    const { nodes } = await group();
    const r2 = nodes[1] as (typeof nodes)[0];
    await withRedis(r2, password, async (client) => {
      r2.freeze();
      let answered = false;
      const ping = client.ping().then(() => (answered = true));
      await pause(300);
      expect(answered).toBe(false);
      r2.thaw();
      await ping;
    });
  });

  test('refuses writes on a primary whose replica was silent for the lag allowed', async () => {
    const { nodes } = await group({ minReplicasToWrite: 1, minReplicasMaxLagSeconds: 1 });
    const [r1, r2] = nodes as [(typeof nodes)[0], (typeof nodes)[0]];
    r2.freeze();
    const refused = async (): Promise<boolean> =>
      withRedis(r1, password, (client) => client.set('k', 'v')).then(
        () => false,
        (error: Error) => /NOREPLICAS/.test(error.message),
      );
    expect(await until(refused, 10_000)).toBe(true);
  });
});
