import type { ClickHouseRebalanceInput, ClickHouseShardInput } from '../../../src/runs/index.ts';
import type { Run } from '../../run/run.ts';

/** Rebalances tables one after the other: runs of their own, each with its plan, its approval and its lock. */
export async function rebalanceTables(
  run: Run<'clickhouse.rebalance'>,
  { cluster, requestedBy, reason }: ClickHouseShardInput,
  tables: readonly string[],
): Promise<void> {
  const specs = tables.map((table) => {
    const input: ClickHouseRebalanceInput = {
      ...{ cluster, table },
      ...(requestedBy === undefined ? {} : { requestedBy }),
      ...(reason === undefined ? {} : { reason }),
    };
    return { title: `rebalance ${table}`, kind: 'clickhouse.rebalance' as const, input, wave: 1 };
  });
  if (specs.length > 0) await run.children(specs, { window: 1, pauseMs: 0 });
}
