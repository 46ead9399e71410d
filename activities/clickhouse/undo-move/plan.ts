import { definePlan } from '../../../src/steps/index.ts';
import { GantryError } from '../../../src/errors/index.ts';
import type { WayBack } from '../../../src/planning/clickhouse/index.ts';
import { planUndoMove } from '../../../src/planning/clickhouse/index.ts';
import type { ClickHouseUndoMoveInput, PlanCall, RunReport } from '../../../src/runs/index.ts';
import { wholeReport } from '../../../src/steps/index.ts';
import type { ClickHouseDeps } from '../access/access.ts';
import { tableOf } from '../access/access.ts';
import type { MoveRecord } from '../cutover/record.ts';
import { recordedBy, recordOf } from '../cutover/record.ts';
import { readMoveFacts } from '../partition/read-facts.ts';

/** `report`: of the last move of the partition, as it was published. */
export type UndoMoveCall = ClickHouseUndoMoveInput & { report?: RunReport };

/** The undo, and what the move left for it. */
export type UndoMoveData = WayBack & { record: MoveRecord };

/** Reads both shards and plans the undo of a move. @throws CLICKHOUSE_UNDO_UNSAFE, every finding at once */
export const undoMovePlan = definePlan(
  'clickhouse.undo-move',
  async ({ input }: PlanCall<UndoMoveCall>, { clusters }: ClickHouseDeps, signal, { payloads }) => {
    const access = await clusters(input.cluster);
    const intent = tableOf(access, input.table);
    const record = recordOf(input.report && (await wholeReport(payloads, input.report, recordedBy)));
    if (!record) {
      const message = `no report of a finished move of ${input.partition} is known, so Gantry does not know what was moved, nor where from`;
      throw new GantryError('CLICKHOUSE_UNDO_UNSAFE', message);
    }
    const { cluster, table, partition } = input;
    const sides = { from: record.target.shard, to: record.source.shard };
    const back = record.blocks ? { moved: record.blocks } : {};
    const facts = await readMoveFacts(access, { cluster, table, partition, ...sides, back }, signal);
    const planned = planUndoMove(intent, facts, input, record);
    if (!planned.ok) return planned;
    return { ok: true, draft: { ...planned.draft, data: { ...planned.draft.data, record } } };
  },
);
