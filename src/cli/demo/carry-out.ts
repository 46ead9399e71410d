import type { Client } from '@temporalio/client';
import { runReport, startRun, watchRun } from '../../client/index.ts';
import { GantryError } from '../../errors/index.ts';
import { validateInput } from '../../registry/index.ts';
import type { Kind, RunReport, RunStatus } from '../../runs/index.ts';
import { changeLines } from '../render/changes.ts';
import { say } from './say.ts';
import type { Stage } from './stage.ts';

/** Starts a run that nobody has to approve, shows its steps as they come, and answers its report. */
export async function carryOut(stage: Stage, client: Client, kind: Kind, input: object): Promise<RunReport> {
  return followRun(
    stage,
    client,
    await startRun(client, kind, input, { taskQueue: stage.taskQueue, check: validateInput }),
  );
}

/** Shows the steps of a run as they come, and answers its report. */
export async function followRun(
  stage: Stage,
  client: Client,
  started: { workflowId: string; runId: string },
): Promise<RunReport> {
  const { uiUrl } = stage.temporal;
  say(`run ${started.workflowId}: ${uiUrl}/namespaces/default/workflows/${encodeURIComponent(started.workflowId)}`);
  let last: RunStatus | undefined;
  await watchRun(client, started, ({ status }) => {
    for (const line of changeLines(last, status)) say(`  ${line}`);
    last = structuredClone(status);
  });
  const report = await runReport(client, started);
  if (!report) throw new GantryError('UNEXPECTED', 'the run ended without a report', { evidence: { run: started } });
  return report;
}
