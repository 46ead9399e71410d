import { startChild, workflowInfo } from '@temporalio/workflow';
import type { ClickHouseMoveInput, ClickHouseSplitInput, RunReport } from '../../src/runs/index.ts';

// A worker's workflows, and one that stands for the rebalance or the reshard: it holds the table and starts a move or a split.
export * from '../../workflows/index.ts';

type Input = ClickHouseMoveInput | ClickHouseSplitInput;

/** Starts one move, or one split where it names buckets, as the holder of the table does, and answers its report. */
export async function underTable(input: Input): Promise<RunReport> {
  const type = 'buckets' in input ? 'clickhouseSplit' : 'clickhouseMove';
  const child = await startChild<(input: Input) => Promise<RunReport>>(type, {
    workflowId: `${workflowInfo().workflowId}/${input.partition}`,
    args: [input],
    workflowIdReusePolicy: 'ALLOW_DUPLICATE',
  });
  return child.result();
}
