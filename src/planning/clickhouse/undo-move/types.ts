import type { ClickHouseMoveInput, DraftOf, MovedBlocks, RunInput } from '../../../runs/index.ts';
import type { ClickHouseMoveData, MoveSide } from '../partition/types.ts';
import type { Finding } from '../facts/types.ts';

/** What the report of the move says. */
export type MovedBefore = {
  source: MoveSide;
  target: MoveSide;
  final: boolean;
  wayBack: 'undo-move' | 'reverse-move';
  digest: { rows: number };
  blocks?: MovedBlocks;
};

/**
 * The undo of a move: by what its source kept in `detached`, in the run itself; or, where that is not safe, by a move of
 * the whole partition in the other direction, a run under it. `rows`: all that go.
 */
export type WayBack =
  | (ClickHouseMoveData & { way: 'detached' })
  | { way: 'reverse-move'; rows: number; move: Omit<ClickHouseMoveInput, keyof RunInput> };

export type WayBackPlanning =
  { ok: true; draft: DraftOf<'clickhouse.undo-move', WayBack> } | { ok: false; findings: readonly Finding[] };
