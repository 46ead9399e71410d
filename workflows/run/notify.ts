import { log } from '@temporalio/workflow';
import type { Notice } from '../../src/runs/index.ts';
import { boundTrouble, cutText } from '../../src/runs/index.ts';
import { callControl } from './call.ts';
import type { RunContext } from './context.ts';

/** What a pager shows of it is shorter still. */
const messageCharacters = 4_000;

/** Tells people, without making the run wait: an unreachable pager must not delay an operator's answer. */
export function notify(
  context: RunContext,
  event: Notice['event'],
  message: string,
  trouble?: Notice['trouble'],
): void {
  const { kind, target } = context.runRecord;
  const { workflowId } = context.runRecord.status();
  const sent = callControl(
    'notify',
    {
      kind,
      target,
      workflowId,
      event,
      message: cutText(message, messageCharacters),
      ...(trouble ? { trouble: boundTrouble(trouble) } : {}),
    },
    `notify: ${event}`,
  ).catch((error: unknown) => log.warn('a notice could not be delivered', { event, error }));
  context.notices.push(sent);
}
