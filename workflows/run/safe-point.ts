import { condition } from '@temporalio/workflow';
import { troubleOf } from '../../src/errors/index.ts';
import type { StepState } from '../../src/runs/index.ts';
import { callControl } from './call.ts';
import type { RunContext } from './context.ts';
import { interrupted, throwIfInterrupted } from './context.ts';
import { checkInvariants } from './invariants.ts';
import { Ending } from './ending.ts';
import { park } from './park.ts';
import { tellList } from './parent.ts';
import { planAgain } from './plan-again.ts';

/**
 * Between two steps: the place where abort, pause, pre-emption and cancellation take effect. A pause that is asked for while a
 * resumed run looks again holds like the one before.
 */
export async function safePoint(context: RunContext): Promise<void> {
  const { runRecord, controls } = context;
  throwIfInterrupted(context);
  if (context.lane) return context.lane.stand();
  while (controls.pauseAsked) {
    const before = runRecord.state;
    runRecord.pending.delete('pause');
    runRecord.enter('paused');
    tellList(context);
    await condition(() => !controls.pauseAsked || interrupted(context));
    throwIfInterrupted(context);
    runRecord.enter(before);
    tellList(context);
    await recheckSource(context);
    throwIfInterrupted(context);
  }
}

/** A step may stand at its first look, where a run waits for a worker. */
const untouched: readonly StepState[] = ['pending', 'looking'];

/** A pause may last for days: what spoke for going on is looked at again. */
async function recheckSource(context: RunContext): Promise<void> {
  const { runRecord, plans } = context;
  // Past the point of no return a closed window would only keep the target half done.
  if (!runRecord.pastNoReturn) await checkGates(context, 'after the pause');
  const planned = plans.at(-1);
  const isUntouched = runRecord.steps.every(({ state, changed }) => !changed && untouched.includes(state));
  if (planned && isUntouched) {
    const differs = await planAgain(context, planned);
    if (differs) throw new Ending('refused', differs);
  }
  await checkInvariants(context);
}

/** Freeze and maintenance window again, since time has passed; a closed gate parks the run. */
export async function checkGates(context: RunContext, when: string): Promise<void> {
  const title = `change freeze and maintenance window ${when}`;
  const { kind, target } = context.runRecord;
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
