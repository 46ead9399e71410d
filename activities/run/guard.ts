import type { Client } from '@temporalio/client';
import { refusal } from '../../src/errors/index.ts';
import { GantryError, problem } from '../../src/errors/index.ts';
import type { LoadedPlatform } from '../../src/platform/index.ts';
import { guardPolicy } from '../../src/platform/index.ts';
import { validateGuardInput } from '../../src/registry/index.ts';
import type { ControlActivities, GuardPolicy, GuardStatus } from '../../src/runs/index.ts';
import { guardId, statusQueryName } from '../../src/runs/index.ts';
import { plainActivity } from '../../src/steps/index.ts';

/** Whether a guard may start: its whole input and its group. Every problem at once. No freeze stops it: it changes nothing. */
export function createAdmitGuard({ platform }: LoadedPlatform): ControlActivities['admitGuard'] {
  return plainActivity(async ({ input }) => {
    const problems = validateGuardInput(input);
    const identity = guardId(input);
    let policy: GuardPolicy | undefined;
    try {
      if (identity.ok) policy = guardPolicy(platform, identity.target);
    } catch (error) {
      if (!(error instanceof GantryError)) throw error;
      problems.push(problem(error.code, error.message, 'group'));
    }
    if (!policy || problems.length > 0) throw refusal(problems);
    return policy;
  });
}

/** What a running guard says of itself. A guard whose workers are away says nothing: that is no error of whoever asks. */
export function createAskGuard(client: Client): ControlActivities['askGuard'] {
  return plainActivity(async ({ workflowId }) => {
    try {
      return await client.withDeadline(Date.now() + askMs, () =>
        client.workflow.getHandle(workflowId).query<GuardStatus>(statusQueryName),
      );
    } catch {
      return undefined;
    }
  });
}

/** A live worker answers within milliseconds. */
const askMs = 4_000;
