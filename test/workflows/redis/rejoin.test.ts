import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { WorkflowHandle } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { expect, test } from 'vitest';
import { pause } from '../../../lab/clock.ts';
import { labProcessFence } from '../../../lab/redis/fence.ts';
import { startRigWriters } from '../../../lab/load/rig-writers.ts';
import { withRedis } from '../../../lab/redis/client.ts';
import type { RunReport, RunStatus } from '../../../src/runs/index.ts';
import { describeWith, stopping } from '../../support/lab.ts';
import type { SwitchoverRig } from '../../support/switchover-rig.ts';
import { portrait, quickPolicies, startSwitchoverRig } from '../../support/switchover-rig.ts';
import { useTemporal } from '../../support/temporal.ts';
import { codeOf, reportOf } from '../run/harness.ts';
import { resolveNow } from '../../support/parked.ts';

const deployed = (name: string): string => fileURLToPath(new URL(`../../../deploy/redis/${name}`, import.meta.url));

await describeWith(['temporal', 'redis'], 'an old primary', () => {
  const server = useTemporal();
  let runs = 0;
  let rigs = 0;

  /** `keep`: its platform file has a hook that keeps data; with `broken` one that always fails. */
  const rigOf = async (keep: boolean | 'broken' = true, replicas = 2): Promise<SwitchoverRig> => {
    const stateDir = mkdtempSync(join(tmpdir(), 'gantry-rejoin-'));
    const group = `sessions-${(rigs += 1)}`;
    const words = ['{unit}', join(stateDir, 'redis', `${group}-{node}`), join(stateDir, 'kept')];
    const hook = { kind: 'command', name: 'keep-data', within: '20s' };
    const programs = ['run', 'confirm'].map((mode) => [deployed('keep-data.sh'), mode, ...words]);
    const [run, confirm] = keep === 'broken' ? [['false'], ['false']] : programs;
    const settings = {
      failover: { fences: [labProcessFence(stateDir)], probeEvery: '200ms', probeTimeout: '300ms' },
      ...(keep ? { rejoin: { keep: { ...hook, run, confirm } } } : {}),
    };
    const { quick } = quickPolicies.default.profiles;
    const { heartbeat, attempts, firstRetry, maxRetry } = quick;
    const longer = { heartbeat, attempts, firstRetry, maxRetry };
    const profiles = { quick, watched: longer, slow: longer };
    const policies = { default: { ...quickPolicies.default, profiles } };
    return stopping(await startSwitchoverRig(server(), { stateDir, group, replicas, settings, policies }));
  };
  const start = (rig: SwitchoverRig, type: string, input: object = {}, id?: string): Promise<WorkflowHandle> =>
    server().client.workflow.start(type, {
      workflowId: id ?? `${type}/${rig.groupName}/${process.pid}-${(runs += 1)}`,
      taskQueue: rig.taskQueue,
      args: [{ group: rig.groupName, ...input }],
    });
  const done = async (run: Promise<WorkflowHandle>): Promise<RunReport> => (await (await run).result()) as RunReport;
  const refusal = async (run: Promise<WorkflowHandle>): Promise<unknown> =>
    (await run).result().then(
      () => undefined,
      (error: unknown) => error,
    );
  const lock = (rig: SwitchoverRig): WorkflowHandle => server().client.workflow.getHandle(`redis/${rig.groupName}`);
  const inState = async (rig: SwitchoverRig, state: RunStatus['state'], kind: string): Promise<RunStatus> => {
    for (;;) {
      const now = await lock(rig)
        .query<RunStatus, []>('status')
        .catch(() => undefined);
      if (now?.state === state && now.kind === kind) return now;
      await pause(50);
    }
  };
  const roleOf = (rig: SwitchoverRig, name: string): Promise<unknown> =>
    withRedis(rig.group.node(name), rig.group.password, async (redis) => ((await redis.call('ROLE')) as unknown[])[0]);
  const kept = (rig: SwitchoverRig): string[] => {
    const folder = join(rig.group.node('r1').dir, '..', '..', 'kept');
    return readdirSync(folder).filter((name) => !/^\.|\.log$/.test(name));
  };
  /** r1 is killed, a failover replaces it by r2. */
  const failedOver = async (rig: SwitchoverRig): Promise<void> => {
    await withRedis(rig.group.node('r1'), rig.group.password, (redis) => redis.set('of:all', '1'));
    await rig.group.node('r1').kill();
    expect((await done(start(rig, 'redisFailover', { to: 'r2' }))).outcome).toBe('done');
  };
  /** r1 comes back as it went, without a guard, and somebody writes to it. */
  const comesBack = async (rig: SwitchoverRig): Promise<void> => {
    await rig.group.node('r1').restart();
    await withRedis(rig.group.node('r1'), rig.group.password, async (redis) => {
      await redis.config('SET', 'min-replicas-to-write', '0');
      await redis.set('only:here', '1');
    });
  };

  test('comes back under load as a replica, its data kept, and no write is taken by two nodes', async () => {
    const rig = await rigOf();
    await failedOver(rig);
    await comesBack(rig);
    const writers = await startRigWriters(rig, { ratePerWriter: 200 });
    stopping({ stop: () => writers.close() });
    const before = await portrait(rig);
    const dry = await done(start(rig, 'redisRejoin', { node: 'r1', dryRun: true }));
    expect(dry.outcome).toBe('planned');
    expect(dry.plan?.irreversible.join(' ')).toMatch(/what it has and r2 hasn't is discarded/);
    expect(await portrait(rig)).toEqual(before);
    const run = await start(rig, 'redisRejoin', { node: 'r1' });
    const report = (await run.result()) as RunReport;
    await pause(300);
    const { byNode } = await writers.stop();
    expect(report.outcome).toBe('done');
    expect(byNode['r1'] ?? 0).toBe(0);
    expect(byNode['r2']).toBeGreaterThan(50);
    expect(await writers.verify(rig.group.node('r2'))).toMatchObject({ lost: 0 });
    expect([await roleOf(rig, 'r1'), await roleOf(rig, 'r2')]).toEqual(['slave', 'master']);
    expect(kept(rig)).toHaveLength(1);
    const history = historyToJSON(await lock(rig).fetchHistory());
    expect(history).toContain('redisFollow');
    expect(history).not.toContain(rig.group.password);
    expect(Buffer.from(history).toString()).not.toContain(Buffer.from(rig.group.password ?? '?').toString('base64'));
    const again = await done(start(rig, 'redisRejoin', { node: 'r1' }));
    expect(again).toMatchObject({
      outcome: 'done',
      steps: [],
      plan: { title: expect.stringMatching(/^Nothing/) as string },
    });
  });

  test('that is down parks the run until it is started behind its boot guard', async () => {
    const rig = await rigOf();
    await failedOver(rig);
    const run = await start(rig, 'redisRejoin', { node: 'r1' });
    const { parked } = await inState(rig, 'parked', 'redis.rejoin');
    expect(parked).toMatchObject({ trouble: { code: 'REDIS_NODE_DOWN' }, options: ['retry', 'skip', 'abort'] });
    expect(parked?.trouble.hint).toMatch(/boot guard/);
    const r1 = rig.group.node('r1');
    const settings = {
      GUARD_SELF: `${r1.host}:${r1.port}`,
      GUARD_DISCOVERY: `${rig.discoveryUrl}/redis/${rig.groupName}`,
      GUARD_CONF: r1.confFile,
    };
    // The discovery that it asks runs in this very process.
    await promisify(execFile)('/bin/sh', [deployed('boot-guard.sh')], {
      env: { PATH: process.env['PATH'], ...settings },
    });
    await r1.restart();
    await resolveNow(run, { action: 'retry', by: 'ada' });
    const report = (await run.result()) as RunReport;
    expect(report.outcome).toBe('done');
    expect(await roleOf(rig, 'r1')).toBe('slave');
    expect(kept(rig)).toHaveLength(1);
  });

  test('is not touched without an approval where nothing keeps its data', async () => {
    const rig = await rigOf(false);
    await failedOver(rig);
    await comesBack(rig);
    const first = await start(rig, 'redisRejoin', { node: 'r1' });
    const waiting = await inState(rig, 'awaiting-approval', 'redis.rejoin');
    expect(waiting.plan?.warnings.join(' ')).toMatch(/no hook keeps the data of r1.*gone for good/);
    const before = await portrait(rig);
    await first.executeUpdate('abort', { args: [{ by: 'ada' }] });
    expect(((await first.result()) as RunReport).outcome).toBe('aborted');
    expect(await portrait(rig)).toEqual(before);
  });

  test('refuses writes also after an abort before the point of no return, and has lost nothing', async () => {
    const rig = await rigOf('broken');
    await failedOver(rig);
    await comesBack(rig);
    const run = await start(rig, 'redisRejoin', { node: 'r1' });
    const { parked } = await inState(rig, 'parked', 'redis.rejoin');
    expect(parked).toMatchObject({ step: 'redis.keep-data', trouble: { code: 'HOOK_FAILED' } });
    await run.executeUpdate('abort', { args: [{ by: 'ada' }] });
    expect((await run.result()) as RunReport).toMatchObject({ outcome: 'aborted', pastNoReturn: false });
    expect(await roleOf(rig, 'r1')).toBe('master');
    await withRedis(rig.group.node('r1'), rig.group.password, async (redis) => {
      expect(await redis.get('only:here')).toBe('1');
      await expect(redis.set('another', '1')).rejects.toThrow(/NOREPLICAS/);
    });
  });

  test('is left to a rejoin by a restored redundancy, which brings the others back', async () => {
    const rig = await rigOf();
    await failedOver(rig);
    await rig.group.node('r3').kill();
    await comesBack(rig);
    expect(codeOf(await refusal(start(rig, 'redisRestoreRedundancy')))).toBe('REDIS_OLD_PRIMARY');
    expect((await done(start(rig, 'redisRejoin', { node: 'r1' }))).outcome).toBe('done');
    const run = await start(rig, 'redisRestoreRedundancy');
    await inState(rig, 'parked', 'redis.restore-redundancy');
    await rig.group.node('r3').restart();
    await resolveNow(run, { action: 'retry', by: 'ada' });
    const report = (await run.result()) as RunReport;
    expect(report.outcome).toBe('done');
    expect([await roleOf(rig, 'r1'), await roleOf(rig, 'r2'), await roleOf(rig, 'r3')]).toEqual([
      'slave',
      'master',
      'slave',
    ]);
    const minimum = await withRedis(rig.group.node('r2'), rig.group.password, async (redis) => [
      (await redis.config('GET', 'min-replicas-to-write'))[1],
      await redis.get('gantry:min-replicas-to-write'),
    ]);
    expect(minimum).toEqual(['1', '1']);
    const before = await portrait(rig);
    const again = await done(start(rig, 'redisRestoreRedundancy'));
    expect(again).toMatchObject({ outcome: 'done', steps: [] });
    expect(await portrait(rig)).toEqual(before);
  });

  test('bad input is refused whole, every problem at once', async () => {
    const rig = await rigOf(true, 1);
    const before = await portrait(rig);
    const problems = async (type: string, input: object): Promise<unknown> => {
      const error = await refusal(start(rig, type, input));
      // The proxy run's failure wraps that of the run.
      const report = reportOf(error) ?? reportOf((error as { cause?: unknown }).cause);
      return [codeOf(error), report?.problem?.problems.map(({ place }) => place).sort()];
    };
    expect(await problems('redisRejoin', { node: 7, nonsense: true })).toEqual(['INVALID_INPUT', ['node', 'nonsense']]);
    expect(await problems('redisRejoin', {})).toEqual(['INVALID_INPUT', ['node']]);
    expect(await problems('redisRejoin', { node: 'r9' })).toEqual(['REDIS_UNKNOWN_NODE', ['node']]);
    expect(await problems('redisRejoin', { node: 'r1' })).toEqual(['REDIS_ALREADY_PRIMARY', ['node']]);
    expect(await problems('redisRestoreRedundancy', { node: 'r1', dryRun: 1 })).toEqual([
      'INVALID_INPUT',
      ['dryRun', 'node'],
    ]);
    expect(await portrait(rig)).toEqual(before);
  });
});
