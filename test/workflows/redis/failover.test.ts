import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { monotonicMs, pause, until } from '../../../lab/clock.ts';
import { freePort } from '../../../lab/ports.ts';
import { primaryReading } from '../../../lab/redis/primary-reading.ts';
import { withRedis } from '../../../lab/redis/client.ts';
import { loadPlatform } from '../../../src/platform/index.ts';
import type { RunReport, RunStatus } from '../../../src/runs/index.ts';
import { createLog } from '../../../src/telemetry/log.ts';
import { startWorkers } from '../../../workers/all.ts';
import { failoverRuns, processFence, roleOf, writeLoad } from '../../support/failover-runs.ts';
import { describeWith, stopping } from '../../support/lab.ts';
import { quickPolicies } from '../../support/switchover-rig.ts';
import { useTemporal } from '../../support/temporal.ts';

await describeWith(['temporal', 'redis'], 'redis.failover', () => {
  const server = useTemporal();
  const runs = failoverRuns(server);
  const { rigWith, start: failover, outcome, refusedWith } = runs;
  const startVantage = (
    { taskQueue, env }: Awaited<ReturnType<typeof rigWith>>,
    name: string,
    domain: string,
    file: string,
  ): Promise<{ stop: () => Promise<void> }> => {
    const { address } = server();
    return startWorkers(
      {
        ...{ connection: { address, namespace: 'default', options: { address } }, taskQueue },
        ...{ platform: loadPlatform(file), log: createLog('fatal') },
        env: { ...env, GANTRY_VANTAGE: name, GANTRY_VANTAGE_DOMAIN: domain },
      },
      ['vantage'],
    );
  };

  test('replaces a primary that crashed under load, fenced by its process, and clients write again', async () => {
    const rig = await rigWith(processFence);
    const writers = await writeLoad(rig);
    const sinceMs = await writers.mark('crash');
    await rig.group.node('r1').kill();
    const report = await outcome(failover(rig));
    await pause(300);
    const { twoPrimaries } = await writers.twoPrimaries({ sinceMs });
    const { byNode } = await writers.stop();
    expect(report.outcome).toBe('done');
    expect(report.steps[0]).toMatchObject({ after: { receipt: { kind: 'command', confirmed: true } } });
    expect(twoPrimaries).toBe(false);
    expect((byNode['r2'] ?? 0) + (byNode['r3'] ?? 0)).toBeGreaterThan(50);
    expect([await roleOf(rig, 'r2'), await roleOf(rig, 'r3')].sort()).toEqual(['master', 'slave']);
    expect(Object.keys(report.measurements)).toEqual(
      expect.arrayContaining(['detectMs', 'fenceMs', 'redis.promote.promoteMs', 'redis.promote.redirectMs']),
    );
  });

  test('asks for an acknowledgement before it fails over a second time', async () => {
    const rig = await rigWith(processFence);
    await rig.group.node('r1').kill();
    expect((await outcome(failover(rig, { to: 'r2' }))).outcome).toBe('done');
    await rig.group.node('r2').kill();
    expect(await refusedWith(failover(rig))).toBe('REDIS_RECENT_FAILOVER');
    const report = await outcome(failover(rig, { acknowledgeRecentFailover: true }));
    expect(report.outcome).toBe('done');
    expect(await roleOf(rig, 'r3')).toBe('master');
    // Nobody is left to follow: the lease of the lone primary is off, and says so.
    const proof = report.steps.find(({ step }) => step === 'redis.restore-write-safety');
    expect(proof?.summary).toMatch(/deviation: min-replicas-to-write 0 on r3/);
  });

  test('waits for a vantage whose worker is being replaced, as nothing can be decided without it', async () => {
    const rig = await rigWith(processFence, { roles: ['orchestration', 'redis'] });
    await rig.group.node('r1').kill();
    const run = failover(rig);
    const real = server().client.workflow.getHandle(`redis/${rig.groupName}`);
    const gaveUp = async (): Promise<boolean> =>
      ((await real.fetchHistory()).events ?? []).some((event) => event.activityTaskTimedOutEventAttributes);
    expect(await until(gaveUp, 30_000)).toBe(true);
    stopping(await startVantage(rig, 'main', 'rack-a', rig.platformFile));
    expect((await outcome(run)).outcome).toBe('done');
  });

  test('takes a parked switchover’s place instead of waiting for it', async () => {
    const policies = { ...quickPolicies, kinds: { 'redis.switchover': { approval: { people: 1 } } } };
    const rig = await rigWith(processFence, { policies });
    const switchover = await server().client.workflow.start('redisSwitchover', {
      workflowId: `redis/${rig.groupName}`,
      taskQueue: rig.taskQueue,
      args: [{ group: rig.groupName }],
    });
    await until(async () => (await switchover.query<RunStatus>('status')).state === 'awaiting-approval', 10_000);
    await rig.group.node('r1').kill();
    expect((await outcome(failover(rig))).outcome).toBe('done');
    expect(((await switchover.result()) as RunReport).outcome).toBe('preempted');
  });

  test('waits for the lease where nothing can be confirmed, and no write is taken by two nodes', async () => {
    const rig = await rigWith(() => ({ fences: [{ kind: 'lease' }], leaseMargin: '3s', probeEvery: '200ms' }), {
      redis: { minReplicasMaxLagSeconds: 2 },
      settings: { writeSafety: { minReplicasToWrite: 1, minReplicasMaxLag: '2s' } },
    });
    const lastReading = await primaryReading(rig, 'r1');
    const killedAt = monotonicMs();
    await rig.group.node('r1').kill();
    // Nobody has read what r1 says of itself: its replicas' configuration proves nothing.
    expect(await refusedWith(failover(rig))).toBe('FENCE_IMPOSSIBLE');
    const report = await outcome(failover(rig, { lastReading }));
    expect(report.outcome).toBe('done');
    expect(report.steps[0]).toMatchObject({ after: { receipt: { kind: 'lease', confirmed: false } } });
    // The first attempt has used some of the lease up.
    expect(monotonicMs() - killedAt).toBeGreaterThan(5_000);
  });

  test('does nothing while half of the vantages are cut off from the primary, and counts one machine once', async () => {
    const rig = await rigWith((stateDir) => ({ ...processFence(stateDir), vantages: ['a', 'b'] }), {
      roles: ['orchestration', 'redis'],
    });
    // What the cut vantage is told is a port where nobody listens.
    const cut = readFileSync(rig.platformFile, 'utf8').replaceAll(
      `${rig.group.node('r1').port}`,
      `${await freePort()}`,
    );
    const cutFile = join(dirname(rig.platformFile), 'cut.yaml');
    writeFileSync(cutFile, cut);
    const vantage = (name: string, domain: string, file: string) => startVantage(rig, name, domain, file);
    const a = await vantage('a', 'rack-a', rig.platformFile);
    const b = await vantage('b', 'rack-b', cutFile);
    expect(await refusedWith(failover(rig))).toBe('REDIS_PRIMARY_ALIVE');
    await a.stop();
    await rig.group.node('r1').kill();
    // Dead indeed, but seen from one place only.
    expect(await refusedWith(failover(rig))).toBe('REDIS_TOO_FEW_VANTAGES');
    stopping(await vantage('a', 'rack-b', rig.platformFile));
    expect(await refusedWith(failover(rig))).toBe('REDIS_TOO_FEW_VANTAGES');
    expect(await roleOf(rig, 'r2')).toBe('slave');
    await b.stop();
    stopping(await vantage('b', 'rack-c', cutFile));
    expect((await outcome(failover(rig))).outcome).toBe('done');
  });

  test('leaves a living primary alone', async () => {
    const rig = await rigWith(processFence);
    expect(await refusedWith(failover(rig))).toBe('REDIS_PRIMARY_ALIVE');
    expect(await roleOf(rig, 'r1')).toBe('master');
  });

  test('a loss above the limit waits for a person though the policy asks nobody', async () => {
    const rig = await rigWith(processFence);
    const { offset } = await withRedis(rig.group.node('r1'), rig.group.password, async (redis) => ({
      offset: Number(/master_repl_offset:(\d+)/.exec(await redis.info('replication'))?.[1]),
    }));
    await rig.group.node('r1').kill();
    const run = await failover(rig, { lastKnownOffset: offset + 10_000_000 });
    const status = await runs.until(rig, 'awaiting-approval');
    expect(status.plan?.warnings.join('\n')).toMatch(/Needs an approval: at least \d+ bytes of writes are lost/);
    await run.executeUpdate('approve', { args: [{ planHash: status.plan?.hash, by: 'ada' }] });
    expect(((await run.result()) as RunReport).outcome).toBe('done');
  });
});
