import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { redisInfo } from '../../lab/redis/client.ts';
import type { RedisRig } from '../../lab/redis/rig.ts';
import { startRedisRig } from '../../lab/redis/rig.ts';
import { linkUp } from '../../lab/redis/redis.ts';
import { startTemporal } from '../../lab/temporal/temporal.ts';
import { loadPlatform } from '../../src/platform/index.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { startWorkers } from '../../workers/all.ts';

/** A real server and workers in this process, whose driver calls can be got between. */
export type RecordedStage = {
  client: Client;
  taskQueue: string;
  stateDir: string;
  /** Called before each call of a driver, `redis.set`; what it throws is what the driver throws. */
  before: (hook: (call: string) => Promise<void>) => void;
  stop: () => Promise<void>;
};

/** The same over real Redis. */
export type Stage = RecordedStage & {
  group: string;
  rig: RedisRig;
  /** Resolves once every replica is linked: until then a plan would be refused. */
  settled: () => Promise<void>;
};

const policies = {
  default: {
    approval: { people: 1 },
    soak: { duration: '300ms', every: '100ms' },
    profiles: { quick: { heartbeat: '2s', attempts: 2, firstRetry: '100ms', maxRetry: '200ms' } },
  },
};

/** What the platform file says of the stage's group besides. */
export type StageOptions = { settings?: (stateDir: string) => Record<string, unknown> };

/** Starts everything in a folder of its own. */
export async function openStage({ settings }: StageOptions = {}): Promise<Stage> {
  const stateDir = mkdtempSync(join(tmpdir(), 'gantry-histories-'));
  const stops: (() => Promise<void>)[] = [async () => rmSync(stateDir, { recursive: true, force: true })];
  const stop = async (): Promise<void> => {
    for (let next = stops.pop(); next; next = stops.pop()) await next();
  };
  try {
    const rig = await startRedisRig({
      stateDir,
      policies,
      settings: { writeSafety: { minReplicasMaxLag: '2s' }, ...settings?.(stateDir) },
      redis: { minReplicasMaxLagSeconds: 2 },
    });
    stops.push(() => rig.stop());
    const temporal = await startTemporal({ stateDir });
    stops.push(() => temporal.stop());
    const connection = await Connection.connect({ address: temporal.address });
    stops.push(() => connection.close());
    let hook: (call: string) => Promise<void> = async () => undefined;
    const workers = await startWorkers({
      connection: { address: temporal.address, namespace: 'default', options: { address: temporal.address } },
      taskQueue: 'gantry',
      platform: loadPlatform(rig.platformFile),
      log: createLog('error'),
      env: { ...process.env, ...rig.env },
      wrapDriver: (name, driver) => calling(name, driver, (call) => hook(call)),
    });
    stops.push(() => workers.stop());
    return {
      client: new Client({ connection }),
      taskQueue: 'gantry',
      group: rig.groupName,
      rig,
      stateDir,
      before: (next) => void (hook = next),
      settled: async () => {
        for (const node of rig.group.nodes) {
          const { role } = await redisInfo(node, rig.group.password);
          if (role === 'slave') await linkUp(node, rig.group.password);
        }
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Calls `before` ahead of each call of a driver's verbs. */
export function calling<T extends object>(name: string, driver: T, before: (call: string) => Promise<void>): T {
  return new Proxy(driver, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key);
      if (typeof value !== 'function' || typeof key !== 'string' || key === 'close') return value;
      return async (...args: unknown[]): Promise<unknown> => {
        await before(`${name}.${key}`);
        return value.apply(target, args) as unknown;
      };
    },
  });
}
