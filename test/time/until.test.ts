import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RunReport } from '../../src/runs/index.ts';
import { mostLooks } from '../../src/runs/index.ts';
import { describeWith } from '../support/lab.ts';
import { timeSkippingEnvironment } from '../support/time-skipping.ts';
import { registerSearchAttributes } from '../../workers/search-attributes.ts';
import type { Harness } from '../workflows/run/harness.ts';
import { codeOf, reportOf, startHarness } from '../workflows/run/harness.ts';
import type { WaitInput, World } from '../workflows/run/world.ts';
import { createWorld } from '../workflows/run/world.ts';

// Waits of days on the time-skipping server.
Runtime.install({ logger: new DefaultLogger('ERROR') });

const minute = 60_000;
const hour = 60 * minute;

await describeWith(['time-skipping'], 'a wait of days', () => {
  let env: TestWorkflowEnvironment;
  let world: World;
  let harness: Harness;

  beforeAll(async () => {
    env = await timeSkippingEnvironment();
    await registerSearchAttributes(env.connection, 'default');
    world = createWorld();
    harness = await startHarness({ client: env.client, native: env.nativeConnection }, world);
  });
  afterAll(async () => {
    await harness?.stop();
    await env?.teardown();
  });

  const run = async (group: string, waits: WaitInput, thawedAfterMs: number) => {
    let looks = 0;
    const from = await env.currentTimeMs();
    const hook = async (event: string): Promise<void> => {
      if (event !== 'probe thawed') return;
      looks += 1;
      if ((await env.currentTimeMs()) - from >= thawedAfterMs) world.switches.set('thawed', true);
    };
    Object.assign(world, createWorld({ hook }));
    const handle = await harness.start({ group, waits } as never, { type: 'patiently' });
    const end: unknown = await handle.result().catch((error: unknown) => error);
    const { events } = await handle.fetchHistory();
    return { end, looks, events: events?.length ?? 0 };
  };

  test('of 48 hours ends within its longest interval of the event, in a bounded history', async () => {
    const { end, looks, events } = await run(
      'days',
      { everyMs: [5_000, 30 * minute], deadlineMs: 60 * hour },
      47.3 * hour,
    );
    const report = end as RunReport;
    expect(report.outcome).toBe('done');
    const thaw = report.ledger?.find(({ name }) => name === 'thaw');
    expect(thaw?.ms).toBeGreaterThanOrEqual(47.3 * hour);
    expect(thaw?.ms).toBeLessThan(48 * hour);
    process.stdout.write(`48 h: ${looks} looks, ${events} events\n`);
    expect(looks).toBeLessThanOrEqual(120);
    expect(events).toBeLessThan(5_000);
  });

  test('that asks to look every second for 30 days looks at most 300 times', async () => {
    const { end, looks, events } = await run(
      'busy',
      { everyMs: [1_000, 1_000], deadlineMs: 30 * 24 * hour, atDeadline: 'answer' },
      Number.POSITIVE_INFINITY,
    );
    expect((end as RunReport).outcome, codeOf(end) ?? JSON.stringify(reportOf(end))).toBe('done');
    process.stdout.write(`30 days: ${looks} looks, ${events} events\n`);
    expect(looks).toBeLessThanOrEqual(mostLooks);
    expect(events).toBeLessThan(5_000);
  });
});
