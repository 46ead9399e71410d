import type { Client } from '@temporalio/client';
import type { CopyProgress, RunStatus } from '../runs/index.ts';
import { copyProgress } from '../runs/index.ts';
import { heartbeatOf } from './heartbeat.ts';
import { handleOf } from './run-ref.ts';
import { ask } from './server-error.ts';
import { queryStatus } from './status.ts';

/** A run that another one is made of, while it is under way. */
export type RunUnder = { status: RunStatus; copy?: CopyProgress };

const copyActivity = 'clickhouseCopy';

/** The runs under a run that are under way, as they stand. One that can't be asked is left out: it is only a view. */
export async function runsUnder(client: Client, { steps }: RunStatus): Promise<RunUnder[]> {
  const refs = steps.flatMap(({ state, run }) =>
    state === 'running' && run?.runId !== undefined ? [{ workflowId: run.workflowId, runId: run.runId }] : [],
  );
  const seen = await Promise.all(
    refs.map(async (ref): Promise<RunUnder[]> => {
      const [status, described] = await Promise.all([
        queryStatus(client, ref),
        ask(client, () => handleOf(client, ref).describe()).catch(() => undefined),
      ]);
      if (!status) return [];
      const copy = copyProgress(heartbeatOf(described?.raw.pendingActivities ?? [], copyActivity));
      return [{ status, ...(copy ? { copy } : {}) }];
    }),
  );
  return seen.flat();
}
