import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { startTimeSkipping } from '../../lab/temporal/time-skipping.ts';

/** The SDK's environment on a time-skipping server of the lab; its `teardown` ends both. */
export async function timeSkippingEnvironment(): Promise<TestWorkflowEnvironment> {
  const stateDir = mkdtempSync(join(tmpdir(), 'gantry-time-'));
  const running = await startTimeSkipping({ stateDir });
  const end = async (): Promise<void> => {
    await running.stop();
    rmSync(stateDir, { recursive: true, force: true });
  };
  try {
    const environment = await TestWorkflowEnvironment.createTimeSkipping({ server: running.server });
    const teardown = environment.teardown.bind(environment);
    return Object.assign(environment, { teardown: () => teardown().finally(end) });
  } catch (error) {
    await end();
    throw error;
  }
}
