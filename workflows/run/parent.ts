import { defineSignal, getExternalWorkflowHandle, log, workflowInfo } from '@temporalio/workflow';
import type { ChildNews, ItemEnd, ItemNews } from '../../src/runs/index.ts';
import { childSignalName, cutText, itemSignalName, listLimits } from '../../src/runs/index.ts';
import type { RunContext } from './context.ts';
import { isItem } from './item.ts';

export const childSignal = defineSignal<[ChildNews]>(childSignalName);

/** The memo of a run that tells the run which started it when it parks: a proxy run wants to hear nothing. */
export const reportsToParent = { gantryReportsTo: 'parent' } as const;

export const itemSignal = defineSignal<[ItemNews]>(itemSignalName);

/**
 * Tells the run that started this one that it is parked, or that it goes on: somebody may look there first. Nobody waits for
 * it; a parent that has been terminated hears nothing.
 */
export function tellParent(context: RunContext): void {
  const { parent, memo, workflowId, runId } = workflowInfo();
  if (isItem()) return tellList(context);
  if (!parent || memo?.['gantryReportsTo'] !== reportsToParent.gantryReportsTo) return;
  const { state, parked } = context.runRecord;
  const news: ChildNews = {
    ...{ workflowId, runId, state },
    ...(parked
      ? {
          at: parked.title,
          park: parked.id,
          code: parked.trouble.code,
          message: parked.trouble.message,
          options: parked.options,
        }
      : {}),
  };
  const told = getExternalWorkflowHandle(parent.workflowId, parent.runId)
    .signal(childSignal, news)
    .catch((error: unknown) => log.warn('the run that started this one could not be told', { error }));
  context.notices.push(told);
}

/**
 * Tells the runner of the list how this run stands, and how it ends. Without a run id: the runner may have continued as new.
 * The run waits for it as it does for a notice, since the server delivers no signal of a run that has closed.
 */
export function tellList(context: RunContext, end?: ItemEnd): void {
  const { parent, workflowId, runId } = workflowInfo();
  if (!parent || !isItem()) return;
  const { state, parked } = context.runRecord;
  const { code, message = '' } = parked?.trouble ?? {};
  const news: ItemNews = {
    ...{ workflowId, runId, state },
    ...(code ? { code, message: cutText(message, listLimits.message) } : {}),
    ...(end ? { end } : {}),
  };
  const told = getExternalWorkflowHandle(parent.workflowId)
    .signal(itemSignal, news)
    .catch((error: unknown) => log.warn('the runner of the list could not be told', { error }));
  context.notices.push(told);
}
