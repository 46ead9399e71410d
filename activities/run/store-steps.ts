import type { ControlActivities, PayloadStore, StepRecord } from '../../src/runs/index.ts';
import { plainActivity } from '../../src/steps/index.ts';

/** Stores a page of a run's steps with their evidence: what its report refers to. @throws PAYLOAD_UNWRITABLE */
export function createStoreSteps(payloads: PayloadStore): ControlActivities['storeSteps'] {
  return plainActivity(({ steps }) =>
    payloads.put<readonly StepRecord[]>(`${JSON.stringify(steps, null, 2)}\n`, steps.length),
  );
}
