import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import type { RedisRig } from '../lab/redis/rig.ts';
import type { RunningTemporal } from '../lab/temporal/temporal.ts';
import { startTemporal } from '../lab/temporal/temporal.ts';
import { startWorkerProcess } from '../demo/worker-process.ts';
import type { RunReport } from '../src/runs/index.ts';
import type { BenchOptions } from './bench.ts';
import { atEnd, benchFolder } from './cleanup.ts';

/** A Temporal server and a client of it, for as long as a bench runs. */
export type BenchServer = { stateDir: string; temporal: RunningTemporal; client: Client };

export async function benchServer(): Promise<BenchServer> {
  const stateDir = benchFolder();
  const temporal = await startTemporal({ stateDir, dbFile: join(stateDir, 'temporal.db') });
  atEnd(() => temporal.stop());
  const connection = await Connection.connect({ address: temporal.address });
  atEnd(() => connection.close());
  return { stateDir, temporal, client: new Client({ connection }) };
}

/** Gantry's workers over a rig, in a process of their own; whoever starts them ends them. */
export function startBenchWorkers(
  { address, namespace }: RunningTemporal,
  rig: RedisRig,
  { stateDir, taskQueue }: { stateDir: string; taskQueue?: string },
): ReturnType<typeof startWorkerProcess> {
  return startWorkerProcess({
    stateDir,
    connection: { address, namespace, options: { address } },
    platformFile: rig.platformFile,
    env: rig.env,
    ...(taskQueue === undefined ? {} : { taskQueue }),
  });
}

/** A whole durable run; one that ends otherwise than as done ends the bench: its time would be no measurement. */
export async function carryOut(
  client: Client,
  workflowType: string,
  { workflowId, taskQueue = 'gantry', input }: { workflowId: string; taskQueue?: string; input: object },
): Promise<RunReport> {
  const args = [{ requestedBy: 'bench', ...input }];
  const report = (await client.workflow.execute(workflowType, { workflowId, taskQueue, args })) as RunReport;
  if (report.outcome !== 'done') throw new Error(`${workflowId} ended as ${report.outcome}`);
  return report;
}

/** What an option asks for, as a whole number from 1. */
export function countOf(options: BenchOptions, name: string, otherwise: number): number {
  const value = Number(options[name] ?? otherwise);
  if (!Number.isInteger(value) || value < 1) throw new Error(`--${name} takes a whole number from 1`);
  return value;
}
