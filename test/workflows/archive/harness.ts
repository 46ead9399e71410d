import type { WorkflowHandle } from '@temporalio/client';
import { recoveryDefinitions } from '../../../activities/archive/index.ts';
import { serve } from '../../../src/steps/index.ts';
import type { ArchiveRestoreInput } from '../../../src/runs/index.ts';
import type { ArchiveWorld } from '../../support/archive-world.ts';
import { startDomainWorkers } from '../../support/domain-workers.ts';
import { oneDigest } from '../../support/one-digest.ts';
import type { TestServer } from '../../support/temporal.ts';
import type { World } from '../run/world.ts';

/** The real workflows and steps over an archive in memory. */
export type ArchiveHarness = Awaited<ReturnType<typeof startArchiveHarness>>;

/** `archive` is read again with each call of an activity: a test may put another one in its place. */
export async function startArchiveHarness(
  server: Pick<TestServer, 'client' | 'native'>,
  world: World,
  archive: { now: ArchiveWorld },
) {
  const names = Object.keys(recoveryDefinitions);
  const workers = await startDomainWorkers(server, world, 'archive', names, () => {
    const { deps, payloads } = archive.now;
    return serve(recoveryDefinitions, deps, oneDigest(world.platformDigest, payloads));
  });
  const { client, taskQueue } = workers;
  return {
    ...workers,
    start: (
      what: string,
      change: Partial<ArchiveRestoreInput> = {},
      type = 'archiveRestore',
    ): Promise<WorkflowHandle> =>
      client.workflow.start(type, {
        workflowId: `archive/main/${what}`,
        taskQueue,
        args: [{ archive: 'main', what, ...change }],
        workflowExecutionTimeout: '60 days',
      }),
    /** Approves the plan that the run waits for. */
    approve: async (handle: WorkflowHandle): Promise<void> => {
      const { plan } = await workers.status(handle);
      await handle.executeUpdate('approve', { args: [{ by: 'ada', planHash: plan?.hash }] });
    },
  };
}
