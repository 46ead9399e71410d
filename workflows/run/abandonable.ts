import { CancellationScope, condition, isCancellation } from '@temporalio/workflow';
import type { RunContext } from './context.ts';
import { interrupted, throwIfInterrupted } from './context.ts';

/**
 * Work that changes nothing, such as a plan: an abort, a pre-emption or a cancellation need not wait for its end, which may be minutes away.
 * @throws Ending where one of them came first
 */
export async function abandonable<R>(context: RunContext, work: () => Promise<R>): Promise<R> {
  throwIfInterrupted(context);
  const scope = new CancellationScope({ cancellable: true });
  let ended = false;
  const working = scope.run(work).finally(() => (ended = true));
  void condition(() => ended || interrupted(context)).then(
    () => (ended ? undefined : scope.cancel()),
    // Cancelled from further out, and the work with it.
    () => undefined,
  );
  try {
    return await working;
  } catch (error) {
    if (isCancellation(error)) throwIfInterrupted(context);
    throw error;
  }
}
