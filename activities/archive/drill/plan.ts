import type { ArchiveDrillInput, PlanCall } from '../../../src/runs/index.ts';
import { definePlan } from '../../../src/steps/index.ts';
import type { RecoveryDeps } from '../recovery/access.ts';
import { planFrom } from '../recovery/plan-recovery.ts';

/** The plan of a restore up to its proof; production may be as full as it is. */
export const drillPlan = definePlan(
  'archive.drill',
  ({ input }: PlanCall<ArchiveDrillInput>, deps: RecoveryDeps, signal) =>
    planFrom<'archive.mark-backup'>(input, deps, signal, {
      verb: 'drill the restore of',
      tail: () => [
        {
          step: 'archive.mark-backup' as const,
          what: 'mark the backup as bad, if what is wrong is about the backup',
          reversible: true,
        },
      ],
      promotes: false,
    }),
);
