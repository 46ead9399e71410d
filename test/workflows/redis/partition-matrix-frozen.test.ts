import { expect, test } from 'vitest';
import { monotonicMs, pause, until } from '../../../lab/clock.ts';
import { primaryReading } from '../../../lab/redis/primary-reading.ts';
import { redisInfo } from '../../../lab/redis/client.ts';
import { beforeAnAck, failoverRuns, ledgerOf, processFence, roleOf, writeLoad } from '../../support/failover-runs.ts';
import { describeWith } from '../../support/lab.ts';
import type { SwitchoverRig } from '../../support/switchover-rig.ts';
import { useTemporal } from '../../support/temporal.ts';

// Ten to thirty seconds each on a machine that is busy.

/** Clients that never give up on an answer: what they sent waits in the sockets of the frozen primary. */
const patient = { writers: 20, replyTimeoutMs: 60_000, abandonAfterMs: null } as const;

/** A link that is up counts as silent once nothing came over it for longer than this, at least 7 s. */
const redis = { redis: { conf: { 'repl-ping-replica-period': '1' } } };

// What the lease can't promise here is measured, not asserted: `bench redis-failover-frozen`.
await describeWith(['temporal', 'redis'], 'a primary that is frozen and wakes up after the promotion', () => {
  const server = useTemporal();
  const runs = failoverRuns(server);

  async function promoted(rig: SwitchoverRig): Promise<string> {
    return (await roleOf(rig, 'r2')) === 'master' ? 'r2' : 'r3';
  }

  test('takes nothing of what waits in its sockets, where a process fence was confirmed', async () => {
    const rig = await runs.rigWith(processFence, redis);
    const waiting = await writeLoad(rig, { ...patient, ratePerWriter: 50 });
    const prompt = await writeLoad(rig);
    const sinceMs = await beforeAnAck(prompt);
    rig.group.node('r1').freeze();
    const report = await runs.outcome(runs.start(rig));
    expect(report.outcome).toBe('done');
    expect(report.steps[0]).toMatchObject({ after: { receipt: { kind: 'command', confirmed: true } } });
    await until(async () => (await prompt.twoPrimaries({ sinceMs })).handovers.length > 0, 10_000);
    rig.group.node('r1').thaw();
    await pause(500);
    expect(rig.group.node('r1').isRunning()).toBe(false);
    const to = await promoted(rig);
    for (const writers of [waiting, prompt]) {
      const ledger = await ledgerOf(rig, writers, sinceMs, to);
      expect(ledger.twoPrimaries).toBe(false);
      expect(ledger.byNode[to]).toBeGreaterThan(0);
      // Nothing but what it had acknowledged and not yet sent when it froze.
      expect(Object.keys(ledger.lostByNode).filter((name) => name !== 'r1')).toEqual([]);
      expect(ledger.lostBetween?.fromMs ?? Infinity).toBeGreaterThan(sinceMs);
    }
  });

  test('is not failed over by the lease while its links stand: nobody can say that it lost them', async () => {
    const rig = await runs.rigWith(
      () => ({ fences: [{ kind: 'lease' }], probeEvery: '200ms', probeTimeout: '300ms' }),
      redis,
    );
    const writers = await writeLoad(rig);
    const lastReading = await primaryReading(rig, 'r1');
    const sinceMs = monotonicMs();
    rig.group.node('r1').freeze();
    expect(await runs.refusedWith(runs.start(rig, { lastReading }))).toBe('FENCE_IMPOSSIBLE');
    expect((await redisInfo(rig.group.node('r2'), rig.group.password))['master_link_status']).toBe('up');
    rig.group.node('r1').thaw();
    const before = (await writers.snapshot()).acked;
    expect(await until(async () => (await writers.snapshot()).acked > before, 5_000)).toBe(true);
    expect(await ledgerOf(rig, writers, sinceMs, 'r1')).toMatchObject({ twoPrimaries: false, lost: 0 });
  });
});
