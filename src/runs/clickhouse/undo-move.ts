import { afterCutover } from './after-cutover.ts';
import type { RunInput } from '../protocol.ts';

/** The steps of its runs, in the order in which they first take place. */
export const undoMoveSteps = [
  'move',
  'take-manifest',
  'stop-merges',
  'read-target',
  'hold-ingest',
  'recheck-source',
  'cut-over',
  ...afterCutover,
] as const;

/** The input of the undo of a move that is done. */
export type ClickHouseUndoMoveInput = RunInput & {
  /** The cluster's name in the platform file. */
  cluster: string;
  /** The table's full name, `database.table`, as in the platform file. */
  table: string;
  /** The partition that was moved. */
  partition: string;
  /** By a move in the other direction, also where the source could attach what it kept. */
  reverse?: boolean;
};
