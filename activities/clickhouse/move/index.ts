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
import { dropStaging } from '../staging/drop.ts';
import { makeStaging } from '../staging/make.ts';
import { copyPartition } from './copy.ts';
import { movePlan } from './plan.ts';
import { verifyCopy } from './verify-copy.ts';

/** What a run of clickhouse.move is made of. */
export const move = {
  clickhousePlanMove: movePlan,
  clickhouseTakeManifest: takeManifest,
  clickhouseMakeStaging: makeStaging,
  clickhouseCopy: copyPartition,
  clickhouseVerifyCopy: verifyCopy,
  clickhouseRecheckSource: recheckSource,
  clickhouseStopMerges: stopMerges,
  clickhouseReadTarget: readTarget,
  clickhouseHoldIngest: holdIngest,
  clickhouseCutOver: cutOver,
  clickhouseFindLateRows: findLateRows,
  clickhouseBringBack: bringBack,
  clickhouseOpenIngest: openIngest,
  clickhouseStartMerges: startMerges,
  clickhouseProveMove: proveMove,
  clickhouseDropStaging: dropStaging,
} satisfies ProcedureTable<'clickhouse.move'>;
