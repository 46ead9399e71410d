import type { ClickHouseRebalanceInput, ClickHouseShardInput } from '../../../src/runs/index.ts';
import { onBehalf } from '../../run/on-behalf.ts';
import type { Run } from '../../run/run.ts';

/** Rebalances tables one after the other: runs of their own, each with its plan, its approval and its lock. */
export async function rebalanceTables(
  run: Run<'clickhouse.rebalance'>,
  parent: ClickHouseShardInput,
  tables: readonly string[],
): Promise<void> {
  const specs = tables.map((table) => {
    const input: ClickHouseRebalanceInput = {
      ...{ cluster: parent.cluster, table },
      ...onBehalf(parent),
    };
    return { title: `rebalance ${table}`, kind: 'clickhouse.rebalance' as const, input, wave: 1 };
  });
  if (specs.length > 0) await run.children(specs, { window: 1, pauseMs: 0 });
}
