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
import { fillSplit } from './fill.ts';
import { giveOwnBack } from './give-own-back.ts';
import { splitPlan } from './plan.ts';
import { verifySplit } from './verify.ts';

/** What a run of clickhouse.split is made of. */
export const split = {
  clickhousePlanSplit: splitPlan,
  clickhouseHoldIngest: holdIngest,
  clickhouseTakeManifest: takeManifest,
  clickhouseMakeStaging: makeStaging,
  clickhouseFillSplit: fillSplit,
  clickhouseVerifySplit: verifySplit,
  clickhouseStopMerges: stopMerges,
  clickhouseReadTarget: readTarget,
  clickhouseRecheckSource: recheckSource,
  clickhouseCutOver: cutOver,
  clickhouseGiveOwnBack: giveOwnBack,
  clickhouseFindLateRows: findLateRows,
  clickhouseBringBack: bringBack,
  clickhouseOpenIngest: openIngest,
  clickhouseStartMerges: startMerges,
  clickhouseProveMove: proveMove,
  clickhouseDropStaging: dropStaging,
} satisfies ProcedureTable<'clickhouse.split'>;
