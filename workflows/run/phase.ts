import { stoodBetween } from '../../src/runs/index.ts';
import type { RunContext } from './context.ts';
import { iso } from './record.ts';

/** A phase is named once and may be entered again; so many names at most. */
const mostPhases = 40;

/** A phase of a run by its own clock, for the ledger of the status and the report. Entered again it goes on. */
export async function inPhase<T>(context: RunContext, name: string, body: () => Promise<T>): Promise<T> {
  const { ledger, stateTimes } = context.runRecord;
  let clock = ledger.find((one) => one.name === name);
  const enteredAt = Date.now();
  if (!clock) {
    clock = { name, startedAt: iso(enteredAt), ms: 0, stoodMs: 0, times: 0 };
    // What is too much is counted in the last one: a body that names its phases by data must not fill a report.
    if (ledger.length < mostPhases) ledger.push(clock);
    else clock = ledger.at(-1) ?? clock;
  }
  const before = { ms: clock.ms, stoodMs: clock.stoodMs };
  clock.times += 1;
  delete clock.endedAt;
  const outer = context.runRecord.underWay;
  context.runRecord.underWay = { clock, enteredAt, before };
  context.runRecord.show();
  try {
    return await body();
  } finally {
    const now = Date.now();
    clock.ms = before.ms + now - enteredAt;
    clock.stoodMs = before.stoodMs + stoodBetween(stateTimes, enteredAt, now);
    clock.endedAt = iso(now);
    context.runRecord.underWay = outer;
    context.runRecord.show();
  }
}
