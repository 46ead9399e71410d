import { expect, test } from 'vitest';
import type { WorkflowHandle } from '@temporalio/client';
import { monotonicMs, pause, until } from '../../../lab/clock.ts';
import type { RunReport } from '../../../src/runs/index.ts';
import type { WorkerContext } from '../../../workers/context.ts';
import { beforeAnAck, failoverRuns, ledgerOf, processFence, roleOf, writeLoad } from '../../support/failover-runs.ts';
import { describeWith } from '../../support/lab.ts';
import type { SwitchoverRig } from '../../support/switchover-rig.ts';
import { quickPolicies } from '../../support/switchover-rig.ts';
import { useTemporal } from '../../support/temporal.ts';
import { resolveNow } from '../../support/parked.ts';

// Ten to thirty seconds each on a machine that is busy.

/** A write on its way to a replica, or to its client, when the primary died. */
const inFlightMs = 500;

await describeWith(['temporal', 'redis'], 'a candidate that dies in the middle', () => {
  const server = useTemporal();
  const runs = failoverRuns(server);

  /** A rig whose r2 is killed right after the first such verb of anybody, before its answer reaches the step. */
  const rigThatLosesIt = async (verb: string): Promise<SwitchoverRig> => {
    const strike: { once?: () => Promise<void> } = {};
    const wrapDriver = after(verb, async () => {
      const { once } = strike;
      delete strike.once;
      await once?.();
    });
    const rig = await runs.rigWith(processFence, { wrapDriver });
    strike.once = () => rig.group.node('r2').kill();
    return rig;
  };
  const resolve = (run: WorkflowHandle): Promise<unknown> => resolveNow(run, { action: 'retry', by: 'ada' });
  const rolesOf = (rig: SwitchoverRig, ...names: string[]): Promise<unknown[]> =>
    Promise.all(names.map((name) => roleOf(rig, name).catch(() => 'gone')));
  const approved = async (rig: SwitchoverRig, proxy: WorkflowHandle): Promise<void> => {
    const { plan } = await runs.until(rig, 'awaiting-approval');
    await proxy.executeUpdate('approve', { args: [{ planHash: plan?.hash, by: 'ada' }] });
  };

  test('of a switchover between demotion and promotion parks it without a primary, and a retry loses nothing', async () => {
    const rig = await rigThatLosesIt('demote');
    const writers = await writeLoad(rig);
    const sinceMs = await beforeAnAck(writers);
    const run = await server().client.workflow.start('redisSwitchover', {
      workflowId: `redis/${rig.groupName}`,
      taskQueue: rig.taskQueue,
      args: [{ group: rig.groupName, to: 'r2' }],
    });
    const { parked } = await runs.until(rig, 'parked');
    expect(parked?.trouble.code).toBe('HANDOVER_CANDIDATE_LOST');
    expect(await rolesOf(rig, 'r1', 'r2', 'r3')).toEqual(['slave', 'gone', 'slave']);

    // Restarted it has forgotten its offset: the old primary is promoted back, and a later try hands over after all.
    await rig.group.node('r2').restart();
    let ended = false;
    const report = run.result().finally(() => (ended = true)) as Promise<RunReport>;
    report.catch(() => undefined);
    await until(
      async () => {
        if (!ended) await resolve(run);
        return ended;
      },
      30_000,
      300,
    );
    expect((await report).outcome).toBe('done');
    expect(await rolesOf(rig, 'r1', 'r2', 'r3')).toEqual(['slave', 'master', 'slave']);
    expect(await ledgerOf(rig, writers, sinceMs, 'r2')).toMatchObject({ twoPrimaries: false, lost: 0 });
  });

  test('of a failover while somebody thinks about the plan voids it; the next failover takes another node', async () => {
    const policies = { ...quickPolicies, kinds: { 'redis.failover': { approval: { people: 1 } } } };
    const rig = await runs.rigWith(processFence, { policies });
    const writers = await writeLoad(rig);
    const sinceMs = await beforeAnAck(writers);
    const killedMs = monotonicMs();
    await rig.group.node('r1').kill();
    const first = await runs.start(rig, { to: 'r2' });
    await runs.until(rig, 'awaiting-approval');
    await rig.group.node('r2').kill();
    await approved(rig, first);
    expect(await runs.refusedWith(Promise.resolve(first))).toBe('REDIS_NO_HEALTHY_REPLICA');
    expect(await rolesOf(rig, 'r2', 'r3')).toEqual(['gone', 'slave']);

    const second = await runs.start(rig);
    await approved(rig, second);
    expect(((await second.result()) as RunReport).outcome).toBe('done');
    await rig.group.node('r2').restart();
    expect(await rolesOf(rig, 'r2', 'r3')).toEqual(['slave', 'master']);
    await onlyR3(rig, writers, sinceMs, killedMs);
  });

  for (const { when, verb, comesBackAs } of [
    { when: 'right before', verb: 'configSetAsReplica', comesBackAs: 'slave' },
    { when: 'right after', verb: 'promote', comesBackAs: 'master' },
  ]) {
    test(`of a failover ${when} its promotion is told to no client; the next failover takes another node`, async () => {
      const rig = await rigThatLosesIt(verb);
      const writers = await writeLoad(rig);
      const sinceMs = await beforeAnAck(writers);
      const killedMs = monotonicMs();
      await rig.group.node('r1').kill();
      const first = await runs.start(rig, { to: 'r2' });
      const { parked } = await runs.until(rig, 'parked');
      expect(parked).toMatchObject({ step: 'redis.promote', trouble: { code: 'REDIS_UNREACHABLE' } });
      expect(await rolesOf(rig, 'r2', 'r3')).toEqual(['gone', 'slave']);
      // It waits for a person; the next one, whose plan says what it loses, does not wait for it.
      expect((await runs.outcome(runs.start(rig))).outcome).toBe('done');
      expect(((await first.result()) as RunReport).outcome).toBe('preempted');

      // As what its file says. A primary that nobody follows: no client is sent to it, and every plan says what it is.
      await rig.group.node('r2').restart();
      expect(await rolesOf(rig, 'r2', 'r3')).toEqual([comesBackAs, 'master']);
      if (comesBackAs === 'master') {
        const dryRun = server().client.workflow.execute('redisSwitchover', {
          workflowId: `dry-run/${rig.groupName}`,
          taskQueue: rig.taskQueue,
          args: [{ group: rig.groupName, dryRun: true }],
        });
        // Beside r1, which is away.
        const error = (await dryRun.catch((one: unknown) => one)) as { cause?: { details?: unknown } };
        expect(JSON.stringify(error.cause?.details)).toContain('"REDIS_SPLIT_BRAIN"');
      }
      const { byNode } = await onlyR3(rig, writers, sinceMs, killedMs);
      expect(Object.keys(byNode).sort()).toEqual(['r1', 'r3']);
    });
  }

  /** Clients write to r3 and to nobody else, and only what the dead r1 had not sent is lost. */
  async function onlyR3(
    rig: SwitchoverRig,
    writers: Awaited<ReturnType<typeof writeLoad>>,
    sinceMs: number,
    killedMs: number,
  ) {
    await pause(300);
    const ledger = await ledgerOf(rig, writers, sinceMs, 'r3');
    expect(ledger.twoPrimaries).toBe(false);
    expect(ledger.byNode['r3']).toBeGreaterThan(0);
    if (ledger.lost > 0) {
      expect(Object.keys(ledger.lostByNode)).toEqual(['r1']);
      expect(ledger.lostBetween?.fromMs).toBeGreaterThan(killedMs - inFlightMs);
    }
    return ledger;
  }
});

/** Does something right after a verb of a node was carried out, before its answer reaches the step. */
function after(verb: string, act: () => Promise<void>): WorkerContext['wrapDriver'] {
  return <T extends object>(_name: string, driver: T): T => {
    const real = (driver as Record<string, unknown>)[verb];
    if (typeof real !== 'function') return driver;
    const wrapped = async (...given: unknown[]): Promise<unknown> => {
      const answer: unknown = await (real as (...all: unknown[]) => unknown)(...given);
      await act();
      return answer;
    };
    return { ...driver, [verb]: wrapped };
  };
}
