import { planPromotion, planUpgrade, promotionActions } from '../../../src/planning/archive/restore/promote.ts';
import type { Late } from '../../../src/planning/archive/recovery/index.ts';
import { upgradeOf } from '../../../src/planning/archive/recovery/index.ts';
import type {
  ArchiveRestoreQuestion,
  PlanCall,
  PlannedStep,
  PromotionData,
  RestoreData,
  UpgradeData,
} from '../../../src/runs/index.ts';
import type { Planned } from '../../../src/steps/index.ts';
import { definePlan } from '../../../src/steps/index.ts';
import type { RecoveryAccess, RecoveryDeps } from '../recovery/access.ts';
import { copyOf, eachOf, objectsOf } from '../recovery/objects.ts';
import { planFrom } from '../recovery/plan-recovery.ts';

/** The restore itself, or one of the decisions on its way: a faster tier that costs more, the promotion. */
export const restorePlan = definePlan(
  'archive.restore',
  async (
    { input }: PlanCall<ArchiveRestoreQuestion>,
    deps: RecoveryDeps,
    signal,
  ): Promise<Planned<RestoreData | PromotionData | UpgradeData, PlannedStep<'archive.restore'>>> => {
    const { at } = input;
    if (at?.stage === 'promote') return { ok: true, draft: planPromotion(at.data, at.verified) };
    if (at?.stage === 'upgrade') {
      const access = await deps.recovery(input.archive);
      const { prices, restore } = access.config;
      const late = await lateObjects(access, deps, at.data, signal);
      const draft = planUpgrade(at.data, upgradeOf(late, prices, at.leftMs, restore.askAbove), late.length);
      return { ok: true, draft };
    }
    return planFrom(input, deps, signal, { verb: 'restore', tail: promotionActions, promotes: true });
  },
);

async function lateObjects(
  access: RecoveryAccess,
  { payloads }: RecoveryDeps,
  { name, objects }: RestoreData,
  signal: AbortSignal,
): Promise<readonly Late[]> {
  const store = access.store({ signal });
  const late: Late[] = [];
  try {
    await eachOf(objectsOf(payloads, objects), 16, async (object) => {
      const { key, versionId, size, storageClass, tier } = object;
      if (tier === undefined || (await copyOf(store, access.config.prefix, name, object))) return;
      const state = (await store.head(key, versionId))?.thaw.state;
      if (state === 'cold' || state === 'thawing') late.push({ size, storageClass, tier });
    });
    return late;
  } finally {
    store.close();
  }
}
