import type { AnswerCall, ClockReading, ClockUnread, WorkerAnswer } from '../src/runs/index.ts';
import { answerActivity } from '../src/runs/index.ts';
import { plainActivity } from '../src/steps/index.ts';

/** Reads the clocks of what a role operates, against this machine's. */
export type ReadClocks = () => Promise<readonly (ClockReading | ClockUnread)[]>;

/** The activity by which a worker says that it is there, and what time it has. */
export function createAnswer(
  identity: string,
  readClocks?: ReadClocks,
): Record<typeof answerActivity, (call: AnswerCall) => Promise<WorkerAnswer>> {
  return {
    [answerActivity]: plainActivity(async ({ targets }: AnswerCall) => {
      if (!targets || !readClocks) return { identity, at: Date.now() };
      const read = await readClocks();
      return { identity, at: Date.now(), targets: read };
    }),
  };
}
