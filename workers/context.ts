import { Client, Connection } from '@temporalio/client';
import type { WorkerOptions } from '@temporalio/worker';
import { NativeConnection } from '@temporalio/worker';
import type { LoadedPlatform } from '../src/platform/index.ts';
import type { ConnectionSettings } from '../src/settings/index.ts';
import { gantryVersion } from '../src/settings/index.ts';
import type { Logger } from '../src/telemetry/log.ts';
import type { Metrics } from '../src/telemetry/metrics.ts';
import { createMetrics } from '../src/telemetry/metrics.ts';
import { registerSearchAttributes } from './search-attributes.ts';

/** What every worker of a process shares. */
export type WorkerContext = {
  platform: LoadedPlatform;
  client: Client;
  native: NativeConnection;
  namespace: string;
  taskQueue: string;
  log: Logger;
  metrics: Metrics;
  /** Environment that secrets are looked up in. */
  env: Readonly<Record<string, string | undefined>>;
  /** Wraps every driver that steps are given (the kill sweep counts and cuts there). */
  wrapDriver: <T extends object>(name: string, driver: T) => T;
  /** Worker options that tests change. */
  options: WorkerTweaks;
  close: () => Promise<void>;
};

/** What a test wants otherwise; as a function it is told what the worker has of its own (its queue, its bundle). */
export type WorkerTweaks = Partial<WorkerOptions> | ((own: Partial<WorkerOptions>) => Partial<WorkerOptions>);

export type WorkerSettings = {
  connection: ConnectionSettings;
  taskQueue: string;
  platform: LoadedPlatform;
  log: Logger;
  /** Of this process; of these workers alone unless given. */
  metrics?: Metrics;
  env?: WorkerContext['env'];
  wrapDriver?: WorkerContext['wrapDriver'];
  options?: WorkerTweaks;
};

/** Connects and registers the search attributes. */
export async function openContext(settings: WorkerSettings): Promise<WorkerContext> {
  const { connection: where, taskQueue, platform, log } = settings;
  const connection = await Connection.connect(where.options);
  await registerSearchAttributes(connection, where.namespace);
  const native = await NativeConnection.connect(where.options);
  const client = new Client({ connection, namespace: where.namespace });
  return {
    platform,
    client,
    native,
    namespace: where.namespace,
    taskQueue,
    log,
    metrics: settings.metrics ?? createMetrics({ role: 'workers', version: gantryVersion }),
    env: settings.env ?? process.env,
    wrapDriver: settings.wrapDriver ?? ((_name, driver) => driver),
    options: settings.options ?? {},
    close: async () => {
      await native.close();
      await connection.close();
    },
  };
}
