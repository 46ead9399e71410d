import type { HostOnboardInput, RunReport, StepActivity } from '../../src/runs/index.ts';
import { activityName, onboardSteps } from '../../src/runs/index.ts';
import type { DomainRefs, StepRef } from '../../workflows/run/call.ts';
import { domainRefs } from '../../workflows/run/call.ts';
import { openRun } from '../../workflows/run/open-run.ts';
import type { Run } from '../../workflows/run/run.ts';
import type { PlayedActivities } from './played.ts';

// The fleet's own workflows are those of production.
export { hostFleetOnboard } from '../../workflows/host/fleet-onboard.ts';
export { regionRollout } from '../../workflows/region/rollout.ts';
export { listRunner } from '../../workflows/run/list-runner.ts';

const host: DomainRefs<PlayedActivities, 'host'> = domainRefs<PlayedActivities, 'host'>('host');

type PlayedStep = StepActivity<{ serial: string }, { done: boolean }>;

/** One played host: the plan, the approval and every step of host.onboard by its name, each a few commands of 200 ms. */
export async function hostOnboard(input: HostOnboardInput): Promise<RunReport> {
  return openRun('host.onboard', input, async (run: Run) => {
    const plan = await run.plan(host.planOnboard, input);
    await run.approval(plan);
    for (const step of onboardSteps) {
      const name = `host.${step}`;
      const ref: StepRef<{ serial: string }, { done: boolean }> = {
        activity: activityName(name),
        domain: 'host',
        name,
      };
      await run.step(step, ref, { serial: input.serial }, { undo: true, invariant: true });
    }
  });
}

export type { PlayedStep };
