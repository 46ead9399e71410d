import { planLifecycle } from '../../../src/planning/archive/index.ts';
import type { ArchiveLifecycleInput, PlanCall } from '../../../src/runs/index.ts';
import { definePlan } from '../../../src/steps/index.ts';
import type { ArchiveDeps } from '../access/access.ts';
import { withStore } from '../access/access.ts';

/** Reads the lifecycle of the bucket, and shows what would change. */
export const lifecyclePlan = definePlan(
  'archive.lifecycle',
  async ({ input: { archive } }: PlanCall<ArchiveLifecycleInput>, { archives }: ArchiveDeps, signal) => {
    const { config, keys, ageRules } = archives(archive);
    return withStore(archives(archive), { signal }, async (store) => {
      const intent = { archive, bucket: config.bucket, dataPrefix: keys.data, metadataPrefix: keys.metadata, ageRules };
      return planLifecycle(intent, await store.lifecycle());
    });
  },
);
