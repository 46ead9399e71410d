import type { ErrorCode } from '../../src/errors/index.ts';
import type { TroubleRecord } from '../../src/runs/index.ts';
import type { RunContext } from './context.ts';

/** Troubles that a body wants to hear of instead of a park, while it is inside. */
const heard = new WeakMap<RunContext, readonly string[]>();

class Failed extends Error {
  readonly trouble: TroubleRecord;
  constructor(trouble: TroubleRecord) {
    super(trouble.message);
    this.trouble = trouble;
  }
}

/** Called where a run would park. @throws what `ifItFails` catches */
export function answerInstead(context: RunContext, trouble: TroubleRecord): void {
  if (heard.get(context)?.includes(trouble.code)) throw new Failed(trouble);
}

/**
 * A body in which some failures are an answer and no reason to wait for a person: a drill that finds a damaged backup has done what
 * it is for. Answers what the body does, or what `then` makes of the failure.
 */
export async function ifItFails<T, F>(
  context: RunContext,
  codes: readonly ErrorCode[],
  body: () => Promise<T>,
  then: (trouble: TroubleRecord) => Promise<F>,
): Promise<T | F> {
  const outer = heard.get(context) ?? [];
  heard.set(context, [...outer, ...codes]);
  try {
    return await body();
  } catch (error) {
    if (!(error instanceof Failed)) throw error;
    heard.set(context, outer);
    return await then(error.trouble);
  } finally {
    heard.set(context, outer);
  }
}
