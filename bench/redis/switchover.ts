import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { startRigWriters } from '../../lab/load/rig-writers.ts';
import type { RedisRig } from '../../lab/redis/rig.ts';
import { startRedisRig } from '../../lab/redis/rig.ts';
import { defineBench } from '../bench.ts';
import { atEnd } from '../cleanup.ts';
import { benchServer, carryOut, countOf, startBenchWorkers } from '../gantry.ts';
import { livePrimary, plainFailover, settled } from './failover-command.ts';
import { p50, rounded } from '../statistics.ts';

/** One method's handovers. */
type Tally = { gapsMs: number[]; lost: number; acked: number; twoPrimaries: number };

const writers = 4;
const ratePerWriter = 1_000;
const bounds = { writers, ratePerWriter, maxMs: 10 * 60_000, maxWrites: 3_000_000 };
/** Writing before and after each handover. */
const aroundMs = 400;
/** The methods take turns in blocks of this many handovers, so that both see the same machine. */
const perBlock = 10;

type MethodResult = ReturnType<typeof summary>;

/** What the bench `redis-switchover` answers. */
export type SwitchoverResult = {
  gantry: MethodResult;
  failover: MethodResult;
  /** The longest gap of the same writers while nothing happened. */
  idleGapMsMax: number;
  /** Gantry's longest gap as a share of FAILOVER's. */
  largestGapRatio: number;
  writers: number;
  writesPerSecond: number;
};

/**
 * Handovers by Gantry (procedure A, as whole durable runs) and by plain `FAILOVER`, in turns on the same group under the
 * same load. The gap is the runbook's: per writer, the longest time from one acknowledged write to the next, redirect
 * included.
 */
export const redisSwitchover = defineBench<SwitchoverResult>({
  name: 'redis-switchover',
  summary: 'write gap and lost writes of a planned handover: Gantry beside plain FAILOVER',
  settings: [
    'Redis of the distribution, 1 primary and 2 replicas on loopback, appendonly everysec, min-replicas-to-write 1',
    `${writers} writers, each ${ratePerWriter} writes a second, in a process of their own; discovery over HTTP`,
    'Temporal dev server of the lab, SQLite on a file (WAL, synchronous=off); workers in a process of their own',
  ],
  options: { handovers: { type: 'string', help: 'of each method; 30 unless given' } },
  async run(options, say) {
    const handovers = countOf(options, 'handovers', 30);
    const { stateDir, temporal, client } = await benchServer();
    const kinds = { 'redis.switchover': { approval: { people: 0 }, soak: { duration: '100ms', every: '100ms' } } };
    const rig = await startRedisRig({ stateDir, policies: { kinds } });
    atEnd(() => rig.stop());
    const workers = await startBenchWorkers(temporal, rig, { stateDir });
    atEnd(() => workers.stop());

    const gantry: Tally = { gapsMs: [], lost: 0, acked: 0, twoPrimaries: 0 };
    const failover: Tally = { gapsMs: [], lost: 0, acked: 0, twoPrimaries: 0 };
    const idleGapsMs: number[] = [];
    const turns = [
      { name: 'gantry', tally: gantry, handOver: () => switchover(client, rig.groupName) },
      { name: 'FAILOVER', tally: failover, handOver: () => plainFailover(rig) },
    ];
    for (let done = 0; done < handovers; done += perBlock) {
      const count = Math.min(perBlock, handovers - done);
      for (const { name, tally, handOver } of turns) {
        idleGapsMs.push(await runBlock(rig, tally, count, handOver));
        say(
          `${name}: ${tally.gapsMs
            .slice(-count)
            .map((ms) => rounded(ms))
            .join(' ')} ms`,
        );
      }
    }
    const ours = summary(gantry);
    const theirs = summary(failover);
    return {
      gantry: ours,
      failover: theirs,
      idleGapMsMax: rounded(Math.max(...idleGapsMs)),
      largestGapRatio: rounded(ours.gapMsMax / theirs.gapMsMax, 3),
      writers,
      writesPerSecond: writers * ratePerWriter,
    };
  },
  table({ gantry, failover, idleGapMsMax, largestGapRatio }) {
    const row = (what: string, ours: unknown, theirs: unknown): string =>
      `${what.padEnd(34)}${String(ours).padStart(12)}${String(theirs).padStart(12)}`;
    return [
      row('', 'Gantry', 'FAILOVER'),
      row('handovers', gantry.handovers, failover.handovers),
      row('write gap p50, ms', gantry.gapMsP50, failover.gapMsP50),
      row('write gap max, ms', gantry.gapMsMax, failover.gapMsMax),
      row('acknowledged writes', gantry.acked, failover.acked),
      row('lost', gantry.lost, failover.lost),
      row('handovers with two primaries', gantry.twoPrimaries, failover.twoPrimaries),
      '',
      `longest gap with nothing happening: ${idleGapMsMax} ms; Gantry's longest is ${largestGapRatio} of FAILOVER's`,
    ];
  },
});

/** Some handovers under one load, whose every acknowledged write is read back. Answers the longest gap of quiet writing. */
async function runBlock(rig: RedisRig, tally: Tally, count: number, handOver: () => Promise<void>): Promise<number> {
  const load = await startRigWriters(rig, bounds);
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

async function switchover(client: Client, group: string): Promise<void> {
  const input = { group, procedure: 'fast' };
  await carryOut(client, 'redisSwitchover', { workflowId: `redis/${group}`, input });
}

function summary({ gapsMs, lost, acked, twoPrimaries }: Tally) {
  return {
    gapMsP50: rounded(p50(gapsMs)),
    gapMsMax: rounded(Math.max(...gapsMs)),
    lost,
    handovers: gapsMs.length,
    acked,
    twoPrimaries,
  };
}
