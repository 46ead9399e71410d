import type { ArchiveActivities } from '../../activities/archive/index.ts';
import type { ArchiveLifecycleInput, RunReport } from '../../src/runs/index.ts';
import { domainRefs } from '../run/call.ts';
import { openRun } from '../run/open-run.ts';

const archive = domainRefs<ArchiveActivities, 'archive'>('archive');

/** Brings the age rules of an archive's bucket to what the platform file says. Runbook: docs/archive/lifecycle.md. */
export async function archiveLifecycle(input: ArchiveLifecycleInput): Promise<RunReport> {
  return openRun('archive.lifecycle', input, async (run) => {
    const plan = await run.plan(archive.planLifecycle, input);
    await run.approval(plan);
    await run.step('set the age rules', archive.reconcileLifecycle, plan.data, { undo: true });
  });
}
