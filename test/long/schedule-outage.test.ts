import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { pause, until } from '../../lab/clock.ts';
import { freePort } from '../../lab/ports.ts';
import type { RunningTemporal } from '../../lab/temporal/temporal.ts';
import { startTemporal } from '../../lab/temporal/temporal.ts';
import type { ScheduleIntent } from '../../src/client/index.ts';
import { missedFires, syncSchedules } from '../../src/client/index.ts';
import { registerSearchAttributes } from '../../workers/search-attributes.ts';
import { describeWith } from '../support/lab.ts';

/** Fires that nobody is there for. A schedule of every hour over three hours is the same, sixty times as long. */
const lostFires = 3;
const minuteMs = 60_000;

await describeWith(['temporal'], 'schedules whose Temporal server is away', () => {
  const stateDir = mkdtempSync(join(tmpdir(), 'gantry-outage-'));
  const dbFile = join(stateDir, 'temporal.db');
  const installation = { name: 'outage', taskQueue: 'gantry' };
  const intents: ScheduleIntent[] = [
    {
      ...{ name: 'each-minute', kind: 'redis.switchover', cron: '* * * * *', timezone: 'UTC', paused: false },
      input: { group: 'sessions', dryRun: true },
    },
  ];
  let port: number;
  let server: RunningTemporal;
  let connection: Connection;
  let client: Client;
  const start = async (): Promise<void> => {
    server = await startTemporal({ stateDir, dbFile, port });
    connection = await Connection.connect({ address: server.address });
    client = new Client({ connection });
  };
  beforeAll(async () => {
    port = await freePort();
    await start();
    await registerSearchAttributes(connection, 'default');
  });
  afterAll(async () => {
    await connection.close();
    await server.kill();
    rmSync(stateDir, { recursive: true, force: true });
  });
  const fires = async (): Promise<Date[]> => {
    const { info } = await client.schedule.getHandle('gantry/outage/each-minute').describe();
    return info.recentActions.map(({ scheduledAt }) => scheduledAt);
  };
  /** No worker is there: a run that stays open would have the next fire skipped, which is another reason than an outage. */
  const endRuns = async (): Promise<void> => {
    for await (const { workflowId, runId } of client.workflow.list({ query: `ExecutionStatus = 'Running'` })) {
      if (!workflowId.startsWith('temporal-sys')) {
        await client.workflow
          .getHandle(workflowId, runId)
          .terminate('fired')
          .catch(() => undefined);
      }
    }
  };

  test('catches up once at the most, and what was missed is listed', async () => {
    await syncSchedules(client, installation, intents);
    expect(await until(async () => (await fires()).length > 0, 2 * minuteMs, 500)).toBe(true);
    await endRuns();
    await connection.close();
    await server.kill();
    const awayFrom = Date.now();
    await pause(lostFires * minuteMs + 5_000);
    await start();
    const backAt = Date.now();
    const fired = await until(
      async () => {
        await endRuns();
        return (await fires()).some((at) => at.getTime() > backAt);
      },
      3 * minuteMs,
      1_000,
    );
    expect(fired).toBe(true);
    const caughtUp = (await fires()).filter((at) => at.getTime() > awayFrom && at.getTime() <= backAt);
    expect(caughtUp.length).toBeLessThanOrEqual(1);
    const [account] = await missedFires(client, installation, intents, { since: new Date(awayFrom), now: new Date() });
    expect(account?.missed.length).toBeGreaterThanOrEqual(lostFires - 1);
  });
});
