import type { WorkflowHandle } from '@temporalio/client';
import { expect, test, vi } from 'vitest';
import { pause, until } from '../../../lab/clock.ts';
import { startTcpProxy } from '../../../lab/faults/tcp-proxy.ts';
import type { WriterProcess } from '../../../lab/load/redis-writer-process.ts';
import { freePort } from '../../../lab/ports.ts';
import { startRedisNode } from '../../../lab/redis/node.ts';
import { withRedis } from '../../../lab/redis/client.ts';
import { linkUp } from '../../../lab/redis/redis.ts';
import { GantryError } from '../../../src/errors/index.ts';
import type { GuardFailover, GuardMode, GuardStatus, RunReport } from '../../../src/runs/index.ts';
import type { FailoverSettings } from '../../support/failover-runs.ts';
import { beforeAnAck, failoverRuns, ledgerOf, roleOf, writeLoad } from '../../support/failover-runs.ts';
import { describeWith, labFolder, stopping } from '../../support/lab.ts';
import type { PartitionOptions, PartitionRig } from '../../support/partition-rig.ts';
import { partitionRig } from '../../support/partition-rig.ts';
import type { SwitchoverRig } from '../../support/switchover-rig.ts';
import { resolveNow } from '../../support/parked.ts';
import { useTemporal } from '../../support/temporal.ts';

// Ten to sixty seconds each on a machine that is busy.
vi.setConfig({ testTimeout: 300_000 });

const maxLagMs = 2_000;

const leaseAlone: FailoverSettings = () => ({
  fences: [{ kind: 'refuse-writes' }, { kind: 'lease' }],
  leaseMargin: '3s',
  probeEvery: '200ms',
  probeTimeout: '300ms',
});

// A primary that some clients still reach and nobody else: only its lease keeps it from taking writes beside the next one.
await describeWith(['temporal', 'redis'], 'the lease of a primary that only some clients still reach', () => {
  const server = useTemporal();
  const runs = failoverRuns(server);

  const settings: PartitionOptions = {
    redis: {
      minReplicasMaxLagSeconds: maxLagMs / 1_000,
      // A link over which nothing comes is given up after 3 s.
      conf: { 'repl-timeout': '3', 'repl-ping-replica-period': '1' },
    },
    settings: {
      writeSafety: { minReplicasToWrite: 1, minReplicasMaxLag: `${maxLagMs}ms` },
      guard: { sampleEvery: '200ms', retryFirst: '60s', retryMax: '120s' },
    },
  };
  const scene = (): Promise<PartitionRig> => partitionRig(server(), runs, leaseAlone, settings);

  /** A guard, once it has read the primary. */
  const guarded = async (rig: SwitchoverRig, primary: string, mode: GuardMode = 'act'): Promise<WorkflowHandle> => {
    const handle = await server().client.workflow.start('redisGuard', {
      workflowId: `guard/redis/${rig.groupName}`,
      taskQueue: rig.taskQueue,
      args: [{ group: rig.groupName, mode }],
    });
    stopping({ stop: () => handle.terminate('the test is over').catch(() => undefined) });
    await until(async () => (await statusOf(handle)).last?.node === primary, 30_000);
    return handle;
  };
  const statusOf = (guard: WorkflowHandle): Promise<GuardStatus> => guard.query<GuardStatus>('status');
  /** The guard's first failover, once it has ended. */
  const firstFailover = async (guard: WorkflowHandle): Promise<GuardFailover> => {
    const ended = await until(async () => {
      const [first] = (await statusOf(guard)).failovers;
      return first?.outcome !== undefined && first;
    }, 120_000);
    if (!ended) throw new Error(`no failover ended: ${JSON.stringify(await statusOf(guard))}`);
    return ended;
  };
  const others = ['workers', 'a', 'b', 'c'];

  test('as declared: the guard hands on what the primary said of itself, and no write is taken by two', async () => {
    const rig = await scene();
    const writers = await writeLoad(rig);
    const guard = await guarded(rig, 'r1');
    const sinceMs = await beforeAnAck(writers);
    await rig.links.cut([...others, 'r2', 'r3'], 'r1', 'silence');
    const ended = await firstFailover(guard);
    expect(ended).toMatchObject({ outcome: 'done' });
    const report = (await server().client.workflow.getHandle(ended.workflowId).result()) as RunReport;
    expect(report.steps[0]).toMatchObject({ after: { receipt: { kind: 'lease' } } });
    expect(report.plan?.facts.find(({ label }) => label === 'what the lease rests on')?.value).toMatch(
      /r1 itself: min-replicas-to-write 1, min-replicas-max-lag 2 s, read \d+ s before .*; replicas r2, r3/,
    );
    const to = (await roleOf(rig, 'r2')) === 'master' ? 'r2' : 'r3';
    expect(await until(async () => (await writers.twoPrimaries({ sinceMs })).handovers.length > 0, 10_000)).toBe(true);
    expect((await ledgerOf(rig, writers, sinceMs, to)).twoPrimaries).toBe(false);
  });

  test('is known to a failover that a person starts, from the guard that only observes', async () => {
    const rig = await runs.rigWith(leaseAlone, settings);
    const guard = await guarded(rig, 'r1', 'observe');
    await rig.group.node('r1').kill();
    expect(await until(async () => (await statusOf(guard)).alarm?.node === 'r1', 60_000)).toBe(true);
    const report = await runs.outcome(runs.start(rig));
    expect(report.outcome).toBe('done');
    expect(report.steps[0]).toMatchObject({ after: { receipt: { kind: 'lease' } } });
    expect(report.plan?.facts.find(({ label }) => label === 'loss (RPO)')?.value).toContain('last known offset');
  });

  test('is void where min-replicas-to-write is 0 on the primary alone, though its replicas say 1', async () => {
    const rig = await scene();
    const writers = await writeLoad(rig);
    await withRedis(rig.group.node('r1'), rig.group.password, (redis) =>
      redis.config('SET', 'min-replicas-to-write', '0'),
    );
    const guard = await guarded(rig, 'r1');
    const sinceMs = await beforeAnAck(writers);
    await rig.links.cut([...others, 'r2', 'r3'], 'r1', 'silence');
    const ended = await firstFailover(guard);
    expect(await twoTakeWrites(writers, sinceMs)).toBe(false);
    expect(ended).toMatchObject({ outcome: 'refused', code: 'FENCE_IMPOSSIBLE' });
    expect(ended.message).toContain('min-replicas-to-write of r1 was 0');
    await linkedAgain(rig, () => rig.links.heal(), 'r1');
    const ledger = await ledgerOf(rig, writers, sinceMs, 'r1');
    expect(ledger).toMatchObject({ twoPrimaries: false, lost: 0 });
    expect(Object.keys(ledger.byNode)).toEqual(['r1']);
  });

  test('is void where a replica follows the primary that nobody declared: it keeps it writable', async () => {
    const rig = await scene();
    const writers = await writeLoad(rig);
    const stray = stopping(
      await startRedisNode({
        ...{ stateDir: labFolder(), group: rig.groupName, name: 'stray', replicaOf: rig.group.node('r1') },
        password: rig.group.password ?? '',
      }),
    );
    await linkUp(stray, rig.group.login);
    const guard = await guarded(rig, 'r1');
    const sinceMs = await beforeAnAck(writers);
    await rig.links.cut([...others, 'r2', 'r3'], 'r1', 'silence');
    const ended = await firstFailover(guard);
    expect(await twoTakeWrites(writers, sinceMs)).toBe(false);
    expect(ended).toMatchObject({ outcome: 'refused', code: 'FENCE_IMPOSSIBLE' });
    expect(ended.message).toContain(`${stray.host}:${stray.port}`);
    await linkedAgain(rig, () => rig.links.heal(), 'r1');
    expect(await ledgerOf(rig, writers, sinceMs, 'r1')).toMatchObject({ twoPrimaries: false, lost: 0 });
  });

  test('is void while a switchover stands before its last steps, watched or not', async () => {
    let isBroken = true;
    const r2 = { host: '127.0.0.1', port: await freePort() };
    const rig = await runs.rigWith(leaseAlone, {
      ...settings,
      addresses: ({ name, host, port }) => (name === 'r2' ? r2 : { host, port }),
      wrapDriver: (name, driver) => (name === 'redis' ? withoutRepoint(driver, () => isBroken) : driver),
    });
    const real = rig.group.node('r2');
    // The way of everybody but the clients.
    const way = stopping(await startTcpProxy({ target: { host: real.host, port: real.port }, listenPort: r2.port }));
    const writers = await writeLoad(rig, {
      nodeNames: Object.fromEntries(
        [...rig.group.nodes, { ...r2, name: 'r2' }].map(({ name, host, port }) => [`${host}:${port}`, name]),
      ),
      routes: { [`${r2.host}:${r2.port}`]: { host: real.host, port: real.port } },
    });
    const switchover = await server().client.workflow.start('redisSwitchover', {
      workflowId: `redis/${rig.groupName}`,
      taskQueue: rig.taskQueue,
      args: [{ group: rig.groupName, to: 'r2' }],
    });
    await runs.until(rig, 'parked', 60_000);
    const guard = await guarded(rig, 'r2');
    const sinceMs = await beforeAnAck(writers);
    way.drop();
    const ended = await firstFailover(guard);
    // The record that Gantry left before it promoted says the same to a failover that was told something else; one that was
    // told nothing asks the guard.
    const claimed = { node: 'r2', minReplicasToWrite: 1, minReplicasMaxLagSeconds: 2, replicas: ['r1'], ageMs: 0 };
    const told = await wordsOf(runs.start(rig, { lastReading: claimed }));
    const untold = await wordsOf(runs.start(rig));
    expect(await twoTakeWrites(writers, sinceMs)).toBe(false);
    // Found out before it interrupts the switchover, so that there was no run to be refused.
    expect(ended.code).toBe('FENCE_IMPOSSIBLE');
    expect(ended.message).toContain('min-replicas-to-write of r2 was 0');
    expect(told).toContain('a deviation that was recorded');
    expect(untold).toContain('min-replicas-to-write of r2 was 0');
    isBroken = false;
    await linkedAgain(rig, () => way.heal(), 'r2');
    await resolveNow(switchover, { action: 'retry', by: 'ada' });
    expect(((await switchover.result()) as RunReport).outcome).toBe('done');
    expect(await ledgerOf(rig, writers, sinceMs, 'r2')).toMatchObject({ twoPrimaries: false, lost: 0 });
  });

  /** Whether an old and a new primary acknowledge at one time; a promotion has the time that it would need. */
  async function twoTakeWrites(writers: WriterProcess, sinceMs: number): Promise<boolean> {
    await pause(1_000);
    return (await writers.twoPrimaries({ sinceMs })).twoPrimaries;
  }

  /** Ends the partition: what was parted is one group again before anything is counted. */
  async function linkedAgain(rig: SwitchoverRig, heal: () => Promise<void>, primary: string): Promise<void> {
    await heal();
    expect(await roleOf(rig, primary)).toBe('master');
    const replicas = rig.group.nodes.filter(({ name }) => name !== primary);
    await Promise.all(replicas.map((node) => linkUp(node, rig.group.login)));
  }

  async function wordsOf(run: Promise<WorkflowHandle>): Promise<string> {
    const error: unknown = await (await run).result().then(
      () => undefined,
      (failure: unknown) => failure,
    );
    return JSON.stringify(error, (_key, value: unknown) =>
      value instanceof Error ? { ...value, message: value.message, cause: value.cause } : value,
    );
  }
});

/** A driver whose `repoint` fails as long as `isBroken` says so. */
function withoutRepoint<T extends object>(driver: T, isBroken: () => boolean): T {
  if (!('repoint' in driver) || typeof driver.repoint !== 'function') return driver;
  const { repoint } = driver;
  return {
    ...driver,
    repoint: async (...given: unknown[]): Promise<unknown> => {
      if (isBroken()) throw new GantryError('REDIS_COMMAND_FAILED', 'not now');
      return (repoint as (...all: unknown[]) => unknown)(...given);
    },
  };
}
