import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { WorkflowHandle } from '@temporalio/client';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { expect, test } from 'vitest';
import { until } from '../../../lab/clock.ts';
import { labProcessFence } from '../../../lab/redis/fence.ts';
import { withRedis } from '../../../lab/redis/client.ts';
import type {
  GuardEnd,
  GuardStatus,
  Notice,
  RedisFailoverInput,
  RunReport,
  RunStatus,
} from '../../../src/runs/index.ts';
import { guardStatus } from '../../../src/client/index.ts';
import { startWorkerProcess } from '../../../demo/worker-process.ts';
import { loadPlatform } from '../../../src/platform/index.ts';
import { createLog } from '../../../src/telemetry/log.ts';
import { gantryVersion } from '../../../src/settings/index.ts';
import { startWorkers } from '../../../workers/all.ts';
import { jsonShapes } from '../../../src/cli/json.ts';
import { gantry } from '../../cli/terminal.ts';
import { describeWith, stopping } from '../../support/lab.ts';
import type { SwitchoverRig } from '../../support/switchover-rig.ts';
import { quickPolicies, startSwitchoverRig } from '../../support/switchover-rig.ts';
import { useTemporal } from '../../support/temporal.ts';
import { codeOf } from '../run/harness.ts';

await describeWith(['temporal', 'redis'], 'redis.guard', () => {
  const server = useTemporal();
  let rigs = 0;

  type Rig = SwitchoverRig & { stateDir: string };
  const rigWith = async (
    guard: Record<string, unknown> = {},
    options: Parameters<typeof startSwitchoverRig>[1] = {},
  ): Promise<Rig> => {
    const stateDir = mkdtempSync(join(tmpdir(), 'gantry-guard-'));
    const settings = {
      failover: {
        fences: [{ kind: 'refuse-writes' }, labProcessFence(stateDir)],
        probeEvery: '200ms',
        probeTimeout: '500ms',
      },
      guard: { sampleEvery: '200ms', auditEvery: '500ms', retryFirst: '1s', retryMax: '4s', ...guard },
      ...options.settings,
    };
    const group = `guarded-${(rigs += 1)}`;
    return { ...stopping(await startSwitchoverRig(server(), { stateDir, group, ...options, settings })), stateDir };
  };
  const start = async (rig: Rig, input: object = {}, id?: string): Promise<WorkflowHandle> => {
    const handle = await server().client.workflow.start('redisGuard', {
      workflowId: id ?? `guard/redis/${rig.groupName}`,
      taskQueue: rig.taskQueue,
      args: [{ group: rig.groupName, ...input }],
    });
    if (id === undefined) stopping({ stop: () => handle.terminate('the test is over').catch(() => undefined) });
    return handle;
  };
  const guardOf = (rig: Rig) => server().client.workflow.getHandle(`guard/redis/${rig.groupName}`);
  const status = (guard: WorkflowHandle) => guard.query<GuardStatus>('status');
  const untilStatus = async (guard: WorkflowHandle, good: (now: GuardStatus) => boolean, ms = 30_000) => {
    const seen = await until(async () => {
      const now = await status(guard);
      return good(now) && now;
    }, ms);
    expect(seen, JSON.stringify(await status(guard).catch(String))).toBeDefined();
    return seen as GuardStatus;
  };
  const watching = (guard: WorkflowHandle) =>
    untilStatus(guard, ({ state, last, auditedAt }) => state === 'watching' && last !== undefined && !!auditedAt);
  const notices = (rig: Rig): Notice[] => {
    try {
      const lines = readFileSync(join(rig.stateDir, 'notices.jsonl'), 'utf8').trim().split('\n');
      return lines.map((line) => JSON.parse(line) as Notice).filter(({ kind }) => kind === 'redis.guard');
    } catch {
      return [];
    }
  };
  const offsetOf = (rig: Rig, name: string): Promise<number> =>
    withRedis(rig.group.node(name), rig.group.password, async (redis) =>
      Number(/master_repl_offset:(\d+)/.exec(await redis.info('replication'))?.[1]),
    );

  test('mode act: a killed primary is failed over with the last offset, and the guard follows the new one', async () => {
    const rig = await rigWith();
    const guard = await start(rig, { mode: 'act' });
    await watching(guard);
    await withRedis(rig.group.node('r1'), rig.group.password, (redis) => redis.set('a', 'x'.repeat(5_000)));
    await until(async () => (await offsetOf(rig, 'r2')) >= 5_000, 5_000);
    const written = await offsetOf(rig, 'r1');
    // What a watch tells in its heartbeats is all that is left of it if its worker dies too.
    const sampled = await until(async () => {
      const { live } = await guardStatus(server().client, rig.groupName);
      return (live?.last?.offset ?? 0) >= written;
    }, 10_000);
    expect(sampled).toBe(true);
    await rig.group.node('r1').kill();
    const after = await untilStatus(
      guard,
      ({ failovers, primary }) => failovers[0]?.outcome === 'done' && primary !== 'r1',
    );
    expect(after).toMatchObject({ state: 'watching', failovers: [{ node: 'r1', outcome: 'done' }] });
    const [started] = after.failovers;
    expect(started?.workflowId).toMatch(new RegExp(`^failover/${rig.groupName}/\\d{8}T\\d{6}Z-guard$`));
    const failover = server().client.workflow.getHandle(started?.workflowId ?? '');
    const { events } = await failover.fetchHistory();
    const payload = events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads?.[0]?.data;
    const input = JSON.parse(Buffer.from(payload ?? []).toString()) as RedisFailoverInput;
    expect(input).toMatchObject({ group: rig.groupName, requestedBy: `guard/redis/${rig.groupName}` });
    expect(input.ask).toBeUndefined();
    expect(input.lastKnownOffset).toBeGreaterThanOrEqual(written);
    expect(Date.parse(input.lastKnownAt ?? '')).toBeLessThan(Date.now());
    const report = (await failover.result()) as RunReport;
    expect(report.plan?.facts.find(({ label }) => label === 'loss (RPO)')?.value).toContain(
      `from the last known offset ${input.lastKnownOffset}`,
    );
    expect(notices(rig).map(({ event }) => event)).toEqual(expect.arrayContaining(['alarm', 'well']));
  });

  test('mode ask: the failover waits for a person; mode observe: there is none', async () => {
    const rig = await rigWith();
    const asking = await start(rig, { mode: 'ask' });
    await watching(asking);
    await rig.group.node('r1').kill();
    await untilStatus(asking, ({ state, failovers }) => state === 'alarm' && failovers.length === 1);
    const run = server().client.workflow.getHandle(`redis/${rig.groupName}`);
    const waiting = await until(async () => {
      const now = await run.query<RunStatus>('status');
      return now.state === 'awaiting-approval' && now;
    }, 20_000);
    expect(waiting && waiting.plan?.warnings.join()).toContain('it was asked for (mode ask)');
    await run.executeUpdate('approve', { args: [{ planHash: waiting && waiting.plan?.hash, by: 'ada' }] });
    const after = await untilStatus(
      asking,
      ({ state, failovers }) => state === 'watching' && failovers[0]?.outcome === 'done',
    );
    expect(after.primary).not.toBe('r1');

    await asking.executeUpdate('stop', { args: [{ by: 'ada' }] });
    await asking.result();
    const observing = await start(rig, { mode: 'observe' });
    const { primary = '' } = await watching(observing);
    await rig.group.node(primary).kill();
    const seen = await untilStatus(observing, ({ state }) => state === 'alarm');
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    expect(await status(observing)).toMatchObject({ state: 'alarm', failovers: [], alarm: { node: seen.alarm?.node } });
    expect(notices(rig).filter(({ event }) => event === 'alarm').length).toBe(2);
  });

  test('a refused failover is tried again, less and less often, until the primary answers', async () => {
    // Nobody polls for the vantages: a failover can't decide.
    const rig = await rigWith({}, { roles: ['orchestration', 'redis'] });
    const guard = await start(rig, { mode: 'act' });
    await watching(guard);
    await rig.group.node('r1').kill();
    const refused = await untilStatus(guard, ({ alarm }) => (alarm?.refusals ?? 0) >= 2, 120_000);
    expect(refused.alarm?.lastRefusal?.code).toBe('REDIS_TOO_FEW_VANTAGES');
    expect(refused.failovers.map(({ outcome }) => outcome)).toContain('refused');
    await rig.group.node('r1').restart();
    const well = await untilStatus(guard, ({ state }) => state === 'watching');
    expect(well.primary).toBe('r1');
    // Told of the silence, of the first refusal, and of the end; not of every attempt.
    await until(async () => notices(rig).some(({ event }) => event === 'well'), 5_000);
    expect(notices(rig).map(({ event }) => event)).toEqual(['alarm', 'alarm', 'well']);
  });

  test('two guards of a group cannot exist, whatever id they are started under', async () => {
    const rig = await rigWith();
    const guard = await start(rig, { mode: 'observe' });
    await watching(guard);
    await expect(start(rig)).rejects.toBeInstanceOf(WorkflowExecutionAlreadyStartedError);
    const proxy = (await (await start(rig, {}, `typed-${rig.groupName}`)).result()) as GuardEnd;
    expect(proxy).toMatchObject({
      guard: `guard/redis/${rig.groupName}`,
      started: false,
      runId: (await status(guard)).runId,
    });
    expect(proxy.words).toMatch(/runs already, since .*; mode observe/);
    const other = (await start(rig, { mode: 'act' }, `typed-too-${rig.groupName}`)).result();
    expect(codeOf(await other.catch((error: unknown) => error))).toBe('GUARD_RUNS_ALREADY');
    // With nobody there, the proxy run starts the one that counts, and ends.
    await guard.executeUpdate('stop', { args: [{ by: 'ada', reason: 'rebuild' }] });
    expect((await guard.result()) as GuardEnd).toMatchObject({
      status: { state: 'stopped', actions: [{ action: 'stop' }] },
    });
    const begun = (await (await start(rig, { mode: 'ask' }, `typed-again-${rig.groupName}`)).result()) as GuardEnd;
    stopping({ stop: () => guardOf(rig).terminate('the test is over') });
    expect(begun.started).toBe(true);
    expect((await watching(guardOf(rig))).mode).toBe('ask');
  });

  test('a wrong input is refused with every problem at once', async () => {
    const rig = await rigWith();
    const wrong = { group: 'nobody', mode: 'panic', colour: 'red' };
    const error: unknown = await (await start(rig, wrong, 'guard-wrong')).result().catch((caught: unknown) => caught);
    expect(codeOf(error)).toBe('INVALID_INPUT');
    const { details } = (error as { cause: { details: { problems: { code: string; place?: string }[] }[] } }).cause;
    expect(details[0]?.problems.map(({ code, place }) => `${code}@${place}`).sort()).toEqual([
      'INVALID_INPUT@colour',
      'INVALID_INPUT@mode',
      'REDIS_UNKNOWN_GROUP@group',
    ]);
    const nothing = server().client.workflow.start('redisGuard', {
      workflowId: 'guard-null',
      taskQueue: rig.taskQueue,
      args: [null],
    });
    expect(codeOf(await (await nothing).result().catch((caught: unknown) => caught))).toBe('INVALID_INPUT');
  });

  test('a switchover beneath it raises no alarm, and is followed', async () => {
    const rig = await rigWith();
    const guard = await start(rig, { mode: 'act' });
    await watching(guard);
    const switchover = await server().client.workflow.start('redisSwitchover', {
      workflowId: `redis/${rig.groupName}`,
      taskQueue: rig.taskQueue,
      args: [{ group: rig.groupName, to: 'r2' }],
    });
    expect(((await switchover.result()) as RunReport).outcome).toBe('done');
    await untilStatus(guard, ({ primary }) => primary === 'r2');
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    const after = await status(guard);
    expect(after).toMatchObject({ state: 'watching', failovers: [] });
    expect(after.findings.filter(({ announced }) => announced)).toEqual([]);
    expect(notices(rig)).toEqual([]);
  });

  test('drift is told once, and that it is gone', async () => {
    const rig = await rigWith();
    const guard = await start(rig, { mode: 'act' });
    await watching(guard);
    const policyOf = (value: string) =>
      withRedis(rig.group.node('r3'), rig.group.password, (redis) => redis.config('SET', 'maxmemory-policy', value));
    await policyOf('allkeys-lru');
    const drifted = await untilStatus(guard, ({ findings }) => findings.some(({ announced }) => announced));
    expect(drifted.findings).toMatchObject([{ code: 'REDIS_CONFIG_MISMATCH', place: 'r3', announced: true }]);
    await policyOf('noeviction');
    await untilStatus(guard, ({ findings }) => findings.length === 0);
    await until(async () => notices(rig).length === 2, 5_000);
    expect(notices(rig).map(({ event }) => event)).toEqual(['drift', 'well']);
  });

  test('a pause stops the watch within a second, ends by itself, and hides what was done in it', async () => {
    const rig = await rigWith();
    const guard = await start(rig, { mode: 'act' });
    await watching(guard);
    await expect(guard.executeUpdate('pause', { args: [{ by: 'ada' }] })).rejects.toMatchObject({
      cause: { type: 'INVALID_INPUT' },
    });
    const pausedAt = Date.now();
    const paused = await guard.executeUpdate<GuardStatus, [object]>('pause', {
      args: [{ by: 'ada', reason: 'kernel update', forMs: 6_000 }],
      updateId: 'once',
    });
    expect(paused).toMatchObject({ state: 'paused', paused: { by: 'ada', reason: 'kernel update' } });
    const noWatch = async () => ((await guard.describe()).raw.pendingActivities ?? []).length === 0;
    expect(await until(noWatch, 5_000)).toBe(true);
    // Long before the pause ends, let alone the watch by itself.
    expect(Date.now() - pausedAt).toBeLessThan(6_000);
    await rig.group.node('r1').stop();
    await rig.group.node('r1').restart();
    const well = await untilStatus(guard, ({ state, auditedAt }) => state === 'watching' && auditedAt !== undefined);
    expect(Date.now() - pausedAt).toBeGreaterThan(5_500);
    expect(well).toMatchObject({
      failovers: [],
      actions: [{ action: 'pause' }, { action: 'resume', by: `guard/redis/${rig.groupName}` }],
    });
    expect(notices(rig)).toEqual([]);
    await expect(guard.executeUpdate('resume', { args: [{ by: 'ada' }] })).rejects.toMatchObject({
      cause: { type: 'WRONG_STATE' },
    });
  });

  test('is started, asked, paused and stopped from the command line, and looked for by the doctor', async () => {
    const rig = await rigWith();
    const env = {
      GANTRY_TASK_QUEUE: rig.taskQueue,
      GANTRY_PLATFORM: rig.platformFile,
      TEMPORAL_ADDRESS: server().address,
    };
    const say = async (...argv: string[]) => {
      const { code, json } = await gantry([...argv, '--as', 'ada', '--json'], { env });
      return { code, json: json as Record<string, unknown> };
    };
    const guard = (...options: string[]) => say('redis', 'guard', rig.groupName, ...options);
    const doctor = async () => {
      // A server that has just started may not have heard of its workers yet.
      const seen = await until(async () => {
        const { code, json } = await gantry(['doctor', '--json'], { env });
        const { checks } = jsonShapes.doctor.parse(json);
        const versions = checks.find(({ name }) => name === 'worker versions');
        // The rig's workers are Gantry's own: each says its version.
        return versions?.fact === `all run ${gantryVersion}` && { code, checks };
      }, 20_000);
      if (!seen) throw new Error('the doctor does not find the workers, or not their version');
      const { code, checks } = seen;
      return { code, check: checks.find(({ name }) => name === `guard of redis ${rig.groupName}`) };
    };
    expect(jsonShapes.error.parse((await guard('--status')).json).error.code).toBe('GUARD_NOT_RUNNING');
    expect((await doctor()).check).toMatchObject({ state: 'unknown', next: `gantry redis guard ${rig.groupName}` });
    const started = jsonShapes.guard.parse((await guard('--mode', 'observe')).json);
    stopping({
      stop: () =>
        guardOf(rig)
          .terminate('the test is over')
          .catch(() => undefined),
    });
    expect(started).toMatchObject({ started: true, guard: { mode: 'observe', requestedBy: 'ada' } });
    expect(jsonShapes.guard.parse((await guard()).json)).toMatchObject({ started: false, runId: started.runId });
    expect(jsonShapes.guard.parse((await guard('--mode', 'observe')).json).started).toBe(false);
    expect(jsonShapes.error.parse((await guard('--mode', 'act')).json).error.code).toBe('GUARD_RUNS_ALREADY');
    await watching(guardOf(rig));
    const seen = await guard('--status');
    expect(jsonShapes.guard.parse(seen.json)).toMatchObject({ guard: { state: 'watching', primary: 'r1' } });
    expect(seen.code).toBe(0);
    expect((await doctor()).check).toMatchObject({ state: 'ok' });
    const paused = jsonShapes.guard.parse((await guard('--pause', '--reason', 'CHG-7', '--for', '2h')).json);
    expect(paused.guard).toMatchObject({ state: 'paused', paused: { by: 'ada', reason: 'CHG-7' } });
    expect((await doctor()).check?.state).toBe('unknown');
    expect(jsonShapes.guard.parse((await guard('--resume')).json).guard?.paused).toBeUndefined();
    expect((await guard('--stop')).code).toBe(0);
    await guardOf(rig).result();
    expect(jsonShapes.error.parse((await guard('--status')).json).error.message).toContain('was stopped');
  });

  test('survives the kill of its worker, says since when nobody watched, and knows the offset from before', async () => {
    const quick = { ...quickPolicies.default.profiles.quick, heartbeat: '1s' };
    const policies = { ...quickPolicies, default: { ...quickPolicies.default, profiles: { quick } } };
    // In this process workflows go on; who may look into Redis is in the other one.
    const rig = await rigWith({ unwatchedAfter: '2s' }, { policies, roles: ['orchestration'] });
    const { address } = server();
    const connection = { address, namespace: 'default', options: { address } };
    const { stateDir, platformFile, env, taskQueue } = rig;
    const dying = stopping(await startWorkerProcess({ stateDir, connection, platformFile, env, taskQueue }));
    const guard = await start(rig, { mode: 'observe' });
    await watching(guard);
    await withRedis(rig.group.node('r1'), rig.group.password, (redis) => redis.set('a', 'x'.repeat(5_000)));
    const written = await offsetOf(rig, 'r1');
    const sampled = await until(async () => {
      const { live } = await guardStatus(server().client, rig.groupName);
      return (live?.last?.offset ?? 0) >= written;
    }, 10_000);
    expect(sampled).toBe(true);
    await dying.kill();
    const blind = await untilStatus(guard, ({ state }) => state === 'unwatched', 30_000);
    expect(blind.unwatched?.code).toBe('STEP_TIMEOUT');
    // It never came back with a result: this is from its heartbeat.
    expect(blind.last?.offset).toBeGreaterThanOrEqual(written);
    expect(blind.unwatched?.since).toBe(blind.last?.at);
    const settings = { connection, taskQueue, platform: loadPlatform(platformFile), log: createLog('fatal'), env };
    stopping(await startWorkers(settings, ['redis']));
    const well = await untilStatus(guard, ({ state }) => state === 'watching', 30_000);
    expect(well.unwatched).toBeUndefined();
    await until(async () => notices(rig).length === 2, 5_000);
    expect(notices(rig).map(({ event }) => event)).toEqual(['alarm', 'well']);
  });
});
