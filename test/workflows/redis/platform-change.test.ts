import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { withRedis } from '../../../lab/redis/client.ts';
import type { LoadedPlatform } from '../../../src/platform/index.ts';
import { loadPlatform } from '../../../src/platform/index.ts';
import type { RunReport, RunStatus } from '../../../src/runs/index.ts';
import { createLog } from '../../../src/telemetry/log.ts';
import type { RunningWorkers } from '../../../workers/all.ts';
import { startWorkers } from '../../../workers/all.ts';
import type { WorkerSettings } from '../../../workers/context.ts';
import { describeWith, stopping } from '../../support/lab.ts';
import type { SwitchoverRig } from '../../support/switchover-rig.ts';
import { startSwitchoverRig } from '../../support/switchover-rig.ts';
import { useTemporal } from '../../support/temporal.ts';

/** The rig's platform file with other settings of its group. */
function changedFile(rig: SwitchoverRig, settings: Record<string, unknown>): LoadedPlatform {
  // The lab writes JSON, which is YAML.
  const platform = JSON.parse(readFileSync(rig.platformFile, 'utf8')) as {
    redis: { groups: Record<string, object> };
  };
  Object.assign(platform.redis.groups[rig.groupName] ?? {}, settings);
  const path = join(rig.platformFile, '..', 'platform-changed.yaml');
  writeFileSync(path, JSON.stringify(platform));
  return loadPlatform(path);
}

await describeWith(['temporal', 'redis'], 'a platform file that is rolled out during a switchover', () => {
  const server = useTemporal();

  const redisWorkers = (rig: SwitchoverRig, over: Partial<WorkerSettings>): Promise<RunningWorkers> => {
    const { address } = server();
    const platform = loadPlatform(rig.platformFile);
    const connection = { address, namespace: 'default', options: { address } };
    const settings = { connection, taskQueue: rig.taskQueue, platform, log: createLog('fatal'), env: rig.env };
    return startWorkers({ ...settings, ...over }, ['redis']);
  };
  /** Workers that give way to others, with another file, at the first call of `verb`; the call itself comes to its end. */
  const rolledOutAt = async (rig: SwitchoverRig, verb: string, platform: LoadedPlatform): Promise<void> => {
    const workers: { first?: RunningWorkers; gone?: Promise<void>; next?: Promise<RunningWorkers> } = {};
    const wrapDriver = <T extends object>(_name: string, driver: T): T =>
      new Proxy(driver, {
        get: (target, key, receiver) => {
          const held: unknown = Reflect.get(target, key, receiver);
          if (typeof held !== 'function') return held;
          return (...given: unknown[]): unknown => {
            if (key === verb && !workers.next) {
              workers.gone = workers.first?.stop() ?? Promise.resolve();
              workers.next = redisWorkers(rig, { platform });
            }
            return Reflect.apply(held, target, given) as unknown;
          };
        },
      });
    workers.first = await redisWorkers(rig, { wrapDriver });
    onTestFinished(async () => {
      await (workers.gone ?? workers.first?.stop());
      await (await workers.next)?.stop();
    });
  };
  const start = async (rig: SwitchoverRig) =>
    server().client.workflow.start('redisSwitchover', {
      workflowId: `redis/${rig.groupName}`,
      taskQueue: rig.taskQueue,
      args: [{ group: rig.groupName, to: 'r2' }],
    });
  const minReplicas = (rig: SwitchoverRig): Promise<string[]> =>
    Promise.all(
      rig.group.nodes.map((node) =>
        withRedis(node, rig.group.password, async (redis) => {
          const answer = await redis.config('GET', 'min-replicas-to-write');
          return String(answer[1]);
        }),
      ),
    );

  test('past its point of no return the run comes to its end, and no node is left without its write safety', async () => {
    const rig = stopping(await startSwitchoverRig(server(), { roles: ['orchestration'] }));
    await rolledOutAt(rig, 'redirect', changedFile(rig, { lagLimit: '2MiB' }));
    const run = await start(rig);
    const report = (await run.result()) as RunReport;
    expect(report).toMatchObject({ outcome: 'done', pastNoReturn: true, actions: [] });
    expect(new Set(await minReplicas(rig))).toEqual(new Set(['1']));
  });

  test('before the handover the run parks, and an abort leaves the group as it was', async () => {
    const rig = stopping(await startSwitchoverRig(server(), { roles: ['orchestration'] }));
    // The preparation of the candidate.
    await rolledOutAt(rig, 'configSetAsReplica', changedFile(rig, { lagLimit: '2MiB' }));
    const run = await start(rig);
    const status = (): Promise<RunStatus> => run.query<RunStatus>('status');
    await expect
      .poll(async () => (await status()).parked, { timeout: 45_000 })
      .toMatchObject({ title: 'hand over', trouble: { code: 'PLATFORM_CHANGED' } });
    await run.executeUpdate('abort', { args: [{ by: 'ada' }] });
    expect(await run.result()).toMatchObject({ outcome: 'aborted', leftBehind: [] });
    expect(new Set(await minReplicas(rig))).toEqual(new Set(['1']));
  });
});
