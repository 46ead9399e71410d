import { startChild, workflowInfo } from '@temporalio/workflow';
import type { ClickHouseMoveInput, RunReport } from '../../src/runs/index.ts';

// A worker's workflows, and one that stands for the rebalance: it holds the table and starts a move.
export * from '../../workflows/index.ts';

/** Starts one move as the holder of the table does, and answers its report. */
export async function underTable(input: ClickHouseMoveInput): Promise<RunReport> {
  const child = await startChild<(input: ClickHouseMoveInput) => Promise<RunReport>>('clickhouseMove', {
    workflowId: `${workflowInfo().workflowId}/${input.partition}`,
    args: [input],
    workflowIdReusePolicy: 'ALLOW_DUPLICATE',
  });
  return child.result();
}
