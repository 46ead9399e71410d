import { findTimeSkippingServer } from './programs.ts';

/**
 * What `TestWorkflowEnvironment.createTimeSkipping({ server })` needs to run the cached server rather than download one.
 * Short `startToClose` timeouts and one environment per test file: its clock is one for all workflows.
 * @throws GantryError LAB_PART_MISSING
 */
export async function timeSkippingServer(): Promise<{ executable: { type: 'existing-path'; path: string } }> {
  return { executable: { type: 'existing-path', path: await findTimeSkippingServer() } };
}
