import { expect, test } from 'vitest';
import { pause } from '../../../lab/clock.ts';
import { primaryReading } from '../../../lab/redis/primary-reading.ts';
import type { FailoverSettings, Ledger } from '../../support/failover-runs.ts';
import { beforeAnAck, failoverRuns, ledgerOf, processFence, roleOf, writeLoad } from '../../support/failover-runs.ts';
import { describeWith } from '../../support/lab.ts';
import { partitionRig } from '../../support/partition-rig.ts';
import { useTemporal } from '../../support/temporal.ts';

// Ten to thirty seconds each on a machine that is busy.

const maxLagMs = 2_000;
const leaseMarginMs = 3_000;
/** An acknowledgement on its way to a client, and writes that a primary had not sent to its replicas yet. */
const inFlightMs = 500;

const leaseAlone: FailoverSettings = () => ({
  fences: [{ kind: 'refuse-writes' }, { kind: 'lease' }],
  leaseMargin: `${leaseMarginMs}ms`,
  probeEvery: '200ms',
  probeTimeout: '300ms',
});

// The dangerous one: a primary that is cut off from its replicas, the vantages and the workers, and goes on serving clients
// that still reach it. They write to whoever answers, and look the primary up only when it refuses or is gone.
await describeWith(['temporal', 'redis'], 'a primary that only some clients still reach', () => {
  const server = useTemporal();
  const runs = failoverRuns(server);

  const scene = async (failover: FailoverSettings) => {
    const rig = await partitionRig(server(), runs, failover, {
      // A link over which nothing comes is given up after 3 s.
      redis: {
        minReplicasMaxLagSeconds: maxLagMs / 1_000,
        conf: { 'repl-timeout': '3', 'repl-ping-replica-period': '1' },
      },
      settings: { writeSafety: { minReplicasToWrite: 1, minReplicasMaxLag: `${maxLagMs}ms` } },
    });
    return { rig, writers: await writeLoad(rig) };
  };

  for (const how of ['reset', 'silence'] as const) {
    test(`is stopped by a confirmed process fence, links cut by ${how}: no write is taken by two`, async () => {
      const { rig, writers } = await scene(processFence);
      const sinceMs = await beforeAnAck(writers);
      await rig.links.cut(['workers', 'a', 'b', 'c', 'r2', 'r3'], 'r1', how);
      const report = await runs.outcome(runs.start(rig));
      expect(report.outcome).toBe('done');
      expect(report.steps[0]).toMatchObject({ after: { receipt: { kind: 'command', confirmed: true } } });
      await pause(300);
      const ledger = await ledgerOf(rig, writers, sinceMs, await promoted(rig));
      expect(ledger.twoPrimaries).toBe(false);
      expect(ledger.handovers).toHaveLength(1);
      onlyUnsent(ledger, sinceMs);
      // Reset, its replicas are gone at once, and it refuses; by silence it counts them for a while, and takes writes.
      if (how === 'silence') expect(ledger.lost).toBeGreaterThan(0);
    });
  }

  test('is left to its lease where nothing confirms: it refuses by itself first, and no write is taken by two', async () => {
    const { rig, writers } = await scene(leaseAlone);
    const lastReading = await primaryReading(rig, 'r1');
    const sinceMs = await beforeAnAck(writers);
    // By silence: it keeps its replicas' connections, and counts them until their acknowledgements are too old.
    await rig.links.cut(['workers', 'a', 'b', 'c', 'r2', 'r3'], 'r1', 'silence');
    const report = await runs.outcome(runs.start(rig, { lastReading }));
    expect(report.outcome).toBe('done');
    expect(report.steps[0]).toMatchObject({ after: { receipt: { kind: 'lease', confirmed: false } } });
    await pause(300);
    const ledger = await ledgerOf(rig, writers, sinceMs, await promoted(rig));
    expect(ledger.twoPrimaries).toBe(false);
    expect(ledger.handovers).toHaveLength(1);
    onlyUnsent(ledger, sinceMs);
    expect(ledger.lost).toBeGreaterThan(0);
    // It took writes for no longer than the lease; it is alive still, and refuses them.
    expect(ledger.lostBetween?.toMs).toBeLessThan(sinceMs + maxLagMs + leaseMarginMs);
    expect(ledger.handovers[0]?.lastAckOnOldMs).toBeLessThan(ledger.handovers[0]?.firstAckOnNewMs ?? 0);
    expect(rig.group.node('r1').isRunning()).toBe(true);
    expect(ledger.refused).toBeGreaterThan(0);
  });

  /** What asynchronous replication promises: lost is only what the old primary took once it was on its own. */
  function onlyUnsent({ lostByNode, lostBetween }: Ledger, sinceMs: number): void {
    expect(['r2', 'r3'].filter((name) => name in lostByNode)).toEqual([]);
    if (lostBetween) expect(lostBetween.fromMs).toBeGreaterThan(sinceMs - inFlightMs);
  }

  async function promoted(rig: Awaited<ReturnType<typeof scene>>['rig']): Promise<string> {
    const roles = await Promise.all(['r2', 'r3'].map((name) => roleOf(rig, name)));
    expect([...roles].sort()).toEqual(['master', 'slave']);
    return roles[0] === 'master' ? 'r2' : 'r3';
  }
});
