import type { Client } from '@temporalio/client';
import { approve, runReport, startRun, watchRun } from '../src/client/index.ts';
import { GantryError } from '../src/errors/index.ts';
import { validateInput } from '../src/registry/index.ts';
import type { Kind, PlanView, RunReport, RunStatus } from '../src/runs/index.ts';
import { changeLines } from '../src/cli/render/changes.ts';
import type { Canvas } from '../src/cli/render/paint.ts';
import { planLines } from '../src/cli/render/plan.ts';
import { say } from './say.ts';
import type { Stage } from './stage.ts';

const canvas: Canvas = { color: process.stdout.isTTY, width: process.stdout.columns || 100, now: Date.now() };
const me = 'demo';

/** Starts a run, shows its steps as they come, approves its plan where the policy asks for it, and answers its report. */
export async function carryOut(stage: Stage, client: Client, kind: Kind, input: object): Promise<RunReport> {
  return followRun(
    stage,
    client,
    await startRun(client, kind, { ...input, requestedBy: me }, { taskQueue: stage.taskQueue, check: validateInput }),
  );
}

/** Shows the steps of a run as they come, approves its plan where the policy asks for it, and answers its report. */
export async function followRun(
  stage: Stage,
  client: Client,
  started: { workflowId: string; runId: string },
): Promise<RunReport> {
  const { uiUrl } = stage.temporal;
  say(`run ${started.workflowId}: ${uiUrl}/namespaces/default/workflows/${encodeURIComponent(started.workflowId)}`);
  let last: RunStatus | undefined;
  const show = ({ status }: { status?: RunStatus }): void => {
    if (!status) return;
    for (const line of changeLines(last, status)) say(`  ${line}`);
    last = structuredClone(status);
  };
  // A run may ask more than once: for its plan, and for what it could not know then.
  for (;;) {
    const { status } = await watchRun(client, started, show, {
      until: (answer) => answer.status?.state === 'awaiting-approval',
    });
    if (status?.state !== 'awaiting-approval' || !status.plan) break;
    showPlan(status.plan);
    await approve(client, started, { planHash: status.plan.hash, by: me });
  }
  const report = await runReport(client, started);
  if (!report) throw new GantryError('UNEXPECTED', 'the run ended without a report', { evidence: { run: started } });
  return report;
}

function showPlan(plan: PlanView): void {
  say('');
  for (const line of planLines(plan, canvas)) say(`  ${line}`);
  say('');
  say(`The demo approves this plan itself (plan ${plan.hash}); on your platform a person would.`);
}
