import { defineSignal, log, sleep } from '@temporalio/workflow';
import type { ItemUnderWay, ListAsk } from '../../src/runs/index.ts';
import { askSignalName } from '../../src/runs/index.ts';
import { callControl } from './call.ts';
import { itemsAtOnce } from './list-items.ts';
import type { ListRunner } from './list-runner-state.ts';
import { changed } from './list-runner-state.ts';

export const askSignal = defineSignal<[ListAsk]>(askSignalName);

/** Until those that no worker answered for are asked again. Milliseconds. */
const askAgainMs = 10_000;

/** What the list was asked reaches each item under way once: a pause, its end, an abort, a pre-emption, a cancellation. */
export function handDown(runner: ListRunner): void {
  const { asked, underWay } = runner;
  if (!asked || asked.ask === 'stop') return;
  const untold = [...underWay.values()].filter((item) => item.runId !== undefined && concerns(item, asked));
  for (let from = 0; from < untold.length; from += itemsAtOnce)
    void handOn(runner, untold.slice(from, from + itemsAtOnce), asked);
}

function concerns(item: ItemUnderWay, { ask }: ListAsk): boolean {
  // Only what the list has paused goes on with it: one that its own operator paused stays.
  return ask === 'resume' ? item.asked === 'pause' : item.asked !== ask;
}

async function handOn(runner: ListRunner, entries: readonly ItemUnderWay[], ask: ListAsk): Promise<void> {
  const items = entries.flatMap(({ workflowId, runId }) => (runId === undefined ? [] : [{ workflowId, runId }]));
  for (const entry of entries) entry.asked = ask.ask;
  runner.onTheirWay += 1;
  let missed: readonly string[];
  try {
    const { unreached } = await callControl('updateItems', { items, ask }, `${ask.ask} → ${items.length} items`);
    missed = unreached;
  } catch (error) {
    log.warn('items of the list could not be asked', { error });
    missed = items.map(({ workflowId }) => workflowId);
  } finally {
    runner.onTheirWay -= 1;
    changed(runner);
  }
  if (missed.length === 0) return;
  await sleep(askAgainMs, { summary: `until ${missed.length} items are asked again` });
  for (const entry of entries) if (missed.includes(entry.workflowId) && entry.asked === ask.ask) delete entry.asked;
  changed(runner);
}
