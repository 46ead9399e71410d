import { CancellationScope, isCancellation } from '@temporalio/workflow';
import type { ProfileName, StepMode, StepReport } from '../../src/runs/index.ts';
import type { StepRef } from './call.ts';
import { callDomain } from './call.ts';
import type { RunContext } from './context.ts';
import { profileOf } from './context.ts';
import { Ending } from './ending.ts';

/** One call of a step activity. */
export type Execution<I, O> = {
  title: string;
  ref: StepRef<I, O>;
  mode: StepMode;
  input: I;
  before?: O;
  unit: string;
  profile?: ProfileName | undefined;
  /** Never interrupted by a cancellation: it runs to its end, and the run looks at the flag afterwards. */
  shielded?: boolean | undefined;
};

const modeWords: Record<StepMode, string> = { inspect: 'look', ensure: 'do', undo: 'undo' };

/**
 * Runs a step activity. A cancellation of the run reaches a step that isn't shielded, and is waited for until the step
 * has really ended: its effect can never land after its undo.
 */
export async function execute<I, O>(context: RunContext, execution: Execution<I, O>): Promise<StepReport<O>> {
  const { ref, mode, input, before, unit } = execution;
  const call = {
    mode,
    input,
    unit,
    platformDigest: context.platformDigest,
    ...(before === undefined ? {} : { before }),
  };
  const run = (): Promise<StepReport<O>> =>
    callDomain(ref, call, profileOf(context, execution.profile), `${modeWords[mode]}: ${execution.title}`) as Promise<
      StepReport<O>
    >;
  if (execution.shielded || context.undoing || context.book.pastNoReturn) return run();
  if (context.cancelled) throw new Ending('cancelled');
  const scope = new CancellationScope({ cancellable: true });
  context.active = scope;
  try {
    return await scope.run(run);
  } catch (error) {
    if (context.cancelled && isCancellation(error)) throw new Ending('cancelled');
    throw error;
  } finally {
    context.active = undefined;
  }
}
