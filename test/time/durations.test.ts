import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RunReport } from '../../src/runs/index.ts';
import { describeWith } from '../support/lab.ts';
import { timeSkippingEnvironment } from '../support/time-skipping.ts';
import { registerSearchAttributes } from '../../workers/search-attributes.ts';
import type { Harness } from '../workflows/run/harness.ts';
import { codeOf, reportOf, startHarness } from '../workflows/run/harness.ts';
import { brokenUntilMended, createWorld, testPolicy } from '../workflows/run/world.ts';
import type { World } from '../workflows/run/world.ts';

// Hours and days on the time-skipping server. It skips only while a result is awaited, and not while an activity runs;
// updates are sent before that. It has one clock, so the tests run one after the other.
Runtime.install({ logger: new DefaultLogger('ERROR') });

const hour = 3_600_000;
await describeWith(['time-skipping'], 'on the time-skipping server', () => {
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
  const fresh = (change: Partial<World> = {}): void => void Object.assign(world, createWorld(change));

  test('an approval that nobody gives expires after 24 hours, with reminders on the way', async () => {
    fresh({ policy: testPolicy({ approval: { people: 1, expiresAfterMs: 24 * hour }, remindEveryMs: 4 * hour }) });
    const handle = await harness.start({ group: 'expires', steps: ['a'] });
    const error: unknown = await handle.result().catch((caught: unknown) => caught);
    expect(codeOf(error)).toBe('APPROVAL_EXPIRED');
    const report = reportOf(error);
    expect(report.outcome).toBe('refused');
    expect(report.phases.find((phase) => phase.state === 'awaiting-approval')?.ms).toBeGreaterThanOrEqual(24 * hour);
    expect(world.notices.map((notice) => notice.event)).toEqual([
      'awaiting-approval',
      ...Array<string>(5).fill('reminder'),
    ]);
    expect(world.journal).toEqual([]);
  });

  test('a soak of 15 minutes takes its readings and passes', async () => {
    fresh({
      switches: new Map([['healthy', true]]),
      policy: testPolicy({ soak: { durationMs: 15 * 60_000, everyMs: 30_000 } }),
    });
    const handle = await harness.start({ group: 'soaks', steps: ['a'], soak: 'healthy' });
    const report = (await handle.result()) as RunReport;
    expect(report.outcome).toBe('done');
    expect(report.ms).toBeGreaterThanOrEqual(15 * 60_000);
    expect(report.steps.at(-1)?.summary).toMatch(/^31 good readings/);
  });

  test('a parked run reminds people every few hours and goes on when somebody answers', async () => {
    const broken = brokenUntilMended('apply a');
    fresh({ hook: broken.hook, policy: testPolicy({ remindEveryMs: 4 * hour }) });
    const handle = await harness.start({ group: 'parks', steps: ['a'] });
    await harness.until(handle, 'parked');
    await env.sleep(9 * hour);
    const parked = (await harness.status(handle)).parked;
    expect(parked?.reminders).toBe(2);
    expect(world.notices.map((notice) => notice.event)).toEqual(['parked', 'reminder', 'reminder']);
    broken.mend();
    await harness.update(handle, 'resolve', { action: 'retry' });
    const report = (await handle.result()) as RunReport;
    expect(report.outcome).toBe('done');
    expect(report.phases.find((phase) => phase.state === 'parked')?.ms).toBeGreaterThanOrEqual(9 * hour);
  });
});
