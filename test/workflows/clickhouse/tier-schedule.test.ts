import { expect, test } from 'vitest';
import { until } from '../../../lab/clock.ts';
import type { RunReport } from '../../../src/runs/index.ts';
import { nextFire } from '../../../src/runs/index.ts';
import { describeWith, needs, stopping } from '../../support/lab.ts';
import { daysAgo, samplesOf } from '../../support/rollups.ts';
import { tierCluster } from '../../support/tier-platform.ts';
import { startTierRig } from '../../support/tier-rig.ts';
import { useTemporal } from '../../support/temporal.ts';

const modern = await needs('clickhouse-modern');

await describeWith(['temporal'], 'a schedule on a real server', () => {
  const server = useTemporal();
  const action = { type: 'startWorkflow', workflowType: 'clickhouseTier', taskQueue: 'nobody-polls' } as const;

  test.each([
    ['10 2 * * *', 'UTC'],
    ['30 2 * * *', 'Europe/Berlin'],
    ['0 9 * * tue', 'America/New_York'],
    ['0 0 13 * fri', 'UTC'],
    ['*/20 8-9 1,15 jan-mar *', 'Asia/Kathmandu'],
    ['0 0 29 2 *', 'UTC'],
  ])('fires when the pure function says: %s in %s', async (cron, timezone) => {
    const schedules = server().client.schedule;
    const schedule = await schedules.create({
      scheduleId: `when-${cron}-${timezone}`,
      spec: { cronExpressions: [cron], timezone },
      action,
      state: { paused: true },
    });
    const { nextActionTimes } = (await schedule.describe()).info;
    expect(nextActionTimes.length).toBeGreaterThan(3);
    let at: Date | undefined = new Date();
    for (const expected of nextActionTimes) {
      at = at && nextFire({ cron, timezone }, at);
      expect(at?.toISOString()).toBe(expected.toISOString());
    }
    await schedule.delete();
  });

  test.skipIf(modern)('starts a run that takes the lock of its table and expires what is due', async () => {
    const rig = stopping(await startTierRig(server().address, { taskQueue: `schedule-${process.pid}` }));
    const due = daysAgo(9);
    await rig.sql(samplesOf(due.date));
    const { client } = server();
    const schedule = await client.schedule.create({
      scheduleId: 'tier-samples',
      spec: { cronExpressions: ['10 2 29 2 *'] },
      policies: { overlap: 'SKIP', catchupWindow: '1 hour' },
      action: {
        ...{ type: 'startWorkflow', workflowType: 'clickhouseTier', taskQueue: rig.taskQueue },
        workflowId: 'schedule/tier-samples',
        args: [{ cluster: tierCluster, table: 'metrics.samples', requestedBy: 'schedule tier-samples' }],
      },
    });
    await schedule.trigger();
    const started = async () => (await schedule.describe()).info.recentActions[0]?.action.workflow;
    await until(async () => (await started()) !== undefined, 20_000);
    const proxy = await started();
    if (!proxy) throw new Error('the schedule started nothing');
    const report = (await client.workflow.getHandle(proxy.workflowId, proxy.firstExecutionRunId).result()) as RunReport;
    expect(proxy.workflowId).toMatch(/^schedule\/tier-samples-\d{4}-/);
    expect(report).toMatchObject({
      workflowId: `clickhouse/${tierCluster}/metrics.samples`,
      ...{ outcome: 'done', requestedBy: 'schedule tier-samples', measurements: { expired: 1 } },
    });
    expect(await rig.disksOf('samples')).toEqual({});
    await schedule.delete();
  });
});
