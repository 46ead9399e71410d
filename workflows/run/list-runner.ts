import type { ApplicationFailure } from '@temporalio/common';
import { CancellationScope, condition, continueAsNew, setHandler, workflowInfo } from '@temporalio/workflow';
import { GantryError, toFailure } from '../../src/errors/index.ts';
import type { ListRunnerInput, ListTally } from '../../src/runs/index.ts';
import { runId } from '../../src/runs/index.ts';
import { askSignal, handDown } from './list-asks.ts';
import { begin, hearItems, load, watchCarried } from './list-items.ts';
import { countedFailures, nextToStart } from './list-places.ts';
import type { ListRunner } from './list-runner-state.ts';
import { allKnown, changed, isRead, openRunner, stateOf, tallyOf, whyStopped } from './list-runner-state.ts';
import { tellRun } from './list-tell.ts';

/** So many starts may be on their way at once: the length of the history is known only when they are in it. */
const startsAtOnce = 25;

/**
 * Runs the items of a list, each a run of its own, in a sliding window. It continues as new before its history is full, with
 * the items under way carried over: none is waited for. Only the run whose list it is may start it.
 */
export async function listRunner(input: ListRunnerInput): Promise<ListTally> {
  refuseOrphan();
  const runner = openRunner(input);
  setHandler(askSignal, (ask) => {
    runner.asked = ask;
    changed(runner);
  });
  hearItems(runner);
  const root = CancellationScope.current();
  return CancellationScope.nonCancellable(async () => {
    // Its run has ended without it, or the operator wants it to end: it starts no more, and nothing is torn apart.
    root.cancelRequested.catch(() => {
      const reason = 'the runner of the list was cancelled';
      runner.asked = { ask: 'stop', by: workflowInfo().workflowId, reason, id: 'cancelled' };
      changed(runner);
    });
    watchCarried(runner);
    return drive(runner);
  });
}

function refuseOrphan(): void {
  if (workflowInfo().parent) return;
  const message = 'the runner of a list is started by the run whose list it is';
  throw toFailure(new GantryError('NEEDS_PARENT_RUN', message), { final: true }) satisfies ApplicationFailure;
}

async function drive(runner: ListRunner): Promise<ListTally> {
  for (;;) {
    const seen = runner.version;
    handDown(runner);
    if (isFull(runner)) await continueRunner(runner);
    if (mayStart(runner)) {
      await load(runner);
      if (startNext(runner)) continue;
    }
    if (isOver(runner)) return tallyOf(runner);
    tellRun(runner);
    await condition(() => runner.version !== seen);
  }
}

function startNext(runner: ListRunner): boolean {
  if (!mayStart(runner) || runner.starting >= startsAtOnce) return false;
  const { input, loaded, underWay } = runner;
  const idOf = (item: { input: object }): string | undefined => {
    const identity = runId(input.kind, { ...input.common, ...item.input });
    return identity.ok ? identity.id : undefined;
  };
  const next = nextToStart(loaded, [...underWay.values()], idOf, input, Date.now());
  if (!next) return false;
  loaded.splice(loaded.indexOf(next), 1);
  begin(runner, next);
  return true;
}

function mayStart(runner: ListRunner): boolean {
  return whyStopped(runner) === undefined && runner.asked?.ask !== 'pause' && belowMaxFailures(runner);
}

/** Those that are parked may still succeed: while they count too much, the list waits for them and stops for good for none. */
function belowMaxFailures({ state, underWay, input }: ListRunner): boolean {
  return countedFailures(state.failures, [...underWay.values()]) <= input.maxFailures;
}

function isOver(runner: ListRunner): boolean {
  if (runner.underWay.size > 0) return false;
  return whyStopped(runner) !== undefined || (isRead(runner) && runner.loaded.length === 0);
}

/** Of the server's own advice as well: it knows the bytes of the history. */
function isFull({ input }: ListRunner): boolean {
  const { historyLength, continueAsNewSuggested } = workflowInfo();
  return historyLength >= input.fullHistory || continueAsNewSuggested;
}

/** What is on its way is waited for (seconds); the items under way are not. */
async function continueRunner(runner: ListRunner): Promise<never> {
  await condition(() => runner.onTheirWay === 0 && allKnown(runner));
  const state = stateOf(runner);
  return continueAsNew<typeof listRunner>({ ...runner.input, state });
}
