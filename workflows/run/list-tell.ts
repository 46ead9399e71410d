import { defineSignal, getExternalWorkflowHandle, log, setCurrentDetails, workflowInfo } from '@temporalio/workflow';
import type { ListProgress, RunState } from '../../src/runs/index.ts';
import { progressLines, progressSignalName } from '../../src/runs/index.ts';
import { shortName } from './list-items.ts';
import type { ListRunner } from './list-runner-state.ts';
import { changed, whyStopped } from './list-runner-state.ts';

export const progressSignal = defineSignal<[ListProgress]>(progressSignalName);

/** The run hears of its list at most so often, whatever the length: each time costs its history four events. */
const mostTold = 200;
const mostOutOfTurn = 150;
const shownNames = 10;
const shownUnderWay = 40;
const resting: readonly RunState[] = ['paused', 'parked'];

/** Tells the run how far its list is: now and then, and at once when one fails, parks or goes on, or the list stands still. */
export function tellRun(runner: ListRunner): void {
  const { parent } = workflowInfo();
  const progress = progressOf(runner);
  setCurrentDetails(progressLines(progress).join('\n\n'));
  if (!parent || !isDue(runner, progress)) return;
  runner.lastTold = { ended: progress.done + progress.failures, key: keyOf(progress) };
  runner.onTheirWay += 1;
  void getExternalWorkflowHandle(parent.workflowId, parent.runId)
    .signal(progressSignal, progress)
    .catch((error: unknown) => log.warn('the run of the list could not be told', { error }))
    .finally(() => {
      runner.onTheirWay -= 1;
      changed(runner);
    });
}

function isDue(runner: ListRunner, progress: ListProgress): boolean {
  const { lastTold, state } = runner;
  const ended = progress.done + progress.failures;
  const step = Math.ceil(progress.total / mostTold);
  // Each history tells it once at its beginning, whatever the one before told.
  if (!lastTold || ended - lastTold.ended >= step) return true;
  if (lastTold.key === keyOf(progress)) return false;
  // Whether it stands still is waited for.
  if (progress.standing) return true;
  if (state.toldOutOfTurn >= mostOutOfTurn) return false;
  runner.state = { ...state, toldOutOfTurn: state.toldOutOfTurn + 1 };
  return true;
}

function keyOf({ failures, parked, standing, stopped }: ListProgress): string {
  return JSON.stringify([failures, parked, standing, stopped]);
}

function progressOf(runner: ListRunner): ListProgress {
  const { input, state, underWay, asked, onTheirWay } = runner;
  const items = [...underWay.values()];
  const parked = items.flatMap((item) => (item.parked ? [`${shortName(item.name)}: ${item.parked.code}`] : []));
  const { done, failures, failed, msOfEnded } = state;
  const ended = done + failures;
  const stopped = whyStopped(runner);
  return {
    total: input.list.count,
    ...{ done, changed: state.changed, failures, underWay: items.length, parked: parked.length },
    failedNames: failed.slice(-shownNames).map(({ name, code }) => `${name}: ${code}`),
    parkedNames: parked.slice(0, shownNames),
    names: items
      .filter((item) => !item.parked)
      .slice(0, shownUnderWay)
      .map(({ name }) => shortName(name)),
    standing: asked?.ask === 'pause' && onTheirWay === 0 && items.every((item) => resting.includes(item.state)),
    ...(stopped === undefined ? {} : { stopped }),
    ...(ended === 0 ? {} : { msEach: Math.round(msOfEnded / ended) }),
  };
}
