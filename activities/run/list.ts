import type { Client } from '@temporalio/client';
import { WorkflowFailedError, WorkflowNotFoundError, WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure, CancelledFailure, defineSearchAttributeKey } from '@temporalio/common';
import { troubleOf } from '../../src/errors/index.ts';
import type { ControlActivities, ItemNews, RunReport, RunState } from '../../src/runs/index.ts';
import { isClosed, itemEnd, searchAttributeNames } from '../../src/runs/index.ts';
import { plainActivity } from '../../src/steps/index.ts';

const stateKey = defineSearchAttributeKey(searchAttributeNames.state, 'KEYWORD');

/** A worker that answers does so within milliseconds; one that is away must not hold the others' answers up. */
const askMs = 8_000;
const atOnce = 10;

/** How runs of items stand: of those that the server tells a runner nothing of. */
export function createLookAtItems(client: Client): ControlActivities['lookAtItems'] {
  return plainActivity(({ items }) => inTurn(items, (item) => lookAt(client, item)));
}

async function lookAt(client: Client, ref: { workflowId: string; runId: string }): Promise<ItemNews> {
  const handle = client.workflow.getHandle(ref.workflowId, ref.runId);
  try {
    const seen = await client.withDeadline(Date.now() + askMs, () => handle.describe());
    const state = seen.typedSearchAttributes.get(stateKey) as RunState | undefined;
    if (seen.status.name === 'RUNNING') return { ...ref, state: state ?? 'planning' };
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
    // It ended so long ago that the server has forgotten it.
    const end = { outcome: 'failed', changed: false, ms: 0, measurements: {}, code: 'RUN_NOT_FOUND' } as const;
    return { ...ref, state: 'failed', end: { ...end, message: 'the server knows nothing of it any more' } };
  }
  const end = await endOf(client, ref);
  return { ...ref, state: end.outcome, end };
}

async function endOf(client: Client, ref: { workflowId: string; runId: string }) {
  try {
    const handle = client.workflow.getHandle(ref.workflowId, ref.runId, { followRuns: false });
    const report = (await client.withDeadline(Date.now() + askMs, () => handle.result())) as RunReport;
    return itemEnd(report);
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    const { cause } = error;
    const report = cause instanceof ApplicationFailure ? (cause.details?.[1] as RunReport | undefined) : undefined;
    if (report && isClosed(report.outcome)) return itemEnd(report);
    const { code, message } = troubleOf(cause ?? error);
    const outcome = cause instanceof CancelledFailure ? ('cancelled' as const) : ('failed' as const);
    return { outcome, changed: false, ms: 0, measurements: {}, code, message };
  }
}

/**
 * Hands an update, or a cancellation, on to runs of items. Answers what those that would not take it said (they are waited for),
 * and whom it did not reach: no worker was there.
 */
export function createUpdateItems(client: Client): ControlActivities['updateItems'] {
  return plainActivity(async ({ items, ask }) => {
    const answers = await inTurn(items, async ({ workflowId, runId }) => {
      const handle = client.workflow.getHandle(workflowId, runId);
      const { by, reason } = ask;
      const request = ask.ask === 'preempt' ? { by, reason, kind: ask.kind ?? '' } : { by, reason };
      try {
        await client.withDeadline(Date.now() + askMs, async () => {
          if (ask.ask === 'cancel') await handle.cancel();
          else await handle.executeUpdate(ask.ask, { args: [request], updateId: `${ask.id}/${runId}` });
        });
        return { workflowId };
      } catch (error) {
        if (error instanceof WorkflowUpdateFailedError)
          return { workflowId, refused: troubleOf(error.cause ?? error).message };
        if (error instanceof WorkflowNotFoundError) return { workflowId, refused: 'it has ended' };
        return { workflowId, unreached: true as const };
      }
    });
    return {
      refused: answers.flatMap(({ workflowId, refused }) => (refused ? [{ workflowId, refused }] : [])),
      unreached: answers.filter(({ unreached }) => unreached).map(({ workflowId }) => workflowId),
    };
  });
}

async function inTurn<T, R>(items: readonly T[], act: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let from = 0; from < items.length; from += atOnce)
    results.push(...(await Promise.all(items.slice(from, from + atOnce).map(act))));
  return results;
}
