import { expect, test } from 'vitest';
import { until } from '../../lab/clock.ts';
import { readAudit } from '../../src/audit/index.ts';
import { syncSchedules } from '../../src/client/index.ts';
import { startAccessRig } from '../support/access-rig.ts';
import { describeWith, stopping } from '../support/lab.ts';
import { useTemporal } from '../support/temporal.ts';

// A schedule does not know of freezes: its run does. The clock of the server fires it, within a minute.
await describeWith(['temporal'], 'a schedule that fires inside a change freeze', () => {
  const server = useTemporal();

  test('has its run refused; the failure of what it started, the status and the audit name the freeze', async () => {
    const [from, to] = ['2020-01-01T00:00:00Z', '2999-01-01T00:00:00Z'];
    const freezes = [{ name: 'year-end', from, to, targets: ['ledger'], reason: 'the books are closed' }];
    const { client, taskQueue, reaches, auditFolder } = stopping(await startAccessRig(server(), { freezes }));
    const each = { kind: 'redis.switchover', cron: '* * * * *', timezone: 'UTC', paused: false } as const;
    const [made] = await syncSchedules(client, { name: 'frozen', taskQueue }, [
      { ...each, name: 'handover', input: { group: 'ledger' } },
    ]);
    const handle = client.schedule.getHandle(made?.id ?? '');
    const fired = await until(async () => (await handle.describe()).info.recentActions[0], 90_000, 500);
    // By its own clock: nobody triggered it.
    expect(fired?.scheduledAt.getTime()).toBe(Math.floor((fired?.takenAt.getTime() ?? 0) / 60_000) * 60_000);

    const named = expect.stringContaining(`change freeze "year-end" until ${to}: the books are closed`) as string;
    const id = fired?.action.workflow.workflowId ?? '';
    const refused = { type: 'CHANGE_FREEZE', message: named };
    await expect(client.workflow.getHandle(id).result()).rejects.toMatchObject({ cause: refused });
    const { problem, requestedBy } = await reaches('redis/ledger', 'refused');
    expect([problem?.code, problem?.message, requestedBy]).toEqual(['CHANGE_FREEZE', named, 'schedule:handover']);
    const lines = await readAudit(auditFolder, ({ outcome }) => outcome === 'refused', 10);
    expect(lines[0]).toMatchObject({ by: 'schedule:handover', act: 'start', code: 'CHANGE_FREEZE', reason: named });
  });
});
