import type { ClickHouseActivities } from '../../activities/clickhouse/index.ts';
import type { ClickHouseShardInput, RunReport } from '../../src/runs/index.ts';
import { domainRefs } from '../run/call.ts';
import { openRun } from '../run/open-run.ts';
import { rebalanceTables } from './moves/rebalance-tables.ts';

const clickhouse = domainRefs<ClickHouseActivities, 'clickhouse'>('clickhouse');

/**
 * Makes the last shard of the platform file one like the others: its tables first, then a place in the list of every server
 * that takes no rows, few rows, its share of every table, its weight. It holds the cluster. Runbook:
 * docs/clickhouse/add-shard.md.
 */
export async function clickhouseAddShard(input: ClickHouseShardInput): Promise<RunReport> {
  return openRun('clickhouse.add-shard', input, async (run) => {
    const plan = await run.plan(clickhouse.planAddShard, input);
    const { cluster, listedAs, shard, servers, tables, join, open, final, idle, ...schema } = plan.data;
    if (idle) return;
    await run.approval(plan);
    const slow = { profile: 'slow' } as const;
    for (const server of servers) {
      const make = { cluster, server, ...schema };
      await run.step(`make the tables on ${server}`, clickhouse.makeSchema, make, { undo: true, ...slow });
    }
    if (join) {
      const listed = { cluster, listedAs, weights: join };
      await run.step('list it on every server', clickhouse.setMembership, listed, { undo: true, ...slow });
      await run.step('prove that it is read', clickhouse.canary, listed, { undo: true, ...slow });
    }
    if (open) {
      const few = { cluster, listedAs, weights: open };
      await run.step('let rows come to it', clickhouse.setMembership, few, { pointOfNoReturn: true, ...slow });
      await run.step('prove that rows come to it', clickhouse.canary, few, slow);
    }
    if (tables.length > 0) {
      const seen = await run.step('look at what is to move', clickhouse.measureShares, { cluster, tables }, slow);
      const moving = seen?.after.tables.filter(({ moves }) => moves > 0).map(({ table }) => table) ?? [];
      await rebalanceTables(run, input, moving);
      run.measure('tablesRebalanced', moving.length);
    }
    if (final) {
      const all = { cluster, listedAs, weights: final };
      await run.step('give it its weight', clickhouse.setMembership, all, slow);
      await run.step('prove the weights', clickhouse.canary, all, slow);
    }
    run.measure('shard', shard);
  });
}
