import { GantryError } from '../../src/errors/index.ts';
import type { WayBack } from '../../src/planning/clickhouse/index.ts';
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

/** The way back, and what the move left for it. */
export type UndoMoveData = WayBack & { record: MoveRecord };

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
      const message = `no report of a finished move of ${input.partition} is known: neither what was moved nor where from can be told`;
      throw new GantryError('CLICKHOUSE_UNDO_UNSAFE', message);
    }
    const { cluster, table, partition } = input;
    const sides = { from: record.target.shard, to: record.source.shard };
    const back = record.blocks ? { moved: record.blocks } : {};
    const facts = await readMoveFacts(access, { cluster, table, partition, ...sides, back }, signal);
    const planned = planUndoMove(intent, facts, input, record);
    if (!planned.ok) return planned;
    return { ok: true, draft: { ...planned.draft, data: { ...planned.draft.data, record } } };
  });
}
