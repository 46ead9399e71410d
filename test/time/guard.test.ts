import { Context, sleep } from '@temporalio/activity';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDescribeHolder, createForwardUpdate } from '../../activities/run/holder.ts';
import { createPreemptHolder } from '../../activities/run/preempt.ts';
import { createStoreSteps } from '../../activities/run/store-steps.ts';
import { GantryError } from '../../src/errors/index.ts';
import type {
  ControlActivities,
  GuardEnd,
  GuardKnowledge,
  GuardPolicy,
  GuardStatus,
  GuardWatchCall,
  GuardWatched,
  Notice,
} from '../../src/runs/index.ts';
import { controlQueue, defaultPolicy, domainQueue } from '../../src/runs/index.ts';
import { plainActivity } from '../../src/steps/index.ts';
import { buildBundle } from '../../workers/bundle.ts';
import { registerSearchAttributes } from '../../workers/search-attributes.ts';
import { describeWith } from '../support/lab.ts';
import { memoryPayloads } from '../support/payloads.ts';
import { timeSkippingEnvironment } from '../support/time-skipping.ts';

// Days of a guard, with a sampler that plays its slices: it answers at once, and the guard sleeps for the rest of the slice.
Runtime.install({ logger: new DefaultLogger('ERROR') });

const day = 24 * 3_600_000;
// Twice what the platform file allows: half the round trips, and a run is bounded by its slices and events, not by time.
const slice = 20 * 60_000;
/** GANTRY_GUARD_DAYS=30 is the month that docs/redis/guard.md quotes. */
const days = Number(process.env['GANTRY_GUARD_DAYS'] ?? 12);

const policy: GuardPolicy = {
  mode: 'act',
  sentinel: false,
  approvers: 0,
  sampleEveryMs: 1_000,
  auditEveryMs: 60_000,
  sliceMs: slice,
  unwatchedAfterMs: 3_600_000,
  retryFirstMs: 15_000,
  retryMaxMs: 600_000,
  remindEveryMs: 4 * 3_600_000,
  profile: { ...defaultPolicy.profiles.quick, startToCloseMs: 60_000 },
};

const noList = async (): Promise<never> => {
  throw new Error('a guard has no lists');
};
const noLists = { storeList: noList, readPage: noList, lookAtItems: noList, updateItems: noList };

await describeWith(['time-skipping'], 'a guard over days', () => {
  let env: TestWorkflowEnvironment;
  const notices: Notice[] = [];
  let stop: () => Promise<void>;
  const played = { watches: 0, failovers: 0 };
  const taskQueue = 'guard-month';
  /** Since the guard began, as its slices count it. */
  let clock = 0;

  const hasFailover = async (): Promise<boolean> => {
    const { workflowId = '' } = Context.current().info.workflowExecution ?? {};
    const { failovers } = await env.client.workflow.getHandle(workflowId).query<GuardStatus>('status');
    return failovers.some(({ endedAt }) => endedAt === undefined);
  };

  /**
   * Waits until the guard breaks the watch off, as it does when its failover ends. The test server refuses the workflow task
   * that cancels an activity if that activity has ended meanwhile (ACTIVITY_UNKNOWN), and the guard stands still from then
   * on; a real server takes it.
   */
  const untilBrokenOff = async (): Promise<void> => {
    const context = Context.current();
    while (!context.cancellationSignal.aborted) {
      context.heartbeat();
      await sleep(50).catch(() => undefined);
    }
  };

  /** All is well, but for a drift on the fifth day and a primary that is silent for half an hour on the tenth. */
  const play = ({ known, forMs }: GuardWatchCall, sinceMs: number): GuardWatched => {
    played.watches += 1;
    const last = { node: 'r1', offset: played.watches * 1_000, at: new Date(sinceMs).toISOString() };
    const base: GuardKnowledge = { primary: 'r1', last, lags: [], findings: [], auditedAt: last.at };
    const said = (event: GuardWatched['event'], now: GuardKnowledge): GuardWatched => ({
      event,
      known: now,
      samples: Math.round(forMs / 1_000),
      policy,
    });
    const drift = { code: 'REDIS_WRITE_SAFETY_DEVIATES', message: 'min-replicas-to-write 0', place: 'r2' };
    if (sinceMs >= 5 * day && sinceMs < 6 * day) {
      const findings = [drift];
      return said(known.findings.length === 0 ? 'findings' : 'slice', { ...base, findings });
    }
    if (sinceMs >= 10 * day && sinceMs < 10 * day + 1_800_000) {
      const silent = known.silent ?? { node: 'r1', since: last.at, why: 'no answer' };
      const before = known.last ?? last;
      return said(known.silent ? 'slice' : 'silent', { ...base, last: before, silent });
    }
    if (known.silent) return said('answers', base);
    return said(known.findings.length > 0 ? 'findings' : 'slice', base);
  };

  beforeAll(async () => {
    env = await timeSkippingEnvironment();
    await registerSearchAttributes(env.connection, 'default');
    const { client, nativeConnection: connection } = env;
    const control: ControlActivities = {
      admit: plainActivity(async () => ({ policy: defaultPolicy })),
      checkGates: plainActivity(async () => undefined),
      verifyApproval: plainActivity(async () => {
        throw new Error('no approval is signed here');
      }),
      recordAct: plainActivity(async () => undefined),
      describeHolder: createDescribeHolder(client),
      forwardUpdate: createForwardUpdate(client),
      preemptHolder: createPreemptHolder(client),
      admitGuard: plainActivity(async () => policy),
      askGuard: plainActivity(async () => undefined),
      notify: plainActivity(async (notice) => void notices.push(notice)),
      ...noLists,
      storeSteps: createStoreSteps(memoryPayloads()),
      publishReport: plainActivity(async () => ({ uri: 'memory:report' })),
      newestReport: plainActivity(async () => undefined),
    };
    const redis = {
      redisGuardWatch: plainActivity(async (call: GuardWatchCall) => {
        if (clock >= 10 * day && clock < 11 * day && (await hasFailover())) await untilBrokenOff();
        const seen = play(call, clock);
        if (seen.event === 'slice') clock += call.forMs;
        return seen;
      }),
      // The failover finds the primary alive: that refusal is its own.
      redisSuspect: plainActivity(async () => {
        played.failovers += 1;
        throw new GantryError('REDIS_NO_PRIMARY', 'neither the discovery nor a replica names a primary');
      }),
    };
    const codePath = await buildBundle();
    const workers = await Promise.all([
      Worker.create({ connection, taskQueue, workflowBundle: { codePath } }),
      Worker.create({ connection, taskQueue: controlQueue(taskQueue), activities: control }),
      Worker.create({
        ...{ connection, taskQueue: domainQueue(taskQueue, 'redis'), activities: redis },
        // A cancellation comes with the answer to a heartbeat.
        maxHeartbeatThrottleInterval: '100ms',
      }),
    ]);
    const runs = workers.map((worker) => worker.run());
    stop = async () => {
      for (const worker of workers) worker.shutdown();
      await Promise.all(runs);
    };
  });
  afterAll(async () => {
    await stop?.();
    await env?.teardown();
  });

  /** The events of every run of the chain, from the first on. */
  const chain = async (workflowId: string, firstRunId: string): Promise<number[]> => {
    const lengths: number[] = [];
    for (let runId: string | undefined = firstRunId; runId;) {
      const { events } = await env.client.workflow.getHandle(workflowId, runId).fetchHistory();
      lengths.push(events?.length ?? 0);
      runId = events?.at(-1)?.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId ?? undefined;
    }
    return lengths;
  };

  test('goes on for ever in short histories, and tells of what happened once', async () => {
    const began = performance.now();
    const workflowId = 'guard/redis/sessions';
    const begun = await env.client.workflow.start('redisGuard', {
      workflowId,
      taskQueue,
      args: [{ group: 'sessions', requestedBy: 'ada' }],
      workflowExecutionTimeout: '60 days',
    });
    // Day by day: one call that lasts for minutes may be cut off and sent again, and would then begin another month.
    for (let slept = 0; slept < days; slept += 1) await env.sleep(day);
    const latest = env.client.workflow.getHandle(workflowId);
    const status = await latest.query<GuardStatus>('status');
    const seconds = (performance.now() - began) / 1_000;

    const lengths = await chain(workflowId, begun.firstExecutionRunId);
    // The figure that docs/redis/guard.md quotes.
    process.stdout.write(
      `${days} days in ${seconds.toFixed(1)} s, ${played.watches} watches, ${lengths.length} runs, at most ${Math.max(...lengths)} events\n`,
    );
    expect(Math.max(...lengths)).toBeLessThan(1_500);
    expect(lengths.length).toBeGreaterThan(days / 3);
    expect(status).toMatchObject({ state: 'watching', primary: 'r1', findings: [], mode: 'act' });
    expect(status.slices).toBeGreaterThan((days * day) / slice - 10);
    expect(Date.parse(status.last?.at ?? '')).toBeGreaterThan((days - 1) * day);

    // Half an hour of silence: refused, tried again with a growing wait, and left when it answered.
    expect(played.failovers).toBeGreaterThanOrEqual(4);
    expect(played.failovers).toBeLessThan(12);
    expect(status.failovers.every(({ outcome, code }) => outcome === 'refused' && code === 'REDIS_NO_PRIMARY')).toBe(
      true,
    );
    const events = notices.filter(({ kind }) => kind === 'redis.guard').map(({ event }) => event);
    // A day of drift: told once, reminded after 4 and 12 hours, told that it is gone.
    expect(events).toEqual(['drift', 'reminder', 'reminder', 'well', 'alarm', 'alarm', 'well']);

    await latest.executeUpdate('stop', { args: [{ by: 'ada' }] });
    const end = (await latest.result()) as GuardEnd;
    expect(end.status).toMatchObject({ state: 'stopped' });
  });
});
