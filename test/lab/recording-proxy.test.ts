import type { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { until } from '../../lab/clock.ts';
import { startRecordingProxy } from '../../lab/faults/recording-proxy.ts';
import { startRedisGroup } from '../../lab/redis/redis.ts';
import { connectRedis } from '../../lab/redis/client.ts';
import { describeWith, labFolder, stopping } from '../support/lab.ts';

const password = 'never-write-me-down';

/** A primary alone behind a recording proxy, and a client that goes through it. */
async function scene() {
  const group = stopping(await startRedisGroup({ stateDir: labFolder(), name: 'sessions', replicas: 1, password }));
  const [r1, r2] = group.nodes as [(typeof group.nodes)[0], (typeof group.nodes)[0]];
  const proxy = stopping(await startRecordingProxy({ node: 'r1', target: r1, role: 'primary' }));
  const client = await connectRedis(proxy, password);
  onTestFinished(() => client.disconnect());
  return { r1, r2, proxy, client };
}

const kinds = (proxy: Awaited<ReturnType<typeof startRecordingProxy>>): string[] =>
  proxy.effects().map((effect) => effect.kind);

async function demoteIn(client: Redis, host: string, port: number): Promise<unknown> {
  await client.call('MULTI');
  await client.call('REPLICAOF', host, String(port));
  await client.call('CONFIG', 'REWRITE');
  return client.call('EXEC');
}

await describeWith(['redis'], 'a recording proxy', () => {
  test('writes down each command with its answer, and no effect of reads and pauses', async () => {
    const { proxy, client } = await scene();
    await client.set('k', 'v');
    await client.get('k');
    await client.call('CLIENT', 'PAUSE', '10', 'WRITE');
    await client.call('CLIENT', 'UNPAUSE');
    expect(proxy.record().find(({ command }) => command[0] === 'SET')).toMatchObject({
      ...{ node: 'r1', command: ['SET', 'k', 'v'], inTransaction: false, outcome: 'done', reply: 'OK' },
    });
    expect(kinds(proxy)).toEqual([]);
  });

  test('never writes a password down', async () => {
    const { proxy, client } = await scene();
    await client.call('AUTH', password);
    await client.call('CONFIG', 'SET', 'masterauth', password);
    await client.call('HELLO', '3', 'AUTH', 'default', password);
    expect(proxy.record().length).toBeGreaterThan(2);
    expect(JSON.stringify([proxy.record(), proxy.effects()])).not.toContain(password);
  });

  test('counts a demotion once, however often it is repeated', async () => {
    const { proxy, client, r2 } = await scene();
    await client.call('REPLICAOF', r2.host, String(r2.port));
    await client.call('REPLICAOF', r2.host, String(r2.port));
    expect(kinds(proxy)).toEqual(['demoted']);
  });

  test('counts a promotion only on a node that was a replica', async () => {
    const { proxy, client, r2 } = await scene();
    await client.call('REPLICAOF', 'NO', 'ONE');
    expect(kinds(proxy)).toEqual([]);
    await client.call('REPLICAOF', r2.host, String(r2.port));
    await client.call('REPLICAOF', 'NO', 'ONE');
    await client.call('REPLICAOF', 'NO', 'ONE');
    expect(kinds(proxy)).toEqual(['demoted', 'promoted']);
  });

  test("counts a transaction's commands when its EXEC ran them", async () => {
    const { proxy, client, r2 } = await scene();
    await client.call('WATCH', 'gantry:epoch');
    await demoteIn(client, r2.host, r2.port);
    expect(kinds(proxy)).toEqual(['demoted', 'config-rewrite']);
  });

  test('counts nothing of a transaction that a watched key refused', async () => {
    const { proxy, client, r1, r2 } = await scene();
    await client.call('WATCH', 'gantry:epoch');
    const other = await connectRedis(r1, password);
    await other.set('gantry:epoch', '2');
    other.disconnect();
    expect(await demoteIn(client, r2.host, r2.port)).toBeNull();
    expect(kinds(proxy)).toEqual([]);
    expect(proxy.record().find(({ command }) => command[0] === 'REPLICAOF')?.outcome).toBe('aborted');
  });

  test('counts nothing of a transaction with an error in it', async () => {
    const { proxy, client } = await scene();
    await client.call('MULTI');
    await client.call('CONFIG', 'SET', 'maxmemory', '1gb');
    await expect(client.call('NO-SUCH-COMMAND')).rejects.toThrow();
    await expect(client.call('EXEC')).rejects.toThrow(/EXECABORT/);
    expect(kinds(proxy)).toEqual([]);
  });

  test('pairs the answers of a pipelined transaction', async () => {
    const { proxy, client } = await scene();
    await client.multi().set('a', '1').config('SET', 'maxmemory', '1gb').exec();
    await client.multi().config('SET', 'maxmemory', '2gb').exec();
    expect(proxy.effects().map((effect) => effect.command)).toEqual([
      'CONFIG SET maxmemory 1gb',
      'CONFIG SET maxmemory 2gb',
    ]);
  });

  test('leaves out a CONFIG SET that was refused', async () => {
    const { proxy, client } = await scene();
    await expect(client.config('SET', 'no-such-directive', '1')).rejects.toThrow();
    expect(kinds(proxy)).toEqual([]);
  });

  test('knows the answer to the last command of a client that died right after sending it', async () => {
    const { proxy, client, r2 } = await scene();
    client.call('REPLICAOF', r2.host, String(r2.port)).catch(() => undefined);
    await new Promise((resolve) => setImmediate(resolve));
    client.disconnect();
    expect(await until(async () => kinds(proxy)[0], 2_000)).toBe('demoted');
    expect(proxy.effects()[0]?.certain).toBe(true);
  });
});
