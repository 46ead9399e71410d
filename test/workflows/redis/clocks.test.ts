import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { pause, until } from '../../../lab/clock.ts';
import { labProcessFence } from '../../../lab/redis/fence.ts';
import type { LabProcess } from '../../../lab/process.ts';
import { startRedisRig } from '../../../lab/redis/rig.ts';
import { startWorkerProcess } from '../../../demo/worker-process.ts';
import type { GuardStatus, RunReport, RunStatus } from '../../../src/runs/index.ts';
import type { FailoverSettings } from '../../support/failover-runs.ts';
import { beforeAnAck, ledgerOf, roleOf, writeLoad } from '../../support/failover-runs.ts';
import { fakeTimeEnv } from '../../support/faketime.ts';
import { describeWith, stopping } from '../../support/lab.ts';
import { quickPolicies } from '../../support/switchover-rig.ts';
import { resolveNow } from '../../support/parked.ts';
import { useTemporal } from '../../support/temporal.ts';

// A minute each on a machine that is busy.
vi.setConfig({ testTimeout: 300_000 });

const [ahead, behind] = [300, -300];

// The worker processes are off by five minutes; Temporal, Redis and whoever writes have the machine's clock.
await describeWith(['temporal', 'redis', 'faketime'], 'workers whose clocks are five minutes off', () => {
  const server = useTemporal();
  let rigs = 0;

  /** A rig without workers, and a way to start them; whichever run is killed before the next begins. */
  const scene = async (failover: FailoverSettings, guard: Record<string, unknown> = {}) => {
    const stateDir = mkdtempSync(join(tmpdir(), 'gantry-clocks-'));
    stopping({ stop: () => rmSync(stateDir, { recursive: true, force: true }) });
    const rig = stopping(
      await startRedisRig({
        ...{ stateDir, group: `clocks-${(rigs += 1)}`, policies: quickPolicies },
        // A frozen primary's links are given up after 3 s.
        redis: { conf: { 'repl-timeout': '3', 'repl-ping-replica-period': '1' } },
        settings: { failover: { probeEvery: '200ms', probeTimeout: '300ms', ...failover(stateDir) }, guard },
      }),
    );
    const { address } = server();
    const taskQueue = `${rig.groupName}-${process.pid}`;
    let now: LabProcess | undefined;
    stopping({ stop: () => now?.stop() });
    const workers = {
      kill: async () => now?.kill(),
      start: async (offsetSeconds: number) => {
        await now?.kill();
        now = await startWorkerProcess({
          ...{ stateDir, platformFile: rig.platformFile, taskQueue },
          connection: { address, namespace: 'default', options: { address } },
          env: { ...rig.env, ...fakeTimeEnv(offsetSeconds) },
        });
      },
    };
    return { stateDir, rig, taskQueue, workers };
  };
  const start = (type: string, workflowId: string, taskQueue: string, input: object) =>
    server().client.workflow.start(type, { workflowId, taskQueue, args: [input] });

  test('a failover that parks leaves a primary alone that is back, whichever worker looks after it then', async () => {
    const flag: { file?: string } = {};
    const { rig, stateDir, taskQueue, workers } = await scene((dir) => {
      flag.file = join(dir, 'host-is-reachable');
      return { fences: [toEnd(dir, flag.file)] };
    });
    writeFileSync(join(stateDir, 'pid'), String(rig.group.node('r1').pid));
    await workers.start(ahead);
    const writers = await writeLoad(rig);
    const sinceMs = await beforeAnAck(writers);
    rig.group.node('r1').freeze();
    const run = await start('redisFailover', `redis/${rig.groupName}`, taskQueue, { group: rig.groupName });
    const status = () => run.query<RunStatus>('status');
    const parkedBy = async (code: string): Promise<boolean> =>
      (await until(async () => (await status()).parked?.trouble.code === code, 90_000)) === true;
    expect(await parkedBy('FENCE_IMPOSSIBLE'), JSON.stringify(await status())).toBe(true);
    rig.group.node('r1').thaw();
    // For longer than a decision counts without another look; by now its fence would work.
    await pause(16_000);
    writeFileSync(flag.file ?? '', '');
    await workers.start(behind);
    await resolveNow(run, { action: 'retry', by: 'ada' });
    const spared = await parkedBy('REDIS_PRIMARY_BACK');
    expect(rig.group.node('r1').isRunning()).toBe(true);
    expect(spared, JSON.stringify(await status())).toBe(true);
    await run.executeUpdate('abort', { args: [{ by: 'ada', reason: 'it is back' }] });
    expect(((await run.result()) as RunReport).outcome).toBe('aborted');
    expect(await roleOf(rig, 'r1')).toBe('master');
    expect(await ledgerOf(rig, writers, sinceMs, 'r1')).toMatchObject({ twoPrimaries: false, lost: 0 });
  });

  test('what one worker reads and leaves behind has the right age for the other', async () => {
    const { rig, taskQueue, workers } = await scene((dir) => ({ fences: [labProcessFence(dir)], antiFlap: '200s' }), {
      sampleEvery: '200ms',
      retryFirst: '1s',
      retryMax: '2s',
    });
    await workers.start(ahead);
    const guard = await start('redisGuard', `guard/redis/${rig.groupName}`, taskQueue, {
      group: rig.groupName,
      mode: 'act',
    });
    stopping({ stop: () => guard.terminate('the test is over').catch(() => undefined) });
    const status = () => guard.query<GuardStatus>('status');
    const read = await until(async () => (await status()).last?.node === 'r1', 60_000);
    expect(read, JSON.stringify(await status())).toBe(true);
    // By no clock but Temporal's, which is this machine's.
    expect(Math.abs(Date.parse((await status()).last?.at ?? '') - Date.now())).toBeLessThan(200_000);

    // Worker and primary die together: the last reading is the dead worker's, the plan the next one's.
    await workers.kill();
    await rig.group.node('r1').kill();
    await workers.start(behind);
    const failed = await until(async () => (await status()).failovers[0]?.outcome, 120_000);
    expect(failed, JSON.stringify(await status())).toBe('done');
    const primary = (await roleOf(rig, 'r2')) === 'master' ? 'r2' : 'r3';

    // And the other way round: the record of that failover is read by a worker that is ten minutes ahead of its writer.
    await until(async () => (await status()).primary === primary, 60_000);
    await workers.start(ahead);
    await rig.group.node(primary).kill();
    const refusal = await until(
      async () => (await status()).failovers[1]?.code !== undefined && (await status()),
      120_000,
    );
    const [, second] = refusal ? refusal.failovers : [];
    expect(second?.code, JSON.stringify(await status())).toBe('REDIS_RECENT_FAILOVER');
    const ago = Number(/the last failover was (\d+) s ago/.exec(second?.message ?? '')?.[1]);
    expect(ago).toBeGreaterThanOrEqual(0);
    expect(ago).toBeLessThan(200);
  });
});

/** A fence by the process that fails as long as the file is not there. */
function toEnd(stateDir: string, file: string): object {
  const pid = join(stateDir, 'pid');
  return {
    kind: 'command',
    name: 'stop',
    what: 'process',
    fence: ['sh', '-c', `test -e ${file} && kill -9 $(cat ${pid})`],
    confirm: ['sh', '-c', `! kill -0 $(cat ${pid})`],
  };
}
