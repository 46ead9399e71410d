import type { LastHolder } from '../../src/runs/index.ts';

/** Who holds a lock, for the message that it is taken. `unknown`: where that could not be found out. */
export function holderInWords(holder: LastHolder | undefined, unknown = 'another run'): string {
  return holder ? `${holder.kind} (${holder.state}, run ${holder.runId}, since ${holder.since})` : unknown;
}
