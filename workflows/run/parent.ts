import { defineSignal, getExternalWorkflowHandle, log, workflowInfo } from '@temporalio/workflow';
import type { ChildNews } from '../../src/runs/index.ts';
import { childSignalName } from '../../src/runs/index.ts';
import type { RunContext } from './context.ts';

export const childSignal = defineSignal<[ChildNews]>(childSignalName);

/** The memo of a run that tells the run which started it when it parks: a front wants to hear nothing. */
export const reportsToParent = { gantryReportsTo: 'parent' } as const;

/**
 * Tells the run that started this one that it is parked, or that it goes on: somebody may look there first. Nobody waits for
 * it; a parent that has been terminated hears nothing.
 */
export function tellParent(context: RunContext): void {
  const { parent, memo, workflowId, runId } = workflowInfo();
  if (!parent || memo?.['gantryReportsTo'] !== reportsToParent.gantryReportsTo) return;
  const { state, parked } = context.book;
  const news: ChildNews = {
    ...{ workflowId, runId, state },
    ...(parked
      ? { at: parked.title, code: parked.trouble.code, message: parked.trouble.message, options: parked.options }
      : {}),
  };
  const told = getExternalWorkflowHandle(parent.workflowId, parent.runId)
    .signal(childSignal, news)
    .catch((error: unknown) => log.warn('the run that started this one could not be told', { error }));
  context.notices.push(told);
}
