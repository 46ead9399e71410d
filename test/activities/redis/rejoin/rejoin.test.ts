import { appendFileSync, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { until } from '../../../../lab/clock.ts';
import { linkUp } from '../../../../lab/redis/redis.ts';
import { withRedis } from '../../../../lab/redis/client.ts';
import type { RedisRedundancyData, RedisRejoinData } from '../../../../src/planning/redis/index.ts';
import type { Plan, StepMode } from '../../../../src/runs/index.ts';
import { defaultPolicy } from '../../../../src/runs/index.ts';
import { describeWith } from '../../../support/lab.ts';
import type { Scene, SceneOptions } from '../scene.ts';
import {
  addressOf,
  codeOf,
  groupName,
  hooked,
  killed,
  password,
  quiet,
  roles,
  scene,
  writeIsHeld,
  writeMs,
} from '../scene.ts';
import { standStill } from '../../../support/stand-still.ts';

const digest = 'digest-of-the-test';
const unit = 'redis/sessions/run-1/2';
const keeper = fileURLToPath(new URL('../../../../deploy/redis/keep-data.sh', import.meta.url));

/** A scene whose r1 was killed and replaced by r2 as a failover does it, and that has come back as a primary with a write of its own. */
async function returned(options: SceneOptions = {}, back = true): Promise<Scene> {
  const s = await scene({ replicas: 2, ...options });
  const dir = s.lab.node('r1').dir;
  const hook = {
    kind: 'command',
    name: 'keep-data',
    run: [keeper, 'run', '{unit}', dir, join(dir, '..', 'kept')],
    confirm: [keeper, 'confirm', '{unit}', dir, join(dir, '..', 'kept')],
    withinMs: 20_000,
  } as const;
  s.config.rejoin ??= { keep: { ...hook, run: [...hook.run], confirm: [...hook.confirm] } };
  const [r1, r2, r3] = s.lab.nodes;
  if (!r1 || !r2) throw new Error('a group has nodes');
  await withRedis(r1, password, (redis) => redis.set('of:all', '1'));
  await r1.kill();
  await withRedis(r2, password, async (redis) => {
    await redis.replicaof('NO', 'ONE');
    await redis.config('SET', 'min-replicas-to-write', '0');
    await redis.config('REWRITE');
    await redis.set('gantry:epoch', '5');
    await redis.set('gantry:min-replicas-to-write', '0');
  });
  await s.access.discovery.redirect({ primary: addressOf(r2), epoch: 5 });
  if (r3) {
    await withRedis(r3, password, async (redis) => {
      await redis.replicaof(r2.host, r2.port);
      await redis.config('REWRITE');
    });
    await linkUp(r3, password);
  }
  if (!back) return s;
  await r1.restart();
  await withRedis(r1, password, async (redis) => {
    await redis.config('SET', 'min-replicas-to-write', '0');
    await redis.set('only:here', '1');
  });
  return s;
}

function planned(s: Scene, node = 'r1'): Promise<Plan<RedisRejoinData>> {
  const call = { kind: 'redis.rejoin', target: groupName, policy: defaultPolicy };
  return quiet().run(s.activities().redisPlanRejoin, { ...call, input: { group: groupName, node } });
}

function restored(s: Scene): Promise<Plan<RedisRedundancyData>> {
  const call = { kind: 'redis.restore-redundancy', target: groupName, policy: defaultPolicy };
  return quiet().run(s.activities().redisPlanRestoreRedundancy, { ...call, input: { group: groupName } });
}

/** What a later attempt of the run did meanwhile, and a handover back to the node since then. */
async function finishAndHandBack(s: Scene, join: RedisRejoinData['join']): Promise<void> {
  const a = s.activities();
  await run(a.redisFollow, join, 'ensure', 2);
  await run(a.redisCatchUp, join);
  await withRedis(s.lab.node('r1'), password, (redis) => redis.replicaof('NO', 'ONE'));
}

type Called<I> = { mode: StepMode; input: I; unit: string; platformDigest: string };

function run<I, O>(
  step: (call: Called<I>) => Promise<O>,
  input: I,
  mode: StepMode = 'ensure',
  attempt = 1,
): Promise<O> {
  return quiet({ attempt }).run(step, { mode, input, unit, platformDigest: digest });
}

async function setting(s: Scene, name: string): Promise<string | undefined> {
  const node = await s.node(name);
  const config = await node.configGet(['min-replicas-to-write']);
  node.close();
  return config['min-replicas-to-write'];
}

const epochOf = async (s: Scene, name: string): Promise<number> => {
  const node = await s.node(name);
  const epoch = await node.epoch();
  node.close();
  return epoch;
};
const keptIn = (s: Scene): string[] =>
  readdirSync(join(s.lab.node('r1').dir, '..', 'kept')).filter((name) => !/^\.|\.log$/.test(name));
const onDisk = (s: Scene, name: string): string => readFileSync(s.lab.node(name).confFile, 'utf8');

await describeWith(['redis'], 'the return of an old primary', () => {
  test('refuses writes, keeps its data, follows, catches up, and the write safety is whole again', async () => {
    const s = await returned();
    const a = s.activities();
    const { data } = await planned(s);
    expect(await writeIsHeld(s, 'r1')).toBe(false);
    await run(a.redisQuarantine, data.join);
    await expect(writeMs(s, 'r1')).rejects.toMatchObject({ code: 'REDIS_NOT_ENOUGH_REPLICAS' });
    expect(onDisk(s, 'r1')).toMatch(/^min-replicas-to-write 99$/m);
    const kept = await run(a.redisKeepData, data.join);
    expect(kept.after).toMatchObject({ kept: true });
    await run(a.redisFollow, data.join);
    expect(onDisk(s, 'r1')).toMatch(new RegExp(`^replicaof .*${s.lab.node('r2').port}$`, 'm'));
    await run(a.redisCatchUp, data.join);
    await run(a.redisRestoreWriteSafety, data);
    expect(await run(a.redisProveRoles, data)).toMatchObject({ verdict: 'done' });
    expect(await run(a.redisCheckReplication, data, 'inspect')).toMatchObject({ verdict: 'done' });
    expect(await roles(s)).toEqual({ r1: 'replica', r2: 'primary', r3: 'replica' });
    expect(await Promise.all(['r1', 'r2', 'r3'].map((name) => setting(s, name)))).toEqual(['1', '1', '1']);
    const [r1, r2] = [await s.node('r1'), await s.node('r2')];
    expect(await r1.get('only:here')).toBeUndefined();
    expect(await r2.get('gantry:min-replicas-to-write')).toBe('1');
    r1.close();
    r2.close();
    const [copy = ''] = keptIn(s);
    const aof = join(s.lab.node('r1').dir, '..', 'kept', copy, 'appendonlydir');
    const text = readdirSync(aof).map((file) => readFileSync(join(aof, file), 'latin1'));
    expect(text.join('')).toContain('only:here');
  });

  test('each step a second time changes nothing, and there is one copy', async () => {
    const s = await returned();
    const a = s.activities();
    const { data } = await planned(s);
    const each = [a.redisQuarantine, a.redisKeepData, a.redisFollow, a.redisCatchUp] as const;
    for (const step of each) await run<typeof data.join, unknown>(step, data.join);
    for (const step of each)
      expect(await run<typeof data.join, unknown>(step, data.join)).toMatchObject({ changed: false });
    expect(keptIn(s)).toHaveLength(1);
    await run(a.redisRestoreWriteSafety, data);
    const again = await planned(s);
    expect(again.data.idle).toBe(true);
    expect(again.title).toMatch(/^Nothing to do/);
  });

  test('can be cut off at every decisive verb and done again', async () => {
    const s = await returned();
    const { data } = await planned(s);
    const cuts = [
      ['redisQuarantine', 'r1.configPersistUntil'],
      ['redisFollow', 'r2.raiseEpoch'],
      ['redisFollow', 'r1.stepDown'],
    ] as const;
    for (const [name, verb] of cuts) {
      const cut = s.activities(hooked({ [verb]: { after: killed } }));
      await codeOf(run<typeof data.join, unknown>(cut[name], data.join));
      // Cut off after the first of its two settings: as good a refusal, and not taken for a confirmed one.
      if (name === 'redisQuarantine') expect(onDisk(s, 'r1')).toMatch(/^min-replicas-to-write 98$/m);
    }
    expect(await run(s.activities().redisFollow, data.join, 'ensure', 2)).toMatchObject({ verdict: 'done' });
    expect(await run(s.activities().redisCatchUp, data.join)).toMatchObject({ verdict: 'done' });
    expect(onDisk(s, 'r1')).toMatch(/^replicaof /m);
  });

  test('an attempt that wakes up when the node is primary again is refused by the node', async () => {
    const s = await returned();
    const { data } = await planned(s);
    const late = s.activities(hooked({ 'r1.stepDown': { before: () => finishAndHandBack(s, data.join) } }));
    expect(await codeOf(run(late.redisFollow, data.join))).toBe('HANDOVER_OVERTAKEN');
    expect((await roles(s))['r1']).toBe('primary');
  });

  test('a late refusal of writes does not reach the primary that the node has become', async () => {
    const s = await returned();
    const { data } = await planned(s);
    const before = (): Promise<void> => finishAndHandBack(s, data.join);
    const late = s.activities(hooked({ 'r1.configPersistUntil': { before } }));
    expect(await codeOf(run(late.redisQuarantine, data.join))).toBe('HANDOVER_OVERTAKEN');
    expect(await setting(s, 'r1')).toBe('0');
  });

  // Found by the kill sweep: a confirmed refusal read as another one while two attempts had the node set it.
  test('a refusal of writes that wakes up beside its successor is not sent', async () => {
    const s = await returned();
    const { data } = await planned(s);
    const late = s.activities(hooked({ 'r1.configPersistUntil': { before: () => standStill(600) } }));
    const environment = quiet({ heartbeatTimeoutMs: 300, currentAttemptScheduledTimestampMs: Date.now() });
    const call = { mode: 'ensure', input: data.join, unit, platformDigest: digest } as const;
    expect(await codeOf(environment.run(late.redisQuarantine, call))).toBe('ATTEMPT_OUTLIVED');
    expect(await setting(s, 'r1')).toBe('0');
  });

  test('an attempt that was overtaken before it raised the epoch is refused', async () => {
    const s = await returned();
    const { data } = await planned(s);
    const late = s.activities(
      hooked({ 'r2.raiseEpoch': { before: () => run(s.activities().redisFollow, data.join, 'ensure', 2) } }),
    );
    const before = await epochOf(s, 'r2');
    expect(await codeOf(run(late.redisFollow, data.join))).toBe('HANDOVER_OVERTAKEN');
    expect(await epochOf(s, 'r2')).toBe(before + 1);
  });

  test('leaves the node alone once the discovery names it', async () => {
    const s = await returned();
    const { data } = await planned(s);
    await s.access.discovery.redirect({ primary: addressOf(s.lab.node('r1')), epoch: 9 });
    for (const step of [s.activities().redisQuarantine, s.activities().redisFollow]) {
      expect(await codeOf(run(step, data.join))).toBe('REDIS_ROLES_CHANGED');
    }
    expect(await writeIsHeld(s, 'r1')).toBe(false);
  });

  test('a lone primary that refuses all writes for want of replicas gets its replica back', async () => {
    const s = await returned({ replicas: 1 });
    await withRedis(s.lab.node('r2'), password, (redis) => redis.config('SET', 'min-replicas-to-write', '1'));
    await expect(writeMs(s, 'r2')).rejects.toMatchObject({ code: 'REDIS_NOT_ENOUGH_REPLICAS' });
    const { data } = await planned(s);
    await run(s.activities().redisFollow, data.join);
    await run(s.activities().redisCatchUp, data.join);
    expect(await until(() => writeMs(s, 'r2').then(() => true), 5_000)).toBe(true);
  });

  /** A hook that starts r1 as it is, without a boot guard, and notes what it was told of the primary. */
  function startsUnguarded(s: Scene): { toldPrimary: () => string } {
    const { confFile, dir } = s.lab.node('r1');
    const [pidFile, told] = [join(dir, 'started.pid'), join(dir, 'told')];
    const script = 'printf %s "$3" > "$4"; setsid redis-server "$1" --daemonize yes --pidfile "$2"';
    const words = ['sh', '-c', script, 'sh', confFile, pidFile, '{primary}', told];
    s.config.rejoin = { start: { kind: 'command', name: 'start', run: words } };
    onTestFinished(() => {
      if (existsSync(pidFile)) process.kill(Number(readFileSync(pidFile, 'utf8')), 'SIGKILL');
    });
    return { toldPrimary: () => readFileSync(told, 'utf8') };
  }

  test('a node that is down is started by the hook, and refuses writes if it has no boot guard', async () => {
    const s = await returned({}, false);
    const { toldPrimary } = startsUnguarded(s);
    const { data } = await planned(s);
    const report = await run(s.activities().redisStartNode, data.join);
    expect(report).toMatchObject({ verdict: 'done', changed: true, after: { node: { role: 'primary' } } });
    expect(toldPrimary()).toBe(`127.0.0.1:${s.lab.node('r2').port}`);
    // Its own min-replicas-to-write refused writes from the start.
    expect(report.after).not.toHaveProperty('cameUpWritable');
    await expect(writeMs(s, 'r1')).rejects.toMatchObject({ code: 'REDIS_NOT_ENOUGH_REPLICAS' });
    await run(s.activities().redisFollow, data.join);
    await run(s.activities().redisCatchUp, data.join);
    expect((await roles(s))['r1']).toBe('replica');
  });

  test('a node that comes up taking writes is said to have, and what was kept is not said to be all', async () => {
    const s = await returned({}, false);
    appendFileSync(s.lab.node('r1').confFile, 'min-replicas-to-write 0\n');
    startsUnguarded(s);
    const { data } = await planned(s);
    const report = await run(s.activities().redisStartNode, data.join);
    expect(report).toMatchObject({ verdict: 'done', after: { cameUpWritable: true } });
    expect(report.summary).toMatch(/came up as a primary that takes writes.*in no copy, and not in the count/);
    await expect(writeMs(s, 'r1')).rejects.toMatchObject({ code: 'REDIS_NOT_ENOUGH_REPLICAS' });
    // An attempt that takes over knows it from its predecessor.
    const again = { mode: 'ensure' as const, input: data.join, unit, platformDigest: digest };
    const resumed = quiet({ attempt: 2, heartbeatDetails: { cameUpWritable: true } });
    expect(await resumed.run(s.activities().redisStartNode, again)).toMatchObject({
      summary: expect.stringMatching(/in no copy/) as string,
    });
  });

  test('without a hook a node that is down is somebody’s to start', async () => {
    const s = await returned({}, false);
    s.config.rejoin = {};
    const { data, needsApproval } = await planned(s);
    expect(needsApproval?.[0]).toMatch(/no hook keeps the data of r1/);
    expect(await codeOf(run(s.activities().redisStartNode, data.join))).toBe('REDIS_NODE_DOWN');
    expect(await run(s.activities().redisKeepData, data.join)).toMatchObject({
      changed: false,
      after: { kept: false },
    });
  });

  test('a copy that cannot be made fails the step, and nothing is discarded', async () => {
    const s = await returned();
    const broken = { kind: 'command', name: 'keep', run: ['false'], confirm: ['false'], withinMs: 1_000 } as const;
    s.config.rejoin = { keep: { ...broken, run: [...broken.run], confirm: [...broken.confirm] } };
    const { data } = await planned(s);
    expect(await codeOf(run(s.activities().redisKeepData, data.join))).toBe('HOOK_FAILED');
    s.config.rejoin = { keep: { ...broken, run: ['true'], confirm: ['false'] } };
    expect(await codeOf(run(s.activities().redisKeepData, data.join))).toBe('HOOK_FAILED');
    expect((await roles(s))['r1']).toBe('primary');
  });
});

await describeWith(['redis'], 'a group that has lost replicas', () => {
  test('gets back what follows the wrong node, and an empty one, one after the other', async () => {
    const s = await returned({}, false);
    // r3 hangs on the dead r1, r1 comes back with an empty disk.
    const [r1, r3] = [s.lab.node('r1'), s.lab.node('r3')];
    await withRedis(r3, password, (redis) => redis.replicaof('127.0.0.1', 1));
    rmSync(join(r1.dir, 'appendonlydir'), { recursive: true, force: true });
    await r1.restart();
    const { data } = await restored(s);
    expect(data.joins.map(({ node }) => node.name)).toEqual(['r3', 'r1']);
    const a = s.activities();
    for (const one of data.joins) {
      await run(a.redisStartNode, one);
      await run(a.redisFollow, one);
      await run(a.redisCatchUp, one);
    }
    await run(a.redisRestoreWriteSafety, data);
    expect(await run(a.redisProveRoles, data)).toMatchObject({ verdict: 'done' });
    expect(await setting(s, 'r2')).toBe('1');
    expect((await restored(s)).data.idle).toBe(true);
  });

  test('refuses an old primary with data, in the plan and when it turns up later', async () => {
    const s = await returned({}, false);
    const { data } = await restored(s);
    const [one] = data.joins;
    if (!one) throw new Error('r1 is to be brought back');
    await s.lab.node('r1').restart();
    expect(await codeOf(restored(s))).toBe('REDIS_OLD_PRIMARY');
    await run(s.activities().redisStartNode, one);
    await expect(writeMs(s, 'r1')).rejects.toMatchObject({ code: 'REDIS_NOT_ENOUGH_REPLICAS' });
    expect(await codeOf(run(s.activities().redisFollow, one))).toBe('REDIS_OLD_PRIMARY');
  });

  test('takes back a deviation that was set and whose record was forgotten', async () => {
    const s = await returned();
    const a = s.activities();
    const { data } = await planned(s);
    await run(a.redisFollow, data.join);
    await run(a.redisCatchUp, data.join);
    const cut = s.activities(hooked({ 'r2.configPersist': { after: killed } }));
    await codeOf(run(cut.redisRestoreWriteSafety, data));
    await run(a.redisRestoreWriteSafety, data, 'ensure', 2);
    const r2 = await s.node('r2');
    expect(await r2.get('gantry:min-replicas-to-write')).toBe('1');
    r2.close();
  });
});

await describeWith(['redis'], 'an old primary under Sentinel', () => {
  test('is made a replica by the Sentinels; Gantry only waits', async () => {
    // Not sooner: on a busy machine they would take r2 for dead in a second, too, and make r1 primary again.
    const s = await scene({ replicas: 1, sentinels: { downAfterMs: 5_000 } });
    await s.lab.node('r1').kill();
    await until(async () => (await roles(s))['r2'] === 'primary', 20_000);
    await until(
      async () => s.access.discovery.redirect({ primary: addressOf(s.lab.node('r2')), epoch: 5 }).then(() => true),
      5_000,
    );
    // Until all Sentinels have agreed the plan is refused.
    const plan = await until(() => planned(s), 30_000, 250);
    await s.lab.node('r1').restart();
    if (!plan) throw new Error('there is no plan');
    const { data } = plan;
    expect(data.join.bySentinel).toBe(true);
    let steppedDown = false;
    const watching = s.activities(hooked({ 'r1.stepDown': { before: () => (steppedDown = true) } }));
    await run(watching.redisQuarantine, data.join);
    // Sentinels that stood still for 2 s (TILT) act on nothing for 30 s, each time: asked again, as the engine does.
    const followed = await until(() => run(watching.redisFollow, data.join), 30_000);
    expect({ verdict: followed?.verdict, named: await s.sentinels?.named() }).toMatchObject({ verdict: 'done' });
    await run(watching.redisCatchUp, data.join);
    expect(steppedDown).toBe(false);
    expect(await roles(s)).toEqual({ r1: 'replica', r2: 'primary' });
  });
});
