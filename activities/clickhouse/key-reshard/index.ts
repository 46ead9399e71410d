import type { ProcedureTable } from '../../../src/steps/index.ts';
import { holdIngest, openIngest } from '../ingest/ingest.ts';
import { checkHealth } from '../servers/check-health.ts';
import { findMisplaced } from './find-misplaced.ts';
import { findOpen } from './find-open.ts';
import { keyReshardPlan } from './plan.ts';
import { provePlacement } from './prove-placement.ts';
import { switchRule } from './switch-rule.ts';

/** What a run of clickhouse.key-reshard is made of. */
export const keyReshard = {
  clickhousePlanKeyReshard: keyReshardPlan,
  clickhouseFindOpen: findOpen,
  clickhouseHoldIngest: holdIngest,
  clickhouseSwitchRule: switchRule,
  clickhouseOpenIngest: openIngest,
  clickhouseFindMisplaced: findMisplaced,
  clickhouseCheckHealth: checkHealth,
  clickhouseProvePlacement: provePlacement,
} satisfies ProcedureTable<'clickhouse.key-reshard'>;
