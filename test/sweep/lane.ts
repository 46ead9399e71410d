import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import type { WorkOrder } from './orders.ts';
import type { Role } from '../../workers/all.ts';
import type { Scene } from './scene.ts';
import type { SweepWorker } from './worker-process.ts';
import { startSweepWorker } from './worker-process.ts';

/** Where runs are made one after the other: a scene, a queue, the worker that polls it and a spare one that doesn't yet. */
export type Lane = {
  readonly name: string;
  readonly client: Client;
  readonly taskQueue: string;
  /** Started on first use, and again after `renew`. */
  scene: () => Promise<Scene>;
  /** The worker that polls: the survivor of the last run, or a fresh one. */
  worker: () => Promise<SweepWorker>;
  /** A fresh worker that polls from now on and serves the next run too. */
  rescuer: () => Promise<SweepWorker>;
  /** Tears everything down: whatever a failed run left is gone. */
  renew: () => Promise<void>;
  stop: () => Promise<void>;
};

export type LaneOptions = {
  name: string;
  client: Client;
  address: string;
  bundlePath: string;
  roles: readonly Role[];
  stateDir: string;
  startScene: (stateDir: string, name: string) => Promise<Scene>;
};

/** Half a worker's start is done ahead, while the present one works: the spare only has to connect. */
export function openLane(options: LaneOptions): Lane {
  const { name, client, address, bundlePath, roles, stateDir } = options;
  const taskQueue = `sweep-${name}`;
  let scenes = 0;
  let workers = 0;
  let scene: Promise<Scene> | undefined;
  let spare: Promise<SweepWorker> | undefined;
  let present: SweepWorker | undefined;

  const started = (): Promise<Scene> => {
    scene ??= options.startScene(join(stateDir, `${name}-${(scenes += 1)}`), name);
    return scene;
  };
  const spareWorker = async (): Promise<SweepWorker> => {
    const { env } = await started();
    spare ??= startSweepWorker(roles, join(stateDir, 'log', `${name}-${(workers += 1)}.log`), env);
    return spare;
  };
  const rescuer = async (): Promise<SweepWorker> => {
    const worker = await spareWorker();
    spare = undefined;
    const order: WorkOrder = { address, taskQueue, bundlePath, platformFile: (await started()).platformFile };
    await worker.work(order);
    present = worker;
    // The next one loads while this one works. If it can't, whoever needs it will hear of it.
    void spareWorker().catch(() => undefined);
    return worker;
  };
  const stop = async (): Promise<void> => {
    const ending = [present, await spare?.catch(() => undefined)];
    [present, spare] = [undefined, undefined];
    for (const worker of ending) await worker?.kill();
    await (await scene?.catch(() => undefined))?.stop();
    scene = undefined;
  };
  return {
    name,
    client,
    taskQueue,
    scene: started,
    worker: async () => present ?? rescuer(),
    rescuer,
    renew: async () => {
      await stop();
      rmSync(join(stateDir, `${name}-${scenes}`), { recursive: true, force: true });
    },
    stop,
  };
}
