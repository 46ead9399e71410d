import type { ErrorCode } from '../../errors/index.ts';
import type { DraftOf, RegionRolloutData } from '../../runs/index.ts';

/** Something that is in the way of a plan; the catalogue has the hint. */
export type Finding = { code: ErrorCode; message: string; place?: string };

/** What a rollout of one region is planned as. */
export type RolloutPlanning =
  { ok: true; draft: DraftOf<'region.rollout', RegionRolloutData> } | { ok: false; findings: readonly Finding[] };
