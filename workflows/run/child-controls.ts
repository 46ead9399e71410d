import { setHandler } from '@temporalio/workflow';
import { troubleOf } from '../../src/errors/index.ts';
import type { ChildNews } from '../../src/runs/index.ts';
import { callControl } from './call.ts';
import type { ChildEntry } from './child.ts';
import type { RunContext } from './context.ts';
import { childSignal } from './parent.ts';

/** Children say when they park and when they go on: their line in the record shows it, with the commands. */
export function hearChildren(context: RunContext, entries: readonly ChildEntry[]): void {
  setHandler(childSignal, (news: ChildNews) => {
    const entry = entries.find((one) => one.workflowId === news.workflowId && one.runId === news.runId);
    if (!entry || entry.record.state !== 'running') return;
    const { workflowId, runId, state, park } = news;
    entry.record.run = { workflowId, runId, state };
    if (news.at === undefined) delete entry.record.summary;
    else {
      const commands = (news.options ?? [])
        .map((option) => `gantry ${option} ${workflowId}${option === 'abort' ? '' : ` --park ${park ?? ''}`}`)
        .join('  |  ');
      entry.record.summary = `parked at "${news.at}": ${news.code}: ${news.message}; now: ${commands}`;
    }
    context.runRecord.show();
  });
}

/**
 * What ends this run reaches the children under way: an abort and a pre-emption as themselves (past its point of no return a
 * child refuses, and is finished), a cancellation as a cancellation. Each child is asked once.
 */
export function stopChildren(context: RunContext, running: Iterable<ChildEntry>, asked: Set<ChildEntry>): void {
  const { controls, runRecord } = context;
  for (const entry of running) {
    if (entry.runId === undefined || asked.has(entry)) continue;
    asked.add(entry);
    const update = controls.preempted ? 'preempt' : controls.abortAsked ? 'abort' : undefined;
    if (!update) {
      entry.cancel();
      continue;
    }
    const { workflowId } = entry;
    const by = runRecord.actions.findLast(({ action }) => action.startsWith(update))?.by ?? runRecord.target;
    const reason = `${runRecord.kind} of ${runRecord.target} ends`;
    const request = update === 'preempt' ? { ...controls.preempted, by, reason } : { by, reason };
    const call = { workflowId, runId: entry.runId, update, request, updateId: `${entry.runId}/${update}` } as const;
    callControl('forwardUpdate', call, `${update} → ${workflowId}`).catch((error: unknown) => {
      // It goes on to its end, and is waited for.
      if (entry.record.state === 'running') entry.record.note = `${update}: ${troubleOf(error).message}`;
      runRecord.show();
    });
  }
}
