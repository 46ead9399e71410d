import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sealPlan } from '../../src/steps/seal-plan.ts';
import { createDescribeHolder, createForwardUpdate } from '../../activities/run/holder.ts';
import type {
  RollupReading,
  TierData,
  TierExpiry,
  TierFacts,
  TierIntent,
  TierMove,
  TierPartition,
} from '../../src/planning/clickhouse/index.ts';
import { planTier, sharesDays } from '../../src/planning/clickhouse/index.ts';
import type {
  ClickHouseTierInput,
  ControlActivities,
  Notice,
  Plan,
  PlanCall,
  RunReport,
  StepCall,
  StepReport,
} from '../../src/runs/index.ts';
import { controlQueue, defaultPolicy, domainQueue, nextFire } from '../../src/runs/index.ts';
import { plainActivity } from '../../src/steps/index.ts';
import { buildBundle } from '../../workers/bundle.ts';
import { registerSearchAttributes } from '../../workers/search-attributes.ts';
import { rollupOf, serverOf } from '../planning/clickhouse/tier/facts.ts';
import { oneDigest } from '../support/one-digest.ts';
import { describeWith } from '../support/lab.ts';
import { timeSkippingEnvironment } from '../support/time-skipping.ts';

// A month of nightly sweeps over two levels. When they run is what the pure next-fire function says; what they do is played:
// a table as lists of partitions, planned by the real planner.
Runtime.install({ logger: new DefaultLogger('ERROR') });

const dayMs = 86_400_000;
const nights = 30;

const schedules = [
  { table: 'metrics.samples', cron: '10 2 * * *', timezone: 'Europe/Dublin' },
  { table: 'metrics.samples_m5', cron: '40 2 * * *', timezone: 'Europe/Dublin' },
] as const;

const limits = { closedAfterMs: dayMs / 24, maxMoves: 20, maxExpiries: 20, reserve: 0.1, family: 'samples' };
const intents: Record<string, TierIntent> = {
  'metrics.samples': {
    ...{ ...limits, cluster: 'metrics', table: 'metrics.samples', next: 'metrics.samples_m5' },
    ...{ level: 'raw', keepMs: 7 * dayMs, tier: 'nvme', volume: 'hot' },
  },
  'metrics.samples_m5': {
    ...{
      ...limits,
      cluster: 'metrics',
      table: 'metrics.samples_m5',
      before: 'metrics.samples',
      next: 'metrics.samples_h1',
    },
    ...{ level: 'five-minutes', keepMs: 30 * dayMs, tier: 'ssd', volume: 'warm' },
  },
};

const idOf = (ms: number, digits: 6 | 8): string => new Date(ms).toISOString().replaceAll('-', '').slice(0, digits);

await describeWith(['time-skipping'], 'a month of nightly tiering', () => {
  let env: TestWorkflowEnvironment;
  let stop: () => Promise<void>;
  const taskQueue = 'tier-month';
  const notices: Notice[] = [];
  /** Partition → the volume it lies on. */
  const tables: Record<string, Map<string, string>> = {
    'metrics.samples': new Map(),
    'metrics.samples_m5': new Map(),
  };
  const expired: { table: string; partition: string; atMs: number }[] = [];
  const moved: string[] = [];
  let tampered: string | undefined;
  let now = 0;

  const partitionsOf = (table: string): Map<string, string> => tables[table] ?? new Map<string, string>();
  const rollup = (partition: string): RollupReading =>
    rollupOf(partition, '300', partition === tampered ? '299' : '300');
  const facts = (table: string): TierFacts => ({
    nowMs: now,
    servers: [serverOf('a', { partitionKey: table.endsWith('m5') ? 'toYYYYMM(time)' : 'toYYYYMMDD(time)' })],
    finer: table.endsWith('m5') ? [...partitionsOf('metrics.samples').keys()] : [],
    partitions: [...partitionsOf(table)].map(([id, volume]): TierPartition => ({
      ...{ id, newestWriteMs: 0, rollup: rollup(id), backup: { known: true, evidence: 'played' } },
      copies: [{ server: 'a', bytesOn: { [volume]: 10 } }],
      digests: { a: { rows: 300, sum: '1', xor: '1' } },
    })),
  });
  /** Today's day and month are there, as inserts would have made them. */
  const insertsUntil = (ms: number): void => {
    for (const [table, digits] of [
      ['metrics.samples', 8],
      ['metrics.samples_m5', 6],
    ] as const) {
      const id = idOf(ms, digits);
      if (!partitionsOf(table).has(id)) partitionsOf(table).set(id, 'hot');
    }
  };

  const report = <O>(step: string, after: O, done: boolean): StepReport<O> => ({
    ...{ step, verdict: done ? 'done' : 'todo', begun: false, summary: 'played', changed: false },
    ...{ before: after, after, startedAt: new Date(0).toISOString(), ms: 0, attempts: 1 },
  });

  beforeAll(async () => {
    env = await timeSkippingEnvironment();
    await registerSearchAttributes(env.connection, 'default');
    const { client, nativeConnection: connection } = env;
    const policy = { ...defaultPolicy, approval: { people: 0 as const, expiresAfterMs: 1_000 } };
    const control: Partial<ControlActivities> = {
      admit: plainActivity(async () => ({ policy })),
      describeHolder: createDescribeHolder(client),
      forwardUpdate: createForwardUpdate(client),
      notify: plainActivity(async (notice) => void notices.push(notice)),
      publishReport: plainActivity(async () => ({ uri: 'memory:report' })),
    };
    const clickhouse = {
      clickhousePlanTier: plainActivity(async (call: PlanCall<ClickHouseTierInput>): Promise<Plan<TierData>> => {
        const intent = intents[call.input.table];
        const planning = intent && planTier(intent, facts(call.input.table));
        if (!planning?.ok) throw new Error('the played tables can be planned');
        return sealPlan(planning.draft, call, oneDigest('digest'));
      }),
      clickhouseMoveToVolume: plainActivity(async ({ mode, input }: StepCall<TierMove, object>) => {
        const { table, partition, volume } = input;
        if (mode === 'ensure') {
          moved.push(`${table} ${partition} ${volume}`);
          partitionsOf(table).set(partition, volume);
        }
        return report('clickhouse.move-to-volume', {}, partitionsOf(table).get(partition) === volume);
      }),
      clickhouseProveRollup: plainActivity(async ({ input }: StepCall<TierExpiry, object>) =>
        report('clickhouse.prove-rollup', { reading: rollup(input.partition), rows: '300', backup: 'played' }, true),
      ),
      clickhouseExpirePartition: plainActivity(async ({ mode, input }: StepCall<TierExpiry, object>) => {
        const { table, partition } = input;
        if (mode === 'ensure' && partitionsOf(table).delete(partition)) expired.push({ table, partition, atMs: now });
        return report('clickhouse.expire-partition', { on: [] }, !partitionsOf(table).has(partition));
      }),
    };
    const codePath = await buildBundle();
    const workers = await Promise.all([
      Worker.create({ connection, taskQueue, workflowBundle: { codePath } }),
      Worker.create({ connection, taskQueue: controlQueue(taskQueue), activities: control }),
      Worker.create({ connection, taskQueue: domainQueue(taskQueue, 'clickhouse'), activities: clickhouse }),
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

  test('expires every day once, in the first night after its time; a tampered one waits for its repair', async () => {
    const began = performance.now();
    now = await env.currentTimeMs();
    const startMs = now;
    for (let back = 0; back < 70; back += 1) insertsUntil(now - back * dayMs);
    // Days as old as that were expired long ago.
    for (const id of [...partitionsOf('metrics.samples').keys()])
      if (id < idOf(now - 6 * dayMs, 8)) partitionsOf('metrics.samples').delete(id);
    const bad = idOf(now, 8);
    const reports: RunReport[] = [];
    for (let sweep = 0; sweep < nights * schedules.length; sweep += 1) {
      const [next] = schedules
        .map((schedule) => ({ ...schedule, at: nextFire(schedule, new Date(now)) }))
        .sort((a, b) => (a.at?.getTime() ?? Infinity) - (b.at?.getTime() ?? Infinity));
      if (!next?.at) throw new Error('it fires every night');
      await env.sleep(next.at.getTime() - now);
      now = next.at.getTime();
      insertsUntil(now);
      const night = Math.floor((now - startMs) / dayMs);
      tampered = night < 11 ? bad : undefined;
      const run = await env.client.workflow.start('clickhouseTier', {
        // As a schedule does it: its id and the time. The run is a proxy run then.
        workflowId: `schedule/tier-${next.table}-${next.at.toISOString()}`,
        taskQueue,
        args: [{ cluster: 'metrics', table: next.table }],
        workflowExecutionTimeout: '1 hour',
      });
      reports.push((await run.result()) as RunReport);
    }
    // eslint-disable-next-line no-console -- the figure that docs/clickhouse/tier.md quotes
    console.info(`${nights} nights, ${reports.length} runs in ${((performance.now() - began) / 1_000).toFixed(1)} s`);

    expect(reports.every(({ outcome }) => outcome === 'done')).toBe(true);
    const raw = expired.filter(({ table }) => table === 'metrics.samples');
    expect(new Set(raw.map(({ partition }) => partition)).size).toBe(raw.length);
    expect(raw.length).toBeGreaterThanOrEqual(nights - 2);
    for (const { partition, atMs } of raw) {
      const days = (atMs - Date.parse(partition.replace(/(....)(..)(..)/, '$1-$2-$3')) - dayMs) / dayMs;
      expect(days).toBeGreaterThanOrEqual(7);
      if (partition !== bad) expect(days).toBeLessThan(8);
      else expect(days).toBeGreaterThan(8);
    }
    expect(raw.map(({ partition }) => partition)).toContain(bad);
    // Told every night until it was repaired, of that day alone; the month that has it waited for it.
    const told = notices.filter(({ event, target }) => event === 'drift' && target === 'metrics/metrics.samples');
    expect(told.length).toBeGreaterThanOrEqual(2);
    expect(told.length).toBeLessThanOrEqual(4);
    for (const { trouble } of told) expect(trouble?.problems.map(({ place }) => place)).toEqual([bad]);

    // What is left is what is to be kept; no month went before its days.
    expect(partitionsOf('metrics.samples').size).toBeLessThanOrEqual(9);
    for (const { table, partition, atMs } of expired.filter((one) => one.table === 'metrics.samples_m5')) {
      const later = raw.filter((one) => sharesDays(one.partition, partition) && one.atMs > atMs);
      expect([table, later]).toEqual([table, []]);
    }
    expect(expired.filter(({ table }) => table === 'metrics.samples_m5').length).toBeGreaterThanOrEqual(1);
    // Each closed month moved once, none that was open.
    expect(new Set(moved).size).toBe(moved.length);
    expect(moved.length).toBeGreaterThanOrEqual(1);
    expect(partitionsOf('metrics.samples_m5').get(idOf(now, 6))).toBe('hot');
  });
});
