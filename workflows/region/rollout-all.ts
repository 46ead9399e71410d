import type { RegionActivities } from '../../activities/region/index.ts';
import type { PlannedStep, RegionRolloutAllData, RegionRolloutAllInput, RunReport } from '../../src/runs/index.ts';
import { domainRefs } from '../run/call.ts';
import type { ChildSpec } from '../run/children.ts';
import { onBehalf } from '../run/on-behalf.ts';
import { openRun } from '../run/open-run.ts';

const region = domainRefs<RegionActivities, 'region'>('region');

/**
 * Brings all regions up with a barrier after each wave: every region has passed the gates of a wave before any goes beyond it. Each is
 * a run of region.rollout that this run's approval covers. Runbook: docs/region/rollout-all.md.
 */
export async function regionRolloutAll(input: RegionRolloutAllInput): Promise<RunReport> {
  return openRun('region.rollout-all', input, async (run) => {
    const plan = await run.plan(region.planRolloutAll, input);
    await run.approval(plan);
    const done = await run.children(rollouts(plan.data, input), { window: plan.data.window, pauseMs: 0 });
    run.measure('rollouts', done.length);
    run.measure('rolloutsDone', done.filter(Boolean).length);
  });
}

/** Each region once for each wave; the last time it goes on to what follows its components. */
function rollouts(
  { regions, waves, withHosts }: RegionRolloutAllData,
  input: RegionRolloutAllInput,
): ChildSpec<PlannedStep<'region.rollout-all'>>[] {
  return waves.flatMap((wave, at) => {
    const isLast = at === waves.length - 1;
    return regions.map((name) => ({
      title: isLast ? `${name}, to its end` : `${name}, through wave ${wave}`,
      kind: 'region.rollout' as const,
      input: {
        region: name,
        ...(isLast ? (withHosts ? { withHosts } : {}) : { throughWave: wave }),
        ...onBehalf(input),
      },
      ...{ wave, alone: [name] },
    }));
  });
}
