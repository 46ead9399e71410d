import { mkdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { until } from '../../lab/clock.ts';
import { labProcessFence } from '../../lab/redis/fence.ts';
import type { WriterProcess } from '../../lab/load/redis-writer-process.ts';
import { startRigWriters } from '../../lab/load/rig-writers.ts';
import type { WritersOptions } from '../../lab/load/redis-writers.ts';
import type { PrimaryReading } from '../../lab/redis/primary-reading.ts';
import { primaryReading } from '../../lab/redis/primary-reading.ts';
import type { RedisRig } from '../../lab/redis/rig.ts';
import { startRedisRig } from '../../lab/redis/rig.ts';
import { defineBench } from '../bench.ts';
import type { BenchServer } from '../gantry.ts';
import { benchServer, carryOut, countOf, startBenchWorkers } from '../gantry.ts';

/** Clients that wait for an answer as long as it takes, each with one write in the socket of the frozen primary. */
const patient = 50;
const maxLagSeconds = 2;
/** After so long without a word a link is given up: only then does the lease hold. */
const replTimeoutSeconds = 4;
/** What the woken primary is given to take what it will take. */
const awakeMs = 2_000;

type Fencing = 'process' | 'lease';
/** One thaw: writes that the old primary acknowledged after the first one of the new. */
type Woken = { doublyAccepted: number };
type FencingResult = { runs: number; runsWithDouble: number; doublyAccepted: number; most: number };

/** What the bench `redis-failover-frozen` answers. */
export type FrozenResult = Record<Fencing, FencingResult>;

/**
 * A primary that is frozen (SIGSTOP), failed over from, and woken: how often it still takes what waits in its sockets, and
 * how much. The one exception to "no write is taken by both" under the lease; a confirmed process fence has none.
 */
export const redisFailoverFrozen = defineBench<FrozenResult>({
  name: 'redis-failover-frozen',
  summary:
    'a frozen primary that wakes after the promotion: writes that both nodes took, by process fence and by lease',
  settings: [
    `Redis of the distribution, 1 primary and 2 replicas on loopback, min-replicas-to-write 1, max-lag ${maxLagSeconds} s, repl-timeout ${replTimeoutSeconds} s; lease margin 3 s`,
    `${patient} writers that wait for their answer without end, one write each in flight; 2 more that look the primary up at once`,
    `SIGSTOP, failover, SIGCONT once the new primary has acknowledged a write; counted for ${awakeMs / 1_000} s`,
  ],
  options: {
    runs: { type: 'string', help: 'of each fencing; 10 unless given' },
    only: { type: 'string', help: 'one fencing: process or lease' },
  },
  async run(options, say) {
    const runs = countOf(options, 'runs', 10);
    const server = await benchServer();
    const measure = async (fencing: Fencing): Promise<FencingResult> => {
      const woken: Woken[] = [];
      const wanted = options['only'] === undefined || options['only'] === fencing ? runs : 0;
      for (let run = 1; run <= wanted; run += 1) {
        woken.push(await freezeOnce(server, `${fencing}-${run}`, fencing));
        say(`${fencing}: ${woken.map(({ doublyAccepted }) => doublyAccepted).join(' ')} writes taken by both`);
      }
      return resultOf(woken);
    };
    return { process: await measure('process'), lease: await measure('lease') };
  },
  table({ process: fenced, lease }) {
    const row = (what: string, of: (one: FencingResult) => number): string =>
      what.padEnd(40) + [fenced, lease].map((one) => String(of(one)).padStart(16)).join('');
    return [
      ''.padEnd(40) + ['process fence', 'lease alone'].map((name) => name.padStart(16)).join(''),
      row('runs', (one) => one.runs),
      row('runs with writes that both took', (one) => one.runsWithDouble),
      row('such writes, all runs', (one) => one.doublyAccepted),
      row('such writes, worst run', (one) => one.most),
    ];
  },
});

function resultOf(woken: readonly Woken[]): FencingResult {
  const counts = woken.map(({ doublyAccepted }) => doublyAccepted);
  return {
    runs: counts.length,
    runsWithDouble: counts.filter((count) => count > 0).length,
    doublyAccepted: counts.reduce((sum, count) => sum + count, 0),
    most: Math.max(0, ...counts),
  };
}

/** A group of its own for every run: a primary that took what it shouldn't have is no start for the next. */
async function freezeOnce({ stateDir, temporal, client }: BenchServer, name: string, fencing: Fencing): Promise<Woken> {
  const stops: (() => Promise<unknown>)[] = [];
  try {
    const rig = await startRig(join(stateDir, name), fencing, temporal, stops);
    const waiting = await load(rig, { writers: patient, replyTimeoutMs: 60_000, abandonAfterMs: null }, stops);
    const prompt = await load(rig, { writers: 2, ratePerWriter: 200 }, stops);
    const old = rig.group.node('r1');
    const lastReading = await primaryReading(rig, old.name);
    old.freeze();
    await failOver(client, rig, lastReading);
    const isElsewhere = async (): Promise<boolean> =>
      Object.entries((await prompt.snapshot()).byNode).some(([node, acked]) => node !== old.name && acked > 0);
    if (!(await until(isElsewhere, 20_000))) throw new Error('nobody writes to the new primary');
    const ackedByOld = async (): Promise<number> => (await waiting.snapshot()).byNode[old.name] ?? 0;
    const before = await ackedByOld();
    old.thaw();
    await pause(awakeMs);
    return { doublyAccepted: (await ackedByOld()) - before };
  } finally {
    for (const stop of stops.reverse()) await stop();
  }
}

async function startRig(
  stateDir: string,
  fencing: Fencing,
  temporal: BenchServer['temporal'],
  stops: (() => Promise<unknown>)[],
): Promise<RedisRig> {
  mkdirSync(stateDir, { recursive: true });
  const group = basename(stateDir);
  const policy = { approval: { people: 0 }, soak: { duration: '100ms', every: '100ms' } };
  const rig = await startRedisRig({
    stateDir,
    group,
    policies: { kinds: { 'redis.failover': policy } },
    redis: {
      minReplicasMaxLagSeconds: maxLagSeconds,
      conf: { 'repl-timeout': String(replTimeoutSeconds), 'repl-ping-replica-period': '1' },
    },
    settings: {
      writeSafety: { minReplicasToWrite: 1, minReplicasMaxLag: `${maxLagSeconds}s` },
      failover: {
        fences: fencing === 'process' ? [labProcessFence(stateDir)] : [{ kind: 'lease' }],
        probeEvery: '300ms',
        probeTimeout: '300ms',
      },
    },
  });
  stops.push(() => rig.stop());
  const workers = await startBenchWorkers(temporal, rig, { stateDir, taskQueue: group });
  stops.push(() => workers.stop());
  return rig;
}

async function load(
  rig: RedisRig,
  options: Partial<WritersOptions>,
  stops: (() => Promise<unknown>)[],
): Promise<WriterProcess> {
  const writers = await startRigWriters(rig, { ratePerWriter: 50, ...options });
  stops.push(() => writers.close());
  await until(async () => (await writers.snapshot()).acked > 100, 10_000);
  return writers;
}

async function failOver(client: Client, { groupName: group }: RedisRig, lastReading: PrimaryReading): Promise<void> {
  const input = { group, lastReading };
  await carryOut(client, 'redisFailover', { workflowId: `failover/${group}`, taskQueue: group, input });
}
