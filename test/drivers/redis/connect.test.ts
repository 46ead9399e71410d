import { mkdirSync, rmdirSync, rmSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import type { RedisGroupOptions, RedisNode as LabNode } from '../../../lab/redis/redis.ts';
import { startRedisGroup } from '../../../lab/redis/redis.ts';
import { pause, until } from '../../../lab/clock.ts';
import { withRedis } from '../../../lab/redis/client.ts';
import type { RedisConnectOptions, RedisNode } from '../../../src/drivers/redis/index.ts';
import { connectRedis } from '../../../src/drivers/redis/index.ts';
import { GantryError } from '../../../src/errors/index.ts';
import { describeWith, labFolder, stopping } from '../../support/lab.ts';

const password = 'lab-secret-19c4';

async function pair(options: Partial<RedisGroupOptions> = {}) {
  const group = stopping(
    await startRedisGroup({ stateDir: labFolder(), name: 'g', replicas: 1, password, ...options }),
  );
  const [r1, r2] = group.nodes as [LabNode, LabNode];
  const open = async (node: LabNode, given?: RedisConnectOptions): Promise<RedisNode> => {
    const one = await connectRedis({ host: node.host, port: node.port }, { password }, given);
    onTestFinished(() => one.close());
    return one;
  };
  return { r1, r2, open, n1: await open(r1), n2: await open(r2) };
}

async function thrown(act: Promise<unknown>): Promise<GantryError> {
  const error: unknown = await act.catch((reason: unknown) => reason);
  if (error instanceof GantryError) return error;
  throw new Error(`not a GantryError: ${String(error)}`);
}

await describeWith(['redis'], 'the Redis driver', () => {
  test('reports a wrong password as such, and never shows one', async () => {
    const { r1 } = await pair();
    const wrong = 'not-the-password-5d2a';
    const error = await thrown(connectRedis(r1, { password: wrong }));
    expect(error.code).toBe('REDIS_AUTH_FAILED');
    expect(JSON.stringify(error) + error.message + String(error.stack) + String(error.cause)).not.toContain(wrong);
    const none = await connectRedis(r1);
    expect((await thrown(none.replication())).code).toBe('REDIS_AUTH_FAILED');
    none.close();
  });

  test('reports a port where nobody listens as unreachable, a frozen node as a timeout', async () => {
    const { r1, open } = await pair();
    expect((await thrown(connectRedis({ host: '127.0.0.1', port: 1 }))).code).toBe('REDIS_UNREACHABLE');
    const node = await open(r1, { commandTimeoutMs: 200 });
    r1.freeze();
    expect((await thrown(node.replication())).code).toBe('REDIS_TIMEOUT');
    expect((await thrown(node.replication())).code).toBe('REDIS_UNREACHABLE');
    r1.thaw();
  });

  test('logs in as a named user and tells which command it may not use', async () => {
    const { r1 } = await pair();
    await withRedis(r1, password, (client) => client.call('ACL', 'SETUSER', 'gantry', 'on', '>pw', '~*', '+info'));
    const node = await connectRedis(r1, { username: 'gantry', password: 'pw' });
    expect((await node.replication()).role).toBe('primary');
    const error = await thrown(node.configRewrite());
    expect(error.code).toBe('REDIS_NO_PERMISSION');
    node.close();
  });

  test('raises the epoch by one, above what it is told, and hands it to the replica', async () => {
    const { n1, n2 } = await pair();
    expect(await n1.epoch()).toBe(0);
    expect(await n1.raiseEpoch()).toBe(1);
    expect(await n1.raiseEpoch(7)).toBe(8);
    expect(await until(async () => (await n2.epoch()) === 8, 2_000)).toBe(true);
  });

  test('raises the epoch once for each of many at the same time', async () => {
    const { r1, open, n1 } = await pair();
    const many = await Promise.all(Array.from({ length: 8 }, () => open(r1)));
    const results = await Promise.allSettled(many.map((node) => node.raiseEpoch()));
    const raised = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    expect(new Set(raised).size).toBe(raised.length);
    expect(await n1.epoch()).toBe(Math.max(...raised));
    for (const result of results) {
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'STALE_ATTEMPT' });
    }
  });

  test('cannot raise the epoch on a replica', async () => {
    const { n2 } = await pair();
    expect((await thrown(n2.raiseEpoch())).code).toBe('REDIS_READ_ONLY');
  });

  test('demotes with the exact offset, persisted, and only under its own epoch and lease', async () => {
    const { r1, r2, n1 } = await pair();
    const epoch = await n1.raiseEpoch();
    expect((await thrown(n1.demote(epoch, r2))).code).toBe('HANDOVER_LEASE_SPENT');
    await n1.grantLease(epoch, 1_000);
    expect((await thrown(n1.demote(epoch + 1, r2))).code).toBe('STALE_ATTEMPT');
    const { offset } = await n1.replication();
    expect(await n1.demote(epoch, r2)).toMatchObject({ offset, persisted: true });
    await r1.restart();
    const again = await connectRedis(r1, { password });
    expect((await again.replication()).role).toBe('replica');
    again.close();
  });

  test('has a demotion refused by the node whose lease expires during the pause', async () => {
    const { r2, n1 } = await pair();
    const epoch = await n1.raiseEpoch();
    await n1.grantLease(epoch, 100);
    await n1.pauseWrites(2_000);
    await pause(150);
    expect((await thrown(n1.demote(epoch, r2))).code).toBe('HANDOVER_LEASE_SPENT');
    expect((await n1.replication()).role).toBe('primary');
  });

  test('rests on a server that fails a transaction whose watched lease ran out, in a write pause too', async () => {
    const { r1 } = await pair();
    await withRedis(r1, password, async (client) => {
      await client.call('SET', 'gantry:lease', '1', 'PX', '100');
      await client.call('CLIENT', 'PAUSE', '1000', 'WRITE');
      await client.call('WATCH', 'gantry:lease');
      expect(await client.get('gantry:lease')).toBe('1');
      await pause(150);
      expect(await client.multi().info('replication').exec()).toBeNull();
    });
  });

  test('says that a role change was not persisted when the config file cannot be written', async () => {
    const { r1, r2, n1 } = await pair();
    const epoch = await n1.raiseEpoch();
    await n1.grantLease(epoch, 5_000);
    // Not by permissions, which do not hold for root: a folder stands where the file was.
    rmSync(r1.confFile);
    mkdirSync(r1.confFile);
    expect(await n1.demote(epoch, r2)).toMatchObject({ persisted: false });
    expect((await n1.replication()).role).toBe('replica');
    rmdirSync(r1.confFile);
  });

  test('promotes a replica once, and leaves a primary alone', async () => {
    const { n1, n2 } = await pair();
    const epoch = await n1.raiseEpoch();
    await until(async () => (await n2.epoch()) === epoch, 2_000);
    expect((await thrown(n2.promote(epoch - 1))).code).toBe('STALE_ATTEMPT');
    await n2.promote(epoch);
    const { replid } = await n2.replication();
    await n2.promote(epoch);
    expect(await n2.replication()).toMatchObject({ role: 'primary', replid });
  });

  test('does not let a write that timed out in a pause be carried out afterwards', async () => {
    const { r1, open, n1 } = await pair();
    await n1.pauseWrites(800);
    const writer = await open(r1, { commandTimeoutMs: 200 });
    expect((await thrown(writer.set('late', '1'))).code).toBe('REDIS_TIMEOUT');
    await pause(900);
    expect(await n1.get('late')).toBeUndefined();
  });

  test('disconnects clients and spares itself', async () => {
    const { r1, open, n1 } = await pair();
    const other = await open(r1);
    expect(await n1.killNormalClients()).toBeGreaterThan(0);
    expect((await thrown(other.replication())).code).toBe('REDIS_UNREACHABLE');
    expect((await n1.replication()).role).toBe('primary');
  });

  test('reads settings that this version does not know as missing', async () => {
    const { n1 } = await pair();
    expect(await n1.configGet(['maxmemory', 'no-such-setting'])).toEqual({ maxmemory: '0' });
  });
});
