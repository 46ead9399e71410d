import { condition } from '@temporalio/workflow';
import { troubleOf } from '../../src/errors/index.ts';
import { callControl } from './call.ts';
import type { RunContext } from './context.ts';
import { interrupted, throwIfInterrupted } from './context.ts';
import { checkInvariants } from './invariants.ts';
import { park } from './park.ts';

/** Between two steps: the place where abort, pause, pre-emption and cancellation take effect. */
export async function safePoint(context: RunContext): Promise<void> {
  const { book, controls } = context;
  throwIfInterrupted(context);
  if (!controls.pauseAsked) return;
  const before = book.state;
  book.pending.delete('pause');
  book.enter('paused');
  await condition(() => !controls.pauseAsked || interrupted(context));
  throwIfInterrupted(context);
  book.enter(before);
  // Past the point of no return a closed window would only keep the target half done.
  if (!book.pastNoReturn) await checkGates(context, 'after the pause');
  await checkInvariants(context);
}

/** Freeze and maintenance window again, since time has passed; a closed gate parks the run. */
export async function checkGates(context: RunContext, when: string): Promise<void> {
  const title = `change freeze and maintenance window ${when}`;
  const { kind, target } = context.book;
  const look = (): Promise<void> => callControl('checkGates', { kind, target }, title);
  for (;;) {
    try {
      return await look();
    } catch (error) {
      const proveDone = async (): Promise<{ done: boolean; summary: string }> => {
        await look();
        return { done: true, summary: 'no freeze in force, window open' };
      };
      const resolution = await park(context, { title, step: 'run.check-gates', trouble: troubleOf(error), proveDone });
      if (resolution.action === 'skip') return;
    }
  }
}
