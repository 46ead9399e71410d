import { CancellationScope, isCancellation } from '@temporalio/workflow';
import { GantryError } from '../../src/errors/index.ts';
import type { ProfileName, StepMode, StepReport } from '../../src/runs/index.ts';
import { defaultStartMs, jsonBytes, payloadLimits } from '../../src/runs/index.ts';
import type { StepRef } from './call.ts';
import { callDomain, placeOf } from './call.ts';
import type { RunContext } from './context.ts';
import { profileOf } from './context.ts';
import { Ending } from './ending.ts';
import { whenWorkerIsThere, whileWorkerIsThere } from './no-worker.ts';

/** One call of a step activity. */
export type Execution<I, O> = {
  title: string;
  ref: StepRef<I, O>;
  mode: StepMode;
  input: I;
  before?: O;
  unit: string;
  profile?: ProfileName | undefined;
  /** Nothing of a step that cannot be undone has begun: a worker with another platform file declines it even here. */
  first?: boolean | undefined;
  /** Never interrupted by a cancellation: it runs to its end, and the run looks at the flag afterwards. */
  shielded?: boolean | undefined;
  /** An operator waits for what it sees: where no worker takes it up, it fails instead of waiting for one. */
  proof?: boolean | undefined;
};

/** What an undo is given besides: what was there before. So whatever was let in here can be undone. */
const inputBytes = payloadLimits.payload - 2 * payloadLimits.evidence;

function mustFit({ title, input }: Execution<unknown, unknown>): void {
  const bytes = jsonBytes(input);
  if (bytes <= inputBytes) return;
  const message = `"${title}" would be given ${bytes} bytes; ${inputBytes} fit`;
  throw new GantryError('PAYLOAD_TOO_LARGE', message, { evidence: { bytes, fits: inputBytes } });
}

const modeWords: Record<StepMode, string> = { inspect: 'look', ensure: 'do', undo: 'undo' };

/**
 * Runs a step activity. A cancellation of the run reaches a step that isn't shielded, and is waited for until the step
 * has really ended: its effect can never land after its undo.
 */
export async function execute<I, O>(context: RunContext, execution: Execution<I, O>): Promise<StepReport<O>> {
  const { ref, mode, input, before, unit } = execution;
  if (mode !== 'undo') mustFit(execution as Execution<unknown, unknown>);
  const call = {
    mode,
    input,
    unit,
    platformDigest: context.platformDigest,
    ...(mustEnd(context, execution) ? { anyPlatform: true } : {}),
    ...(before === undefined ? {} : { before }),
  };
  const profile = profileOf(context, execution.profile);
  const send = (as: StepMode, ms: number): Promise<StepReport<O>> =>
    callDomain(
      ref,
      { ...call, mode: as },
      profile,
      `${modeWords[as]}: ${execution.title}`,
      ms,
    ) as Promise<unknown> as Promise<StepReport<O>>;
  const { title } = execution;
  const where = placeOf(ref);
  const startMs = profile.startMs ?? defaultStartMs;
  // Beside the body, which stands at its park: nothing that is asked of the run concerns it.
  if (execution.proof === true) return whileWorkerIsThere({ ...where, title, startMs, act: (ms) => send(mode, ms) });
  const shielded = execution.shielded === true || context.undoing;
  let tasks = 0;
  const report = await whenWorkerIsThere(context, {
    ...where,
    title,
    shielded,
    startMs,
    act: (ms) => {
      tasks += 1;
      return shielded || context.runRecord.pastNoReturn ? send(mode, ms) : interruptible(context, () => send(mode, ms));
    },
    look: (ms) => send('inspect', ms),
  });
  for (const [name, by] of Object.entries(report.counts ?? {})) {
    const { measurements } = context.runRecord;
    measurements[`asked.${name}`] = (measurements[`asked.${name}`] ?? 0) + by;
  }
  // Of a task that nobody took in time an earlier attempt may have been taken, by a worker that was lost.
  return { ...report, attempts: report.attempts + tasks - 1 };
}

async function interruptible<R>(context: RunContext, run: () => Promise<R>): Promise<R> {
  if (context.cancelled) throw new Ending('cancelled');
  const scope = new CancellationScope({ cancellable: true });
  context.active.add(scope);
  try {
    return await scope.run(run);
  } catch (error) {
    if (context.cancelled && isCancellation(error)) throw new Ending('cancelled');
    throw error;
  } finally {
    context.active.delete(scope);
  }
}

/** What is under way is brought to its end, and back, by whichever worker there is: nothing may stay half done. */
function mustEnd<I, O>({ undoing, runRecord }: RunContext, { first, shielded }: Execution<I, O>): boolean {
  return first !== true && (shielded === true || undoing || runRecord.pastNoReturn);
}
