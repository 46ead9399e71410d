import type { ProcedureTable } from '../../../src/steps/index.ts';
import { bringBack } from '../cutover/bring-back.ts';
import { cutOver } from '../cutover/cut-over.ts';
import { findLateRows } from '../cutover/late-rows.ts';
import { proveMove } from '../cutover/prove-move.ts';
import { holdIngest, openIngest } from '../ingest/ingest.ts';
import { startMerges, stopMerges } from '../merges/merges.ts';
import { readTarget } from '../partition/read-target.ts';
import { recheckSource } from '../partition/recheck-source.ts';
import { takeManifest } from '../partition/take-manifest.ts';
import { undoMovePlan } from './plan.ts';

/** What a run of clickhouse.undo-move is made of. */
export const undoMove = {
  clickhousePlanUndoMove: undoMovePlan,
  clickhouseTakeManifest: takeManifest,
  clickhouseStopMerges: stopMerges,
  clickhouseReadTarget: readTarget,
  clickhouseHoldIngest: holdIngest,
  clickhouseRecheckSource: recheckSource,
  clickhouseCutOver: cutOver,
  clickhouseFindLateRows: findLateRows,
  clickhouseBringBack: bringBack,
  clickhouseOpenIngest: openIngest,
  clickhouseStartMerges: startMerges,
  clickhouseProveMove: proveMove,
} satisfies ProcedureTable<'clickhouse.undo-move'>;
