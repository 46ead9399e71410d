import { join } from 'node:path';
import { expect, test } from 'vitest';
import { monotonicMs, pause, until } from '../../lab/clock.ts';
import { startDiscovery } from '../../lab/discovery/discovery.ts';
import type { WritersOptions } from '../../lab/load/redis-writers.ts';
import { startWriterProcess } from '../../lab/load/redis-writer-process.ts';
import type { RedisNode } from '../../lab/redis/redis.ts';
import { startRedisGroup } from '../../lab/redis/redis.ts';
import { redisInfo, withRedis } from '../../lab/redis/client.ts';
import { describeWith, labFolder, stopping } from '../support/lab.ts';

/** A primary and a replica, discovery, and writers in a process of their own that write already. */
async function scene(options: Partial<WritersOptions> = {}) {
  const stateDir = labFolder();
  const group = stopping(await startRedisGroup({ stateDir, name: 'sessions', replicas: 1, password: 'secret' }));
  const [r1, r2] = group.nodes as [RedisNode, RedisNode];
  const discovery = stopping(await startDiscovery({ file: join(stateDir, 'discovery.json') }));
  discovery.set('sessions', r1, 0);
  const writers = await startWriterProcess({
    ...{ discoveryUrl: discovery.url, group: 'sessions', password: 'secret', ratePerWriter: 500, maxMs: 20_000 },
    nodeNames: { [`${r1.host}:${r1.port}`]: 'r1', [`${r2.host}:${r2.port}`]: 'r2' },
    ...options,
  });
  stopping({ stop: () => writers.close() });
  await until(async () => (await writers.snapshot()).acked > 200, 5_000);
  const point = (node: RedisNode, epoch: number): void =>
    discovery.set('sessions', { host: node.host, port: node.port }, epoch);
  return { r1, r2, writers, point };
}

const call = (node: RedisNode, ...words: [string, ...string[]]): Promise<unknown> =>
  withRedis(node, 'secret', (client) => client.call(...words));

await describeWith(['redis'], 'the Redis writers', () => {
  test('find every acknowledged write on a primary that nothing happened to', async () => {
    const { r1, writers } = await scene();
    const { acked, unknown } = await writers.stop();
    expect(unknown).toBe(0);
    expect(await writers.verify(r1)).toEqual({ acked, lost: 0, unknownFound: 0, examples: [], lostByNode: {} });
  });

  test('stop by themselves at their bound of writes', async () => {
    const { writers } = await scene({ maxWrites: 400 });
    await until(async () => (await writers.snapshot()).running === 0, 5_000);
    expect((await writers.stop()).acked).toBe(400);
  });

  test('count what is missing on a node that lost writes', async () => {
    const { r1, writers } = await scene();
    const { acked } = await writers.stop();
    await call(r1, 'FLUSHALL');
    expect(await writers.verify(r1)).toMatchObject({ acked, lost: acked });
  });

  test('see a handover as a gap with its end on the new primary, nothing lost, never two primaries', async () => {
    const { r1, r2, writers, point } = await scene();
    const sinceMs = await writers.mark('before');
    const { acked } = await writers.snapshot();
    // A handover is seen by its two sides: on a busy machine the old one may have had no time yet.
    expect(await until(async () => (await writers.snapshot()).acked > acked + 20, 5_000)).toBe(true);
    await call(r1, 'CLIENT', 'PAUSE', '3000', 'WRITE');
    await until(async () => {
      const [old, next] = await Promise.all([redisInfo(r1, 'secret'), redisInfo(r2, 'secret')]);
      return old['master_repl_offset'] === next['slave_repl_offset'];
    }, 2_000);
    await call(r1, 'REPLICAOF', r2.host, String(r2.port));
    await call(r2, 'REPLICAOF', 'NO', 'ONE');
    point(r2, 1);
    await call(r1, 'CLIENT', 'UNPAUSE');
    const over = async (): Promise<boolean> =>
      (await writers.gap('before')).writers.every(({ toNode, open }) => toNode === 'r2' && !open);
    await until(over, 5_000);
    await writers.mark('after');

    const { maxMs, writers: gaps } = await writers.gap('before', 'after');
    expect(maxMs).toBeGreaterThan(1);
    expect(gaps.map((gap) => [gap.fromNode, gap.toNode, gap.open])).toEqual(gaps.map(() => ['r1', 'r2', false]));
    const { twoPrimaries, handovers } = await writers.twoPrimaries({ sinceMs });
    expect(handovers).toMatchObject([{ fromNode: 'r1', toNode: 'r2', acksOnOldAfter: 0 }]);
    expect(twoPrimaries).toBe(false);
    await writers.stop();
    expect((await writers.verify(r2)).lost).toBe(0);
  });

  test('count a write that a killed primary never answered as unknown, and go on when it is back', async () => {
    const { r1, writers } = await scene({ writers: 2 });
    r1.freeze(); // so that each writer has one write in flight when it dies
    await pause(100);
    const before = await writers.snapshot();
    expect(before.unknown).toBe(0);
    await r1.kill();
    await until(async () => (await writers.snapshot()).unknown === 2, 2_000);
    expect((await writers.snapshot()).acked).toBe(before.acked);
    await r1.restart();
    expect(await until(async () => (await writers.snapshot()).acked > before.acked, 5_000)).toBe(true);
  });

  test('report a gap that still lasts as open', async () => {
    const { r1, writers } = await scene();
    r1.freeze();
    await pause(400);
    const { maxMs, writers: gaps } = await writers.gaps({ sinceMs: monotonicMs() - 200 });
    r1.thaw();
    expect(maxMs).toBeGreaterThan(300);
    expect(gaps.every((gap) => gap.open)).toBe(true);
  });

  test('notice two primaries', async () => {
    const { r1, r2, writers, point } = await scene();
    await call(r2, 'REPLICAOF', 'NO', 'ONE'); // and nobody demoted r1
    point(r2, 1);
    await call(r1, 'CLIENT', 'KILL', 'ID', await anyWriter(r1)); // one writer moves, the others see no reason to
    await pause(300);
    const { twoPrimaries, handovers } = await writers.twoPrimaries();
    expect(twoPrimaries).toBe(true);
    expect(handovers[0]?.sentToOldAfter).toBeGreaterThan(0);
    await writers.stop();
    expect((await writers.verify(r2)).lost).toBeGreaterThan(0);
  });

  test('never count a refused write as acknowledged', async () => {
    const { r1, writers } = await scene();
    await call(r1, 'CONFIG', 'SET', 'min-replicas-to-write', '5');
    await pause(100);
    const { acked } = await writers.snapshot();
    await pause(200);
    const later = await writers.snapshot();
    expect(later.acked).toBe(acked);
    expect(later.refused).toBeGreaterThan(0);
    expect(later.reconnects).toBe(0);
  });
});

/** The id of one of the clients that write. */
async function anyWriter(node: RedisNode): Promise<string> {
  const list = String(await call(node, 'CLIENT', 'LIST', 'TYPE', 'normal'));
  const line = list.split('\n').find((client) => client.includes('cmd=set'));
  return /id=(\d+)/.exec(line ?? '')?.[1] ?? '';
}
