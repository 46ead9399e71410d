import { GantryError } from '../../src/errors/index.ts';
import type { ClickHouseMoveData } from '../../src/planning/clickhouse/index.ts';
import { planUndoMove } from '../../src/planning/clickhouse/index.ts';
import type { ClickHouseUndoMoveInput, PlanActivity, RunReport } from '../../src/runs/index.ts';
import type { StepRuntime } from '../../src/steps/index.ts';
import { planningActivity } from '../run/planning-activity.ts';
import type { ClickHouseDeps } from './access.ts';
import { tableOf } from './access.ts';
import type { MoveRecord } from './move-record.ts';
import { recordOf } from './move-record.ts';
import { readMoveFacts } from './read-move-facts.ts';

/** `report`: of the last move of the partition, as it was published. */
export type UndoMoveCall = ClickHouseUndoMoveInput & { report?: RunReport };

/** The move with its sides exchanged, and what it left for the way back. */
export type UndoMoveData = ClickHouseMoveData & { record: MoveRecord };

/** Reads both shards and plans the way back of a move. @throws CLICKHOUSE_UNDO_UNSAFE, every finding at once */
export function planUndoMoveActivity(
  { clusters }: ClickHouseDeps,
  runtime: StepRuntime,
): PlanActivity<UndoMoveCall, UndoMoveData> {
  return planningActivity(runtime, async ({ input }, signal) => {
    const access = await clusters(input.cluster);
    const intent = tableOf(access, input.table);
    const record = recordOf(input.report);
    if (!record) {
      const message = `no report of a finished move of ${input.partition} is known: what was moved can't be told; move it back instead`;
      throw new GantryError('CLICKHOUSE_UNDO_UNSAFE', message);
    }
    const { source, target } = record;
    const facts = await readMoveFacts(access, { ...input, from: source.shard, to: target.shard }, signal);
    const planned = planUndoMove(intent, facts, input, record);
    if (!planned.ok) return planned;
    return { ok: true, draft: { ...planned.draft, data: { ...planned.draft.data, record } } };
  });
}
