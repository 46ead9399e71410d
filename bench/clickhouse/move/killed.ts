import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeClickHousePlatform } from '../../../lab/clickhouse/platform.ts';
import { monotonicMs } from '../../../lab/clock.ts';
import { runsTypeScript } from '../../../lab/run-typescript.ts';
import type { RunReport } from '../../../src/runs/index.ts';
import { startSweepWorker } from '../../../test/sweep/worker-process.ts';
import type { Say } from '../../bench.ts';
import type { BenchServer } from '../../gantry.ts';
import type { MovedDay, MoveScene } from './scene.ts';
import type { Statement } from './scripts.ts';

/** Where Gantry's worker is killed: between each pair of statements that change something. */
export const killPlaces = [
  'driver:before:clickhouse.fetchPartition#1@clickhouseCopy.ensure#1',
  'driver:after:clickhouse.fetchPartition#1@clickhouseCopy.ensure#1',
  'driver:after:clickhouse.attachPartition#1@clickhouseCopy.ensure#1',
  'driver:before:clickhouse.attachPartitionFrom#1@clickhouseCutOver.ensure#1',
  'driver:after:clickhouse.attachPartitionFrom#1@clickhouseCutOver.ensure#1',
  'driver:after:clickhouse.detachPartition#1@clickhouseCutOver.ensure#1',
] as const;

/** Gantry's own time limits (docs/reference/platform-file.md), so that the figures are those of an installation. */
export const heartbeatMs = 5_000;

let runs = 0;

/** What came of a kill, and when it was. */
export type Killed = { killedAtMs: number; finished: boolean };

/** A durable move whose worker is killed at a place, while another worker is at hand. It is done at the end, or this throws. */
export async function killedGantry(
  server: BenchServer,
  { cluster, full, settings }: MoveScene,
  { partition }: MovedDay,
  place: string,
  bundlePath: string,
): Promise<Killed> {
  const { temporal, client } = server;
  const name = `killed-${(runs += 1)}`;
  const stateDir = join(server.stateDir, name);
  mkdirSync(stateDir);
  const policies = { default: { approval: { people: 0 } } };
  const { path } = writeClickHousePlatform({ stateDir, cluster, tables: { [full]: settings }, policies });
  const order = { address: temporal.address, taskQueue: `bench-${name}`, platformFile: path, bundlePath };
  const start = (who: string) =>
    startSweepWorker(['orchestration', 'clickhouse'], join(stateDir, `${who}.log`), { GANTRY_STATE_DIR: stateDir });
  const [victim, rescuer] = await Promise.all([start('victim'), start('rescuer')]);
  try {
    await victim.work(order);
    await victim.arm(place, 'SIGKILL');
    const run = await client.workflow.start('underTable', {
      workflowId: `clickhouse/${cluster.name}/${full}`,
      taskQueue: order.taskQueue,
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      args: [{ cluster: cluster.name, table: full, partition, from: 1, to: 2, requestedBy: 'bench' }],
    });
    const killedAtMs = await Promise.race([victim.ended.then(monotonicMs), run.result().then(() => undefined)]);
    if (killedAtMs === undefined) throw new Error(`the move never came to ${place}`);
    await rescuer.work(order);
    const report = (await run.result()) as RunReport;
    if (report.outcome !== 'done') throw new Error(`killed at ${place} it ended as ${report.outcome}`);
    return { killedAtMs, finished: true };
  } finally {
    await Promise.all([victim.kill(), rescuer.kill()]);
  }
}

/** A script that is killed after a statement and then started again from its beginning, as whoever runs it would. */
export async function killedScript(statements: readonly Statement[], dieAfter: number, say: Say): Promise<Killed> {
  await inProcess({ statements, dieAfter });
  const killedAtMs = monotonicMs();
  const { code, words } = await inProcess({ statements });
  if (code !== 0) say(`started again it is refused: ${words.trim().slice(0, 200)}`);
  return { killedAtMs, finished: code === 0 };
}

function inProcess(job: object): Promise<{ code: number | null; words: string }> {
  const main = fileURLToPath(new URL('./script-main.ts', import.meta.url));
  const child = spawn(process.execPath, [...runsTypeScript, main, JSON.stringify(job)], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let words = '';
  child.stderr.on('data', (chunk: Buffer) => (words += chunk.toString()));
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, words })));
}
