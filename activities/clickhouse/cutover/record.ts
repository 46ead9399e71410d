import { z } from 'zod';
import type { RunReport } from '../../../src/runs/index.ts';

const side = z.object({
  shard: z.int(),
  server: z.string(),
  others: z.array(z.string()).readonly(),
  zookeeperPath: z.string(),
});

/** What a finished move leaves in its report for the undo. */
export const moveRecord = z.object({
  source: side,
  target: side,
  final: z.boolean(),
  wayBack: z.enum(['undo-move', 'reverse-move']),
  digest: z.object({ rows: z.int(), sum: z.string(), xor: z.string() }),
  /** Where the target's attach put them; left out where that can't be told. */
  blocks: z.object({ from: z.int(), to: z.int(), rows: z.int() }).exactOptional(),
  /** Of the copy, as they lie in the source's `detached`. */
  parts: z.array(z.object({ name: z.string(), rows: z.int(), hash: z.string() })).readonly(),
});
export type MoveRecord = z.output<typeof moveRecord>;

/** The step that finds it. */
export const recordedBy = 'clickhouse.prove-move';

/** The record in the report of a move; nothing if the move did not come to its end, or the report has another form. */
export function recordOf(report: RunReport | undefined): MoveRecord | undefined {
  if (report?.outcome !== 'done') return undefined;
  const proof = report.steps.find(({ step }) => step === recordedBy)?.after;
  const parsed = z.object({ record: moveRecord }).safeParse(proof);
  return parsed.success ? parsed.data.record : undefined;
}
