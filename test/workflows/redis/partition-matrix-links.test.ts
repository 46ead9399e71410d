import { expect, test } from 'vitest';
import { monotonicMs, pause, until } from '../../../lab/clock.ts';
import type { WriterProcess } from '../../../lab/load/redis-writer-process.ts';
import { linkUp } from '../../../lab/redis/redis.ts';
import { failoverRuns, ledgerOf, processFence, roleOf, writeLoad } from '../../support/failover-runs.ts';
import { describeWith } from '../../support/lab.ts';
import type { PartitionRig } from '../../support/partition-rig.ts';
import { partitionRig } from '../../support/partition-rig.ts';
import { useTemporal } from '../../support/temporal.ts';

/** So soon does a primary without replicas refuse writes, in whole seconds; and what its 1 Hz clock adds. */
const maxLagSeconds = 2;
const byItselfMs = maxLagSeconds * 1_000 + 3_000;

// Partitions that leave the primary alive for somebody who counts. The vantages are workers of this one process, each with
// a failure domain and links of its own.
await describeWith(['temporal', 'redis'], 'a partition that leaves the primary alive', () => {
  const server = useTemporal();
  const runs = failoverRuns(server);

  const scene = async (vantages?: readonly string[]): Promise<PartitionRig> =>
    partitionRig(server(), runs, processFence, {
      redis: { minReplicasMaxLagSeconds: maxLagSeconds },
      settings: { writeSafety: { minReplicasToWrite: 1, minReplicasMaxLag: `${maxLagSeconds}s` } },
      ...(vantages ? { vantages } : {}),
    });
  const codeOf = (rig: PartitionRig): Promise<string | undefined> => runs.refusedWith(runs.start(rig));
  const ackedIn = async (writers: WriterProcess, ms: number): Promise<number> => {
    const before = (await writers.snapshot()).acked;
    await pause(ms);
    return (await writers.snapshot()).acked - before;
  };
  /** Nothing was decided, nothing was changed, nothing is lost, and whatever was parted writes again. */
  const unharmed = async (rig: PartitionRig, writers: WriterProcess, sinceMs: number): Promise<void> => {
    await rig.links.heal();
    await Promise.all(['r2', 'r3'].map((name) => linkUp(rig.group.node(name), rig.group.login)));
    expect(await until(async () => (await ackedIn(writers, 200)) > 0, 10_000)).toBe(true);
    expect(await Promise.all(['r1', 'r2', 'r3'].map((name) => roleOf(rig, name)))).toEqual([
      'master',
      'slave',
      'slave',
    ]);
    const ledger = await ledgerOf(rig, writers, sinceMs, 'r1');
    expect(ledger).toMatchObject({ twoPrimaries: false, lost: 0 });
    expect(Object.keys(ledger.byNode)).toEqual(['r1']);
  };

  test('workers and vantages cut off, replicas linked: the network is at fault, and writes go on', async () => {
    const rig = await scene();
    const writers = await writeLoad(rig);
    const sinceMs = monotonicMs();
    await rig.links.cut(['workers', 'a', 'b', 'c'], 'r1');
    expect(await codeOf(rig)).toBe('REDIS_PRIMARY_UNREACHABLE_FROM_HERE');
    expect(await ackedIn(writers, 300)).toBeGreaterThan(0);
    await unharmed(rig, writers, sinceMs);
  });

  test('replicas cut off: alive, and it refuses writes by itself once their acknowledgements are too old', async () => {
    const rig = await scene();
    const writers = await writeLoad(rig);
    const sinceMs = monotonicMs();
    // Bytes are swallowed: it keeps its replicas' connections, and counts by the age of what they acknowledged.
    await rig.links.cut(['r2', 'r3'], 'r1', 'silence');
    expect(await codeOf(rig)).toBe('REDIS_PRIMARY_ALIVE');
    await pause(Math.max(0, sinceMs + byItselfMs - monotonicMs()));
    expect(await ackedIn(writers, 300)).toBe(0);
    const { writers: each } = await writers.snapshot();
    expect(each.every(({ lastError }) => lastError?.startsWith('NOREPLICAS'))).toBe(true);
    expect(await codeOf(rig)).toBe('REDIS_PRIMARY_ALIVE');
    await unharmed(rig, writers, sinceMs);
  });

  test('clients cut off: alive for the workers, so nothing is done', async () => {
    const rig = await scene();
    const writers = await writeLoad(rig);
    const sinceMs = monotonicMs();
    await rig.links.cut('clients', 'r1');
    expect(await ackedIn(writers, 300)).toBe(0);
    expect(await codeOf(rig)).toBe('REDIS_PRIMARY_ALIVE');
    await unharmed(rig, writers, sinceMs);
  });

  test('clients cut off, and most vantages beside them: the replicas hear from it, so the network is at fault', async () => {
    const rig = await scene();
    const writers = await writeLoad(rig);
    const sinceMs = monotonicMs();
    await rig.links.cut(['clients', 'b', 'c'], 'r1');
    expect(await codeOf(rig)).toBe('REDIS_PRIMARY_UNREACHABLE_FROM_HERE');
    // The workers don't see it either: what came over the links decides alone.
    await rig.links.cut('workers', 'r1');
    expect(await codeOf(rig)).toBe('REDIS_PRIMARY_UNREACHABLE_FROM_HERE');
    await unharmed(rig, writers, sinceMs);
  });

  test('half of the vantages cut off, and everybody but the clients with them: not dead', async () => {
    const rig = await scene(['a', 'b', 'c', 'd']);
    const writers = await writeLoad(rig);
    const sinceMs = monotonicMs();
    await rig.links.cut(['workers', 'a', 'b', 'r2', 'r3'], 'r1');
    expect(await codeOf(rig)).toBe('REDIS_PRIMARY_ALIVE');
    await unharmed(rig, writers, sinceMs);
  });
});
