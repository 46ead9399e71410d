import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { writeClickHousePlatform } from '../../../lab/clickhouse/platform.ts';
import { until } from '../../../lab/clock.ts';
import { createEvents, insertBlocks, rowsPerBlock } from '../../../lab/load/clickhouse-events.ts';
import { startWorkerProcess } from '../../../demo/worker-process.ts';
import type { RunReport } from '../../../src/runs/index.ts';
import { clickhouseRig } from '../../support/clickhouse-rig.ts';
import { fakeTimeEnv } from '../../support/faketime.ts';
import { describeWith } from '../../support/lab.ts';
import { rebalancePolicies, restingTable } from '../../support/rebalance-rig.ts';
import { useTemporal } from '../../support/temporal.ts';

const days = ['2026-01-01', '2026-01-02', '2026-01-03', '2026-01-04'];
const blocks = 4;
const longMs = 600_000;

await describeWith(['temporal', 'clickhouse', 'faketime'], 'a rebalance by workers whose clock is wrong', () => {
  const server = useTemporal();
  const lab = clickhouseRig();

  /** Four days on shard 1, and workers whose clock is so many seconds ahead. */
  async function scene(table: string, offsetSeconds: number, closedAfter: string) {
    const events = { cluster: 'metrics', database: 'load', table };
    await createEvents(lab.cluster.nodes, events);
    const produce = async (): Promise<void> => {
      for (const [at, day] of days.entries())
        await insertBlocks(lab.cluster.node('s1r1'), events, { day, firstBlock: at * blocks, blocks });
    };
    await produce();
    const full = `load.${table}`;
    const stateDir = mkdtempSync(join(tmpdir(), 'gantry-clocks-'));
    onTestFinished(() => rmSync(stateDir, { recursive: true, force: true }));
    const { path } = writeClickHousePlatform({
      ...{ stateDir, cluster: lab.cluster, policies: rebalancePolicies },
      tiers: { nvme: { medium: 'nvme', temperature: 'hot', size: '100GB' } },
      tables: { [full]: { ...restingTable(full), closedAfter } },
    });
    const taskQueue = `clocks-${process.pid}-${table}`;
    const { address, client } = server();
    const workers = await startWorkerProcess({
      ...{ stateDir, platformFile: path, taskQueue, domain: 'clickhouse' },
      connection: { address, namespace: 'default', options: { address } },
      env: fakeTimeEnv(offsetSeconds),
    });
    onTestFinished(() => workers.stop());
    return {
      produce,
      run: (): Promise<unknown> =>
        client.workflow
          .execute('clickhouseRebalance', {
            ...{ workflowId: `clickhouse/metrics/${full}`, taskQueue },
            args: [{ cluster: 'metrics', table: full }],
          })
          .catch((error: { cause?: unknown }) => error.cause),
      /** Rows and distinct rows over both shards, as each pair of replicas has them. */
      everyRowOnce: async (): Promise<void> => {
        const all = days.length * blocks * rowsPerBlock;
        const seen = await Promise.all(
          [1, 2].map(async (replica) => {
            const ids = await Promise.all(
              [1, 2].map(async (shard) =>
                (await lab.run(`s${shard}r${replica}`, `SELECT id FROM ${full}`)).trim().split('\n').filter(Boolean),
              ),
            );
            return { rows: ids.flat().length, distinct: new Set(ids.flat()).size };
          }),
        );
        expect(seen).toEqual([
          { rows: all, distinct: all },
          { rows: all, distinct: all },
        ]);
      },
      youngest: async (): Promise<number> =>
        Number(
          await lab.run(
            's1r1',
            `SELECT min(toInt64(now()) - toInt64(modification_time)) FROM system.parts WHERE active AND table = '${table}'`,
          ),
        ),
    };
  }

  test(
    '5 minutes ahead leaves what was written a moment ago where it is: a producer that tries again doubles nothing',
    async () => {
      // Less than the clock is ahead by, and more than the test takes to plan.
      const { run, produce, everyRowOnce } = await scene('ahead', 300, '280s');
      expect(await run()).toMatchObject({ type: expect.stringMatching(/NOTHING_MOVABLE|PARTITION_OPEN/) as string });
      await produce();
      await everyRowOnce();
    },
    longMs,
  );

  test(
    '5 minutes behind moves what is closed, each row once',
    async () => {
      const { run, everyRowOnce, youngest } = await scene('behind', -300, '2s');
      await until(async () => (await youngest()) >= 3, 60_000, 200);
      const report = (await run()) as RunReport;
      expect(report).toMatchObject({ outcome: 'done' });
      expect(report.steps.filter(({ run: child }) => child !== undefined).length).toBeGreaterThan(0);
      await everyRowOnce();
    },
    longMs,
  );
});
