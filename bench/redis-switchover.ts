import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { Connection, Client as TemporalClient } from '@temporalio/client';
import type { WriterProcess } from '../lab/load/redis-writer-process.ts';
import { startWriterProcess } from '../lab/load/redis-writer-process.ts';
import type { RedisRig } from '../lab/redis-rig.ts';
import { startRedisRig } from '../lab/redis-rig.ts';
import { startTemporal } from '../lab/temporal.ts';
import type { RunReport } from '../src/runs/index.ts';
import { startWorkerProcess } from '../src/cli/demo/worker-process.ts';
import { livePrimary, plainFailover, settled } from './redis-failover-command.ts';

/** One method's handovers. */
type Tally = { gapsMs: number[]; lost: number; acked: number; twoPrimaries: number };

/** How a bench of handovers is sized. */
export type SwitchoverBenchOptions = { handovers: number; blocks: number };

const writers = 4;
const ratePerWriter = 1_000;
/** Writing before and after each handover. */
const aroundMs = 400;

/**
 * Handovers by Gantry (procedure A, as whole durable runs) and by plain `FAILOVER`, alternating in blocks on the same
 * group under the same load. The gap is the runbook's: per writer, the longest time from one acknowledged write to the
 * next, redirect included.
 */
export async function benchRedisSwitchover(
  options: SwitchoverBenchOptions,
  say: (line: string) => void,
): Promise<object> {
  const stateDir = mkdtempSync(join(tmpdir(), 'gantry-bench-'));
  const stops: (() => Promise<void>)[] = [];
  try {
    const temporal = await startTemporal({ stateDir, dbFile: join(stateDir, 'temporal.db') });
    stops.push(() => temporal.stop());
    const rig = await startRedisRig({
      stateDir,
      policies: {
        kinds: { 'redis.switchover': { approval: { people: 0 }, soak: { duration: '100ms', every: '100ms' } } },
      },
    });
    stops.push(() => rig.stop());
    const { address, namespace } = temporal;
    const workers = await startWorkerProcess({
      stateDir,
      connection: { address, namespace, options: { address } },
      platformFile: rig.platformFile,
      env: rig.env,
    });
    stops.push(() => workers.stop());
    const connection = await Connection.connect({ address });
    stops.push(() => connection.close());
    const client = new TemporalClient({ connection });

    const gantry: Tally = { gapsMs: [], lost: 0, acked: 0, twoPrimaries: 0 };
    const failover: Tally = { gapsMs: [], lost: 0, acked: 0, twoPrimaries: 0 };
    const idleGapsMs: number[] = [];
    const perBlock = Math.ceil(options.handovers / options.blocks);
    for (let block = 0; block < options.blocks; block += 1) {
      idleGapsMs.push(await runBlock(rig, gantry, perBlock, () => switchover(client, rig.groupName)));
      say(`block ${block + 1}: gantry ${gantry.gapsMs.slice(-perBlock).map(rounded).join(' ')} ms`);
      idleGapsMs.push(await runBlock(rig, failover, perBlock, () => plainFailover(rig)));
      say(`block ${block + 1}: FAILOVER ${failover.gapsMs.slice(-perBlock).map(rounded).join(' ')} ms`);
    }
    const [ours, theirs] = [summary(gantry), summary(failover)];
    return {
      gantry: ours,
      failover: theirs,
      idleGapMsMax: rounded(Math.max(...idleGapsMs)),
      largestGapRatio: rounded(ours.gapMsMax / theirs.gapMsMax),
      writers,
      writesPerSecond: writers * ratePerWriter,
    };
  } finally {
    for (let stop = stops.pop(); stop; stop = stops.pop()) await stop();
    rmSync(stateDir, { recursive: true, force: true });
  }
}

/** Some handovers under one load, whose every acknowledged write is read back. Answers the longest gap of quiet writing. */
async function runBlock(rig: RedisRig, tally: Tally, count: number, handOver: () => Promise<void>): Promise<number> {
  const load = await startLoad(rig);
  try {
    await pause(500);
    await load.mark('quiet');
    await pause(1_000);
    const idle = await load.gap('quiet');
    for (let done = 0; done < count; done += 1) {
      await settled(rig);
      const start = `start ${done}`;
      const end = `end ${done}`;
      const sinceMs = await load.mark(start);
      await pause(aroundMs);
      await handOver();
      await pause(aroundMs);
      const untilMs = await load.mark(end);
      tally.gapsMs.push((await load.gap(start, end)).maxMs);
      if ((await load.twoPrimaries({ sinceMs, untilMs })).twoPrimaries) tally.twoPrimaries += 1;
    }
    const { acked } = await load.stop();
    const verdict = await load.verify(await livePrimary(rig));
    tally.acked += acked;
    tally.lost += verdict.lost;
    return idle.maxMs;
  } finally {
    await load.close();
  }
}

function startLoad(rig: RedisRig): Promise<WriterProcess> {
  return startWriterProcess({
    discoveryUrl: rig.discoveryUrl,
    group: rig.groupName,
    writers,
    ratePerWriter,
    maxMs: 10 * 60_000,
    maxWrites: 3_000_000,
    nodeNames: Object.fromEntries(rig.group.nodes.map((node) => [`${node.host}:${node.port}`, node.name])),
    ...(rig.group.password === undefined ? {} : { password: rig.group.password }),
  });
}

async function switchover(client: Client, group: string): Promise<void> {
  const args = [{ group, procedure: 'fast', requestedBy: 'bench' }];
  const report = (await client.workflow.execute('redisSwitchover', {
    workflowId: `redis/${group}`,
    taskQueue: 'gantry',
    args,
  })) as RunReport;
  if (report.outcome !== 'done') throw new Error(`a handover ended as ${report.outcome}`);
}

function summary({ gapsMs, lost, acked, twoPrimaries }: Tally): {
  gapMsP50: number;
  gapMsMax: number;
  lost: number;
  handovers: number;
  acked: number;
  twoPrimaries: number;
} {
  const sorted = [...gapsMs].sort((a, b) => a - b);
  return {
    gapMsP50: rounded(sorted[Math.floor(sorted.length / 2)] ?? Number.NaN),
    gapMsMax: rounded(sorted.at(-1) ?? Number.NaN),
    lost,
    handovers: sorted.length,
    acked,
    twoPrimaries,
  };
}

function rounded(ms: number): number {
  return Math.round(ms * 100) / 100;
}
