import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { labProcessFence } from '../../lab/redis/fence.ts';
import { startRigWriters } from '../../lab/load/rig-writers.ts';
import { withRedis } from '../../lab/redis/client.ts';
import type { PrimaryReading } from '../../lab/redis/primary-reading.ts';
import { primaryReading } from '../../lab/redis/primary-reading.ts';
import type { RedisRig } from '../../lab/redis/rig.ts';
import { startRedisRig } from '../../lab/redis/rig.ts';
import type { RedisNode } from '../../lab/redis/redis.ts';
import { defineBench } from '../bench.ts';
import type { Say } from '../bench.ts';
import { atEnd } from '../cleanup.ts';
import type { BenchServer } from '../gantry.ts';
import { benchServer, carryOut, countOf, startBenchWorkers } from '../gantry.ts';
import { livePrimary, settled } from './failover-command.ts';
import { bridgeSentinels } from './sentinel-bridge.ts';
import { p50, rounded } from '../statistics.ts';

const writers = 4;
const ratePerWriter = 500;
const downAfterMs = 2_000;
/** Writing before each kill and after each failover. */
const aroundMs = 800;

/** One method's kills. */
type Tally = { writableMs: number[]; lost: number; acked: number; doubleAccepted: number };
type MethodResult = ReturnType<typeof summary>;

/** What the bench `redis-failover` answers. */
export type FailoverResult = { gantryFence: MethodResult; gantryLease: MethodResult; sentinel: MethodResult };

/**
 * `kill -9` of the primary under load: Gantry with a confirmed process fence, Gantry with the lease alone, three Sentinels
 * alone; the same time of silence (2 s) makes all of them call it dead. The time is the writers': from the last
 * acknowledged write to the next one, the worst of all writers, redirect included.
 */
export const redisFailover = defineBench<FailoverResult>({
  name: 'redis-failover',
  summary: 'kill -9 of the primary: time to writable, lost and doubly accepted writes; Gantry beside Sentinel',
  settings: [
    'Redis of the distribution, 1 primary and 2 replicas on loopback, appendonly everysec, min-replicas-to-write 1, max-lag 10 s',
    `${writers} writers, each ${ratePerWriter} writes a second, in a process of their own; discovery over HTTP`,
    `dead after ${downAfterMs} ms: Sentinel's down-after; Gantry's 5 probes, 500 ms apart, from one vantage`,
    'Temporal dev server of the lab, SQLite on a file (WAL, synchronous=off); workers in a process of their own',
  ],
  options: {
    kills: { type: 'string', help: 'of each method; 20 unless given' },
    only: { type: 'string', help: 'one method: gantryFence, gantryLease or sentinel' },
  },
  async run(options, say) {
    const kills = countOf(options, 'kills', 20);
    const only = options['only'];
    const wants = (name: string): boolean => only === undefined || only === name;
    const { stateDir, temporal, client } = await benchServer();
    const gantry = async (name: string, fences: (folder: string) => object[]): Promise<Tally> => {
      const folder = join(stateDir, name);
      const rig = await gantryRig(folder, name, fences(folder), temporal);
      return measure(rig, kills, say, async (_dead, lastReading) =>
        failOver(client, rig, { taskQueue: name, lastReading }),
      );
    };
    const none: Tally = { writableMs: [], lost: 0, acked: 0, doubleAccepted: 0 };
    return {
      gantryFence: summary(
        wants('gantryFence') ? await gantry('gantryFence', (folder) => [labProcessFence(folder)]) : none,
      ),
      gantryLease: summary(wants('gantryLease') ? await gantry('gantryLease', () => [{ kind: 'lease' }]) : none),
      sentinel: summary(wants('sentinel') ? await underSentinel(join(stateDir, 'sentinel'), kills, say) : none),
    };
  },
  table({ gantryFence, gantryLease, sentinel }) {
    const row = (what: string, of: (method: MethodResult) => unknown): string =>
      what.padEnd(34) + [gantryFence, gantryLease, sentinel].map((one) => String(of(one)).padStart(14)).join('');
    return [
      ''.padEnd(34) + ['Gantry, fence', 'Gantry, lease', 'Sentinel'].map((name) => name.padStart(14)).join(''),
      row('kills', ({ kills }) => kills),
      row('time to writable p50, ms', ({ writableMsP50 }) => writableMsP50),
      row('time to writable max, ms', ({ writableMsMax }) => writableMsMax),
      row('acknowledged writes', ({ acked }) => acked),
      row('lost', ({ lost }) => lost),
      row('accepted by two nodes', ({ doubleAccepted }) => doubleAccepted),
    ];
  },
});

async function gantryRig(
  stateDir: string,
  name: string,
  fences: readonly object[],
  temporal: BenchServer['temporal'],
): Promise<RedisRig> {
  mkdirSync(stateDir, { recursive: true });
  const policy = { approval: { people: 0 }, soak: { duration: '100ms', every: '100ms' } };
  const rig = await startRedisRig({
    stateDir,
    group: name,
    policies: { kinds: { 'redis.failover': policy } },
    settings: { failover: { fences, probes: 5, probeEvery: '500ms', probeTimeout: '500ms' } },
  });
  atEnd(() => rig.stop());
  const workers = await startBenchWorkers(temporal, rig, { stateDir, taskQueue: name });
  atEnd(() => workers.stop());
  return rig;
}

async function underSentinel(stateDir: string, kills: number, say: Say): Promise<Tally> {
  mkdirSync(stateDir, { recursive: true });
  const rig = await startRedisRig({ stateDir, group: 'sentinel' });
  atEnd(() => rig.stop());
  const bridge = await bridgeSentinels(rig, stateDir, downAfterMs);
  atEnd(() => bridge.stop());
  return measure(rig, kills, say, (dead) => bridge.switched(dead));
}

/** Kills the primary again and again; each time the writers say how long nothing was written, and what is lost. */
async function measure(
  rig: RedisRig,
  kills: number,
  say: Say,
  replaced: (dead: RedisNode, lastReading: PrimaryReading) => Promise<void>,
): Promise<Tally> {
  const tally: Tally = { writableMs: [], lost: 0, acked: 0, doubleAccepted: 0 };
  for (let done = 0; done < kills; done += 1) {
    await settled(rig);
    const load = await startRigWriters(rig, { writers, ratePerWriter });
    try {
      await pause(aroundMs);
      const dead = await livePrimary(rig);
      const lastReading = await primaryReading(rig, dead.name);
      const sinceMs = await load.mark('kill');
      await dead.kill();
      await replaced(dead, lastReading);
      await pause(aroundMs);
      tally.writableMs.push((await load.gap('kill')).maxMs);
      if ((await load.twoPrimaries({ sinceMs })).twoPrimaries) tally.doubleAccepted += 1;
      const { acked } = await load.stop();
      tally.acked += acked;
      const next = await successor(rig, dead);
      const { lost } = await load.verify(next);
      tally.lost += lost;
      await comeBack(rig, dead, next);
    } finally {
      await load.close();
    }
    say(`${rig.groupName}: ${tally.writableMs.map((ms) => rounded(ms, 0)).join(' ')} ms; ${tally.lost} lost`);
  }
  return tally;
}

/** The old primary as a replica again, the write safety as it was: no part of what is measured. */
async function comeBack(rig: RedisRig, dead: RedisNode, primary: RedisNode): Promise<void> {
  const { password } = rig.group;
  await dead.restart();
  await withRedis(dead, password, async (redis) => {
    await redis.replicaof(primary.host, primary.port);
    await redis.config('REWRITE');
  });
}

/** The node that is primary while the dead one still is. */
function successor({ group, ...rig }: RedisRig, dead: RedisNode): Promise<RedisNode> {
  return livePrimary({ ...rig, group: { ...group, nodes: group.nodes.filter((node) => node !== dead) } });
}

let runs = 0;

async function failOver(
  client: Client,
  { groupName: group }: RedisRig,
  { taskQueue, lastReading }: { taskQueue: string; lastReading: PrimaryReading },
): Promise<void> {
  const input = { group, acknowledgeRecentFailover: true, lastReading };
  await carryOut(client, 'redisFailover', { workflowId: `failover/${group}/${(runs += 1)}`, taskQueue, input });
}

function summary({ writableMs, lost, acked, doubleAccepted }: Tally) {
  return {
    writableMsP50: rounded(p50(writableMs), 0),
    writableMsMax: rounded(Math.max(...writableMs), 0),
    lost,
    doubleAccepted,
    kills: writableMs.length,
    acked,
  };
}
