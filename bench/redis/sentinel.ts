import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { startRigWriters } from '../../lab/load/rig-writers.ts';
import type { RedisRig } from '../../lab/redis/rig.ts';
import { startRedisRig } from '../../lab/redis/rig.ts';
import { defineBench } from '../bench.ts';
import { atEnd } from '../cleanup.ts';
import { benchServer, carryOut, countOf, startBenchWorkers } from '../gantry.ts';
import { configEpoch, plainSentinelFailover, settledUnderSentinel, watchAgreement } from './sentinel-command.ts';
import { p50, rounded } from '../statistics.ts';

/** One method's handovers. */
type Tally = {
  gapsMs: number[];
  agreeMs: number[];
  lost: number;
  acked: number;
  twoPrimaries: number;
  elections: number;
};

const writers = 4;
const ratePerWriter = 500;
const bounds = { writers, ratePerWriter, maxMs: 20 * 60_000, maxWrites: 3_000_000 };
/** Writing before and after each handover. */
const aroundMs = 400;
const perBlock = 5;

/** What the bench `redis-sentinel` answers. */
export type SentinelResult = {
  gantry: ReturnType<typeof summary>;
  sentinel: ReturnType<typeof summary>;
  writers: number;
  writesPerSecond: number;
};

/**
 * Planned handovers under Sentinel: by Gantry (procedure B, as whole durable runs) and by plain `SENTINEL FAILOVER`, in
 * turns on the same group under the same load. At the end of each method's turns a minute without a handover, in which no
 * further election may come.
 */
export const redisSentinel = defineBench<SentinelResult>({
  name: 'redis-sentinel',
  summary: 'write gap, lost writes and elections of a planned handover under Sentinel: Gantry beside SENTINEL FAILOVER',
  settings: [
    'Redis of the distribution, 1 primary and 2 replicas on loopback, appendonly everysec, min-replicas-to-write 1',
    '3 Sentinels, quorum 2, down-after 2 s; they read INFO every second instead of ten, so that a preference is noticed sooner',
    `${writers} writers, each ${ratePerWriter} writes a second, in a process of their own; discovery over HTTP`,
    'Temporal dev server of the lab, SQLite on a file (WAL, synchronous=off); workers in a process of their own',
  ],
  options: {
    handovers: { type: 'string', help: 'of each method; 20 unless given' },
    watch: { type: 'string', help: 'seconds without a handover at the end of each method; 60 unless given' },
  },
  async run(options, say) {
    const handovers = countOf(options, 'handovers', 20);
    const watchMs = Number(options['watch'] ?? 60) * 1000;
    const { stateDir, temporal, client } = await benchServer();
    const kinds = { 'redis.switchover': { approval: { people: 0 }, soak: { duration: '100ms', every: '100ms' } } };
    const rig = await startRedisRig({ stateDir, policies: { kinds }, sentinels: { infoPeriodMs: 1_000 } });
    atEnd(() => rig.stop());
    const workers = await startBenchWorkers(temporal, rig, { stateDir });
    atEnd(() => workers.stop());

    const gantry = emptyTally();
    const sentinel = emptyTally();
    const turns = [
      { name: 'gantry', tally: gantry, handOver: () => switchover(client, rig.groupName) },
      { name: 'SENTINEL FAILOVER', tally: sentinel, handOver: () => plainSentinelFailover(rig) },
    ];
    for (let done = 0; done < handovers; done += perBlock) {
      const count = Math.min(perBlock, handovers - done);
      for (const { name, tally, handOver } of turns) {
        const isLast = done + perBlock >= handovers;
        await runBlock(rig, tally, { count, handOver, watchMs: isLast ? watchMs : 0 });
        const gaps = tally.gapsMs.slice(-count).map((ms) => rounded(ms, 0));
        say(`${name}: ${gaps.join(' ')} ms; ${tally.lost} lost so far`);
      }
    }
    return {
      gantry: summary(gantry),
      sentinel: summary(sentinel),
      writers,
      writesPerSecond: writers * ratePerWriter,
    };
  },
  table({ gantry, sentinel }) {
    const row = (what: string, ours: unknown, theirs: unknown): string =>
      `${what.padEnd(40)}${String(ours).padStart(12)}${String(theirs).padStart(20)}`;
    return [
      row('', 'Gantry', 'SENTINEL FAILOVER'),
      row('handovers', gantry.handovers, sentinel.handovers),
      row('write gap p50, ms', gantry.gapMsP50, sentinel.gapMsP50),
      row('write gap max, ms', gantry.gapMsMax, sentinel.gapMsMax),
      row('acknowledged writes', gantry.acked, sentinel.acked),
      row('lost', gantry.lost, sentinel.lost),
      row('handovers with two primaries', gantry.twoPrimaries, sentinel.twoPrimaries),
      row('all Sentinels agree after, ms max', gantry.agreeMsMax, sentinel.agreeMsMax),
      row('elections beyond those asked for', gantry.secondElections, sentinel.secondElections),
    ];
  },
});

type Block = { count: number; handOver: () => Promise<void>; watchMs: number };

/** Some handovers under one load, whose every acknowledged write is read back. */
async function runBlock(rig: RedisRig, tally: Tally, { count, handOver, watchMs }: Block): Promise<void> {
  await settledUnderSentinel(rig);
  const epochBefore = await configEpoch(rig);
  const load = await startRigWriters(rig, bounds);
  try {
    await pause(500);
    for (let done = 0; done < count; done += 1) {
      await settledUnderSentinel(rig);
      const [start, end] = [`start ${done}`, `end ${done}`];
      const sinceMs = await load.mark(start);
      await pause(aroundMs);
      const agreement = watchAgreement(rig);
      await handOver();
      // Until one node is primary again: plain SENTINEL FAILOVER leaves two for seconds.
      await settledUnderSentinel(rig);
      tally.agreeMs.push((await agreement.stop()) ?? Infinity);
      await pause(aroundMs);
      const untilMs = await load.mark(end);
      tally.gapsMs.push((await load.gap(start, end)).maxMs);
      if ((await load.twoPrimaries({ sinceMs, untilMs })).twoPrimaries) tally.twoPrimaries += 1;
    }
    const { acked } = await load.stop();
    tally.acked += acked;
    const { lost } = await load.verify(await settledUnderSentinel(rig));
    tally.lost += lost;
  } finally {
    await load.close();
  }
  await pause(watchMs);
  const epochAfter = await configEpoch(rig);
  tally.elections += epochAfter - epochBefore;
}

async function switchover(client: Client, group: string): Promise<void> {
  const input = { group, procedure: 'sentinel' };
  await carryOut(client, 'redisSwitchover', { workflowId: `redis/${group}`, input });
}

function emptyTally(): Tally {
  return { gapsMs: [], agreeMs: [], lost: 0, acked: 0, twoPrimaries: 0, elections: 0 };
}

function summary({ gapsMs, agreeMs, lost, acked, twoPrimaries, elections }: Tally) {
  return {
    gapMsP50: rounded(p50(gapsMs)),
    gapMsMax: rounded(Math.max(...gapsMs)),
    lost,
    handovers: gapsMs.length,
    acked,
    twoPrimaries,
    agreeMsMax: rounded(Math.max(...agreeMs)),
    secondElections: elections - gapsMs.length,
  };
}
