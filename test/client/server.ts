import type { Client } from '@temporalio/client';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { defineSearchAttributeKey } from '@temporalio/common';
import { fileURLToPath } from 'node:url';
import { findTemporalCli } from '../../lab/programs.ts';
import { searchAttributeNames } from '../../src/runs/index.ts';

export type FakeServer = {
  client: Client;
  address: string;
  /** Polls `queue` with the fake runs while `use` is at work. */
  withWorker<T>(queue: string, use: () => Promise<T>): Promise<T>;
  stop(): Promise<void>;
};

/** A dev server with Gantry's search attributes. */
export async function startFakeServer(): Promise<FakeServer> {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  const path = await findTemporalCli();
  const env = await TestWorkflowEnvironment.createLocal({
    server: {
      executable: { type: 'existing-path', path },
      searchAttributes: Object.values(searchAttributeNames).map((name) => defineSearchAttributeKey(name, 'KEYWORD')),
    },
  });
  return {
    client: env.client,
    address: env.address,
    async withWorker(taskQueue, use) {
      const worker = await Worker.create({
        connection: env.nativeConnection,
        taskQueue,
        workflowsPath: fileURLToPath(new URL('./fake-runs.ts', import.meta.url)),
      });
      return worker.runUntil(use);
    },
    stop: () => env.teardown(),
  };
}
