import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { pause, until } from '../../../../lab/clock.ts';
import { startTcpProxy } from '../../../../lab/faults/tcp-proxy.ts';
import { primaryReading } from '../../../../lab/redis/primary-reading.ts';
import { redisInfo, withRedis } from '../../../../lab/redis/client.ts';
import { describeWith } from '../../../support/lab.ts';
import { dataOf, decidedAgo, digest, failoverScene, look, planFailover as plan, step } from './scene.ts';
import { codeOf, password, quiet, roles, writeIsHeld, writeMs } from '../scene.ts';

await describeWith(['redis'], 'what a vantage sees', () => {
  test('a killed and a frozen primary are dead, a living one is not', async () => {
    const s = await failoverScene();
    expect(await look(s)).toMatchObject({ verdict: 'alive', probes: 1 });
    s.lab.node('r1').freeze();
    expect(await look(s)).toMatchObject({ verdict: 'dead', probes: 2 });
    s.lab.node('r1').thaw();
    await s.lab.node('r1').kill();
    expect(await look(s)).toMatchObject({ verdict: 'dead' });
  });

  test('one whose name does not resolve is not seen: the name service may be all that is ill', async () => {
    const s = await failoverScene({}, { replicas: 1 });
    s.config.nodes[0] = { name: 'r1', host: 'gone.invalid', port: s.lab.node('r1').port };
    expect(await look(s)).toMatchObject({ verdict: 'unresolved', probes: 1 });
  });

  test('one that is loading is not dead', async () => {
    const s = await failoverScene({}, { replicas: 1 });
    const node = s.lab.node('r1');
    const entries = Object.fromEntries(Array.from({ length: 300 }, (_, key) => [`l:${key}`, 'x'.repeat(2_000)]));
    await withRedis(node, password, async (redis) => {
      await redis.mset(entries);
      await redis.config('SET', 'rdbcompression', 'no');
      await redis.config('SET', 'appendonly', 'no');
      await redis.save();
      await redis.config('REWRITE');
    });
    await node.kill();
    // Every key takes 20 ms to load, and clients are answered in between: 6 s of LOADING.
    appendFileSync(node.confFile, 'key-load-delay 20000\nloading-process-events-interval-bytes 1024\n');
    const restarting = node.restart();
    let seen = await look(s);
    await until(async () => (seen = await look(s)).verdict !== 'dead', 10_000);
    expect(seen.verdict).toBe('loading');
    expect(await codeOf(plan(s))).toBe('REDIS_PRIMARY_ALIVE');
    await restarting;
  });

  test('one that cannot save to its disk refuses writes, and is not dead', async () => {
    const s = await failoverScene({}, { replicas: 1 });
    await withRedis(s.lab.node('r1'), password, async (redis) => {
      await redis.config('SET', 'appendonly', 'no');
      await redis.config('SET', 'save', '3600 1');
      await redis.set('a', '1');
      // A folder in the place of the dump: the rename at the end of the save fails.
      await redis.config('SET', 'rdbcompression', 'no');
    });
    mkdirSync(join(s.lab.node('r1').dir, 'dump.rdb'));
    await withRedis(s.lab.node('r1'), password, (redis) => redis.call('BGSAVE'));
    await until(
      async () => (await redisInfo(s.lab.node('r1'), password, 'persistence'))['rdb_last_bgsave_status'] === 'err',
      10_000,
    );
    expect(await look(s)).toMatchObject({ verdict: 'refusing-writes' });
    expect(await codeOf(plan(s))).toBe('REDIS_PRIMARY_ALIVE');
  });
});

await describeWith(['redis'], 'the decision on real links', () => {
  test('worker and primary cut, replicas linked: the network is at fault, and nothing is done', async () => {
    const s = await failoverScene();
    const proxy = await startTcpProxy({ target: { host: '127.0.0.1', port: s.lab.node('r1').port } });
    const through = { host: '127.0.0.1', port: proxy.port };
    const first = s.config.nodes[0];
    if (!first) throw new Error('a group has nodes');
    s.config.nodes[0] = { ...first, ...through };
    await s.access.discovery.redirect({ primary: through, epoch: 1 });
    await proxy.stop();
    const writing = setInterval(() => {
      void withRedis(s.lab.node('r1'), password, (redis) => redis.incr('n')).catch(() => undefined);
    }, 50);
    const code = await codeOf(plan(s));
    clearInterval(writing);
    expect(code).toBe('REDIS_PRIMARY_UNREACHABLE_FROM_HERE');
    expect(await roles(s)).toMatchObject({ r2: 'replica', r3: 'replica' });
  });
});

await describeWith(['redis'], 'a group with a sick replica', () => {
  test('is failed over to the other one, and the plan says what is wrong with the first', async () => {
    const s = await failoverScene();
    await withRedis(s.lab.node('r3'), password, (redis) => redis.config('SET', 'requirepass', 'rotated'));
    await s.lab.node('r1').kill();
    const { data, warnings } = await plan(s);
    expect(data).toMatchObject({ candidate: { name: 'r2' }, siblings: [], absent: [{ name: 'r3' }] });
    expect(warnings.join()).toMatch(/r3 cannot be asked .*WRONGPASS/);
    await quiet().run(s.activities().redisSuspect, { group: 'sessions' });
  });

  test('is told why a replica that serves no stale data cannot be chosen', async () => {
    const s = await failoverScene();
    await withRedis(s.lab.node('r3'), password, (redis) => redis.config('SET', 'replica-serve-stale-data', 'no'));
    await s.lab.node('r1').kill();
    const { data, warnings } = await plan(s);
    expect(data).toMatchObject({ candidate: { name: 'r2' }, absent: [{ name: 'r3' }] });
    expect(warnings.join()).toMatch(/r3 cannot be asked .*replica-serve-stale-data/);
  });
});

await describeWith(['redis'], 'the fence', () => {
  test('a frozen primary is ended by its process fence: woken, it can take nothing', async () => {
    const s = await failoverScene();
    const writers = await s.writers();
    const sinceMs = await writers.mark('frozen');
    s.lab.node('r1').freeze();
    const { data } = await plan(s);
    const fenced = await step(s.activities().redisFence, data);
    expect(fenced.after).toMatchObject({ receipt: { kind: 'command', confirmed: true } });
    await step(s.activities().redisPromote, data);
    s.lab.node('r1').thaw();
    await pause(500);
    const { twoPrimaries } = await writers.twoPrimaries({ sinceMs });
    await writers.stop();
    expect(twoPrimaries).toBe(false);
    expect(s.lab.node('r1').isRunning()).toBe(false);
  });

  test('a primary that still answers refuses writes, and an abort lets it serve again', async () => {
    const s = await failoverScene({ fences: [{ kind: 'refuse-writes' }, { kind: 'lease' }] });
    const data = await dataOf(s);
    const fenced = await step(s.activities().redisFence, data);
    expect(fenced.after).toMatchObject({ receipt: { kind: 'refuse-writes', confirmed: true } });
    await expect(writeMs(s, 'r1')).rejects.toMatchObject({ code: 'REDIS_NOT_ENOUGH_REPLICAS' });
    await quiet().run(s.activities().redisFence, {
      ...{ mode: 'undo' as const, input: data, before: { tried: [] }, unit: 'u', platformDigest: digest },
    });
    expect(await writeIsHeld(s, 'r1')).toBe(false);
  });

  test('of a primary with min-replicas-max-lag 0, which needs no replica whatever their number, sets that too', async () => {
    const s = await failoverScene({ fences: [{ kind: 'refuse-writes' }] });
    await withRedis(s.lab.node('r1'), password, (redis) => redis.config('SET', 'min-replicas-max-lag', '0'));
    const fenced = await step(s.activities().redisFence, await dataOf(s));
    expect(fenced.after).toMatchObject({ receipt: { kind: 'refuse-writes', confirmed: true } });
    await expect(writeMs(s, 'r1')).rejects.toMatchObject({ code: 'REDIS_NOT_ENOUGH_REPLICAS' });
  });

  test('leaves a primary alone that has come back since it was found dead', async () => {
    const s = await failoverScene();
    const data = await dataOf(s, 30_000);
    expect(await codeOf(step(s.activities().redisFence, data))).toBe('REDIS_PRIMARY_BACK');
    expect(await writeIsHeld(s, 'r1')).toBe(false);
    // Found dead this very moment: nobody waits for another look.
    const fresh = await step(s.activities().redisFence, await dataOf(s));
    expect(fresh.after).toMatchObject({ receipt: { confirmed: true } });
  });

  test('goes on where an attempt was killed long ago that had told the primary half of the refusal', async () => {
    const s = await failoverScene({ fences: [{ kind: 'refuse-writes' }] });
    const data = await dataOf(s, 30_000);
    await withRedis(s.lab.node('r1'), password, (redis) => redis.config('SET', 'min-replicas-to-write', '98'));
    const fenced = await step(s.activities().redisFence, data);
    expect(fenced.after).toMatchObject({ receipt: { kind: 'refuse-writes', confirmed: true } });
    // Half a refusal that asks for no replica, as a lag of 0 makes it, refuses nobody.
    const lagless = await failoverScene({ fences: [{ kind: 'refuse-writes' }] });
    await withRedis(lagless.lab.node('r1'), password, async (redis) => {
      await redis.config('SET', 'min-replicas-max-lag', '0');
      await redis.config('SET', 'min-replicas-to-write', '98');
    });
    const serving = await dataOf(lagless, 30_000);
    expect(await codeOf(step(lagless.activities().redisFence, serving))).toBe('REDIS_PRIMARY_BACK');
  });

  test('goes on long after the decision where the primary is still dead', async () => {
    const s = await failoverScene();
    s.lab.node('r1').freeze();
    const { data } = await plan(s);
    const fenced = await step(s.activities().redisFence, { ...data, ...(await decidedAgo(s, data, 30_000)) });
    expect(fenced.after).toMatchObject({ receipt: { kind: 'command', confirmed: true } });
  });

  test('is impossible where nothing confirms and a replica may still acknowledge', async () => {
    const s = await failoverScene({ fences: [{ kind: 'lease' }] });
    const data = await dataOf(s);
    expect(await codeOf(step(s.activities().redisFence, data))).toBe('FENCE_IMPOSSIBLE');
    const accepting = { ...data, acceptSplitBrainRisk: 'the rack has no power' };
    expect((await step(s.activities().redisFence, accepting)).after).toMatchObject({ receipt: { kind: 'none' } });
  });
});

await describeWith(['redis'], 'the promotion', () => {
  test('can be cut off anywhere and done again, and ends with one primary that the discovery names', async () => {
    const s = await failoverScene();
    await s.lab.node('r1').kill();
    const { data } = await plan(s);
    for (const verb of ['promote', 'raiseEpoch', 'set']) {
      const cut = s.activities((_, node) => ({
        ...node,
        [verb]: async (...given: never[]) => {
          await (node[verb as 'promote'] as (...all: never[]) => Promise<unknown>)(...given);
          throw new Error(`killed after ${verb}`);
        },
      }));
      await codeOf(step(cut.redisPromote, data));
    }
    const report = await step(s.activities().redisPromote, data);
    expect(report).toMatchObject({ verdict: 'done' });
    expect((await s.told())?.primary.port).toBe(s.lab.node(data.candidate.name).port);
    expect(Object.values(await roles(s)).filter((role) => role === 'primary')).toHaveLength(1);
  });

  test('without a fence is not made where the primary has come back since it was found dead', async () => {
    const s = await failoverScene();
    const data = await dataOf(s, 30_000);
    expect(await codeOf(step(s.activities().redisPromote, data))).toBe('REDIS_PRIMARY_BACK');
    expect(await roles(s)).toEqual({ r1: 'primary', r2: 'replica', r3: 'replica' });
  });

  test('under a lease is not made while a link that came back, and is gone again, has renewed it', async () => {
    const s = await failoverScene();
    const lastReading = await primaryReading({ group: s.lab }, 'r1');
    await s.lab.node('r1').kill();
    const { data } = await plan(s, { lastReading });
    // By the replicas' clocks their links broke just now.
    const late = { ...data, fence: { kind: 'lease' as const, at: Date.now() - 60_000 } };
    expect(await codeOf(step(s.activities().redisPromote, late))).toBe('REDIS_PRIMARY_BACK');
    expect(await roles(s)).toMatchObject({ r2: 'replica', r3: 'replica' });
    const ended = { ...late, leaseMs: 1 };
    await until(async () => (await codeOf(step(s.activities().redisPromote, ended))) === undefined, 5_000, 300);
    expect(Object.values(await roles(s))).toContain('primary');
  });

  test('comes back as primary from a restart, still able to take writes', async () => {
    const s = await failoverScene();
    await s.lab.node('r1').kill();
    const { data } = await plan(s);
    await step(s.activities().redisPromote, data);
    await s.lab.node(data.candidate.name).kill();
    await s.lab.node(data.candidate.name).restart();
    expect((await roles(s))[data.candidate.name]).toBe('primary');
    expect(await writeIsHeld(s, data.candidate.name)).toBe(false);
  });
});
