import { appendFileSync, mkdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Redis } from 'ioredis';
import { expect, test } from 'vitest';
import { monotonicMs, pause, until } from '../../../lab/clock.ts';
import type { WriterProcess } from '../../../lab/load/redis-writer-process.ts';
import { redisInfo, withRedis } from '../../../lab/redis/client.ts';
import { linkUp } from '../../../lab/redis/redis.ts';
import { failoverRuns, ledgerOf, processFence, roleOf, writeLoad } from '../../support/failover-runs.ts';
import { describeWith } from '../../support/lab.ts';
import type { SwitchoverRig } from '../../support/switchover-rig.ts';
import { useTemporal } from '../../support/temporal.ts';
import { codeOf } from '../run/harness.ts';

// Ten to thirty seconds each on a machine that is busy.

// No clients' writes get through, and yet nobody is dead: a node that refuses has answered.
await describeWith(['temporal', 'redis'], 'a primary that answers with a refusal', () => {
  const server = useTemporal();
  const runs = failoverRuns(server);

  /** The code of a failover that is refused, and its words: they tell what the vantage saw. */
  const refused = async (rig: SwitchoverRig): Promise<{ code: string | undefined; seen: string }> => {
    const error: unknown = await (await runs.start(rig)).result().catch((one: unknown) => one);
    const words: string[] = [];
    for (let at = error as Error | undefined; at; at = at.cause as Error | undefined) words.push(at.message);
    return { code: codeOf(error), seen: words.join('; ') };
  };
  const admin = <T>(rig: SwitchoverRig, use: (redis: Redis) => Promise<T>): Promise<T> =>
    withRedis(rig.group.node('r1'), rig.group.password, use);
  /** Once whatever ailed it is over the same primary takes writes, and has all that it ever acknowledged. */
  const recovers = async (rig: SwitchoverRig, writers: WriterProcess, sinceMs: number): Promise<void> => {
    const { acked } = await writers.snapshot();
    expect(await until(async () => (await writers.snapshot()).acked > acked, 15_000)).toBe(true);
    expect(await roleOf(rig, 'r1')).toBe('master');
    expect(await roleOf(rig, 'r2')).toBe('slave');
    expect(await ledgerOf(rig, writers, sinceMs, 'r1')).toMatchObject({ twoPrimaries: false, lost: 0 });
  };
  const rigOf = (): Promise<SwitchoverRig> => runs.rigWith(processFence, { replicas: 1 });

  test('MISCONF, its disk takes nothing: alive', async () => {
    const rig = await rigOf();
    const writers = await writeLoad(rig);
    const sinceMs = monotonicMs();
    // A folder in the place of the dump: the rename at the end of the save fails, as on a disk that is full.
    const dump = join(rig.group.node('r1').dir, 'dump.rdb');
    mkdirSync(dump);
    await admin(rig, async (redis) => {
      await redis.config('SET', 'appendonly', 'no');
      await redis.config('SET', 'save', '3600 1');
      await redis.bgsave();
    });
    const failed = (): Promise<boolean> =>
      redisInfo(rig.group.node('r1'), rig.group.password, 'persistence').then(
        (info) => info['rdb_last_bgsave_status'] === 'err',
      );
    expect(await until(failed, 10_000)).toBe(true);
    await pause(100);
    const { writers: each } = await writers.snapshot();
    expect(each.every(({ lastError }) => lastError?.startsWith('MISCONF'))).toBe(true);

    const { code, seen } = await refused(rig);
    expect(code).toBe('REDIS_PRIMARY_ALIVE');
    expect(seen).toContain('refusing-writes');

    rmdirSync(dump);
    await admin(rig, (redis) => redis.bgsave());
    await recovers(rig, writers, sinceMs);
  });

  test('BUSY in a script, silent for the first seconds of it too: alive', async () => {
    const rig = await rigOf();
    const writers = await writeLoad(rig);
    const sinceMs = monotonicMs();
    // Not awaited: it ends with SCRIPT KILL. For `busy-reply-threshold` (5 s) it answers nobody at all.
    const script = admin(rig, (redis) => redis.eval('while true do end', 0)).catch(() => undefined);
    await pause(200);
    const { code, seen } = await refused(rig);
    expect(code).toBe('REDIS_PRIMARY_ALIVE');
    expect(seen).toContain('busy');
    await admin(rig, (redis) => redis.call('SCRIPT', 'KILL'));
    await script;
    await recovers(rig, writers, sinceMs);
  });

  test('BUSY in a function: alive', async () => {
    const rig = await runs.rigWith(processFence, { replicas: 1, redis: { conf: { 'busy-reply-threshold': '100' } } });
    const writers = await writeLoad(rig);
    const sinceMs = monotonicMs();
    await admin(rig, (redis) =>
      redis.call(
        'FUNCTION',
        'LOAD',
        "#!lua name=lab\nredis.register_function{function_name='spin', callback=function() while true do end end, flags={'no-writes'}}",
      ),
    );
    const spinning = admin(rig, (redis) => redis.call('FCALL', 'spin', '0')).catch(() => undefined);
    await pause(300);
    const { code, seen } = await refused(rig);
    expect(code).toBe('REDIS_PRIMARY_ALIVE');
    expect(seen).toContain('busy');
    await admin(rig, (redis) => redis.call('FUNCTION', 'KILL'));
    await spinning;
    await recovers(rig, writers, sinceMs);
  });

  test('LOADING a big append-only file: alive, and what it acknowledged is there afterwards', async () => {
    const rig = await rigOf();
    const r1 = rig.group.node('r1');
    const entries = Object.fromEntries(Array.from({ length: 7_000 }, (_, key) => [`big:${key}`, 'x'.repeat(100)]));
    await admin(rig, async (redis) => {
      await redis.mset(entries);
      await redis.config('SET', 'rdbcompression', 'no');
      await redis.bgrewriteaof();
    });
    await linkUp(rig.group.node('r2'), rig.group.password);
    const written = (): Promise<boolean> =>
      redisInfo(r1, rig.group.password, 'persistence').then(
        (info) => info['aof_rewrite_in_progress'] === '0' && info['aof_rewrite_scheduled'] === '0',
      );
    expect(await until(written, 10_000)).toBe(true);
    const writers = await writeLoad(rig, { ratePerWriter: 50 });
    const sinceMs = monotonicMs();
    // Each key takes 1 ms to load and clients are answered in between: at least 7 s of LOADING.
    appendFileSync(r1.confFile, '\nkey-load-delay 1000\nloading-process-events-interval-bytes 1024\n');
    await r1.kill();
    const back = r1.restart();
    const loading = (): Promise<boolean> =>
      redisInfo(r1, rig.group.password, 'persistence').then((info) => info['loading'] === '1');
    expect(await until(loading, 5_000)).toBe(true);
    const { code, seen } = await refused(rig);
    expect(code).toBe('REDIS_PRIMARY_ALIVE');
    expect(seen).toContain('loading');
    await back;
    await recovers(rig, writers, sinceMs);
  });
});
