import { ApplicationFailure, WorkflowExecutionAlreadyStartedError, WorkflowIdReusePolicy } from '@temporalio/common';
import type { ChildWorkflowHandle } from '@temporalio/workflow';
import {
  ChildWorkflowCancellationType,
  isCancellation,
  log,
  ParentClosePolicy,
  setHandler,
  sleep,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import { GantryError, troubleOf } from '../../src/errors/index.ts';
import type {
  ItemEnd,
  ItemNews,
  ItemUnderWay,
  PageCall,
  PlacedItem,
  RunInput,
  RunReport,
} from '../../src/runs/index.ts';
import { isClosed, itemEnd, listLimits, runId, workflowTypeOf } from '../../src/runs/index.ts';
import { callControl } from './call.ts';
import { holderInWords } from './holder.ts';
import { reportsToList } from './item.ts';
import { withEnd } from './list-places.ts';
import type { ListRunner } from './list-runner-state.ts';
import { changed } from './list-runner-state.ts';
import { itemSignal } from './parent.ts';

const pageItems = 100;
/** How far ahead of the window it looks for an item that its limits let start. */
const lookAhead = (window: number): number => Math.min(500, Math.max(100, 4 * window));
/** Runs that one call looks at or asks. */
export const itemsAtOnce = 20;

/** Reads on, until enough items wait for a place. What cannot be read stops the list. */
export async function load(runner: ListRunner): Promise<void> {
  const { input, loaded, toLoad } = runner;
  const { list } = input;
  try {
    while (loaded.length < lookAhead(input.window) && (toLoad.length > 0 || runner.cursor < list.count)) {
      const at = toLoad.slice(0, pageItems);
      const call: PageCall = at.length > 0 ? { list, at } : { list, from: runner.cursor, count: pageItems };
      const { items } = await callControl('readPage', call, `read ${input.title}`);
      if (items.length === 0)
        throw new GantryError('PAYLOAD_DAMAGED', `${list.uri} has fewer than ${list.count} items`);
      const read = new Set(items.map((one) => one.at));
      if (at.length > 0) toLoad.splice(0, at.length, ...at.filter((position) => !read.has(position)));
      else runner.cursor += items.length;
      loaded.push(...items);
    }
  } catch (error) {
    runner.trouble = troubleOf(error);
    changed(runner);
  }
}

/** Starts the run of an item. What becomes of it is heard of, or seen. */
export function begin(runner: ListRunner, { at, item }: PlacedItem): void {
  const { kind, common } = runner.input;
  const input: RunInput = { ...common, ...item.input };
  const identity = runId(kind, input);
  const entry: ItemUnderWay = {
    at,
    name: item.name,
    workflowId: identity.ok ? identity.id : '',
    shares: item.shares ?? [],
    state: 'planning',
    sinceMs: Date.now(),
  };
  if (!identity.ok) {
    const end = { outcome: 'refused', changed: false, ms: 0, measurements: {}, code: 'INVALID_INPUT' } as const;
    runner.state = withEnd(runner.state, entry, { ...end, message: `${identity.place}: ${identity.problem}` });
    return;
  }
  runner.underWay.set(entry.workflowId, entry);
  void carry(runner, entry, input);
}

async function carry(runner: ListRunner, entry: ItemUnderWay, input: RunInput): Promise<void> {
  const child = await started(runner, entry, input);
  if (!child) return;
  try {
    ended(runner, entry, itemEnd(await child.result()));
  } catch (error) {
    ended(runner, entry, endOf(error));
  }
}

type Item = (input: RunInput) => Promise<RunReport>;

async function started(
  runner: ListRunner,
  entry: ItemUnderWay,
  input: RunInput,
): Promise<ChildWorkflowHandle<Item> | undefined> {
  runner.starting += 1;
  runner.onTheirWay += 1;
  try {
    for (;;) {
      const child = await startedUnlessHeld(runner, entry, input);
      if (child !== 'held') return child;
      // Not for long: whoever held it has ended meanwhile.
      if (await heldBy(runner, entry)) return undefined;
    }
  } finally {
    runner.starting -= 1;
    runner.onTheirWay -= 1;
    changed(runner);
  }
}

async function startedUnlessHeld(
  runner: ListRunner,
  entry: ItemUnderWay,
  input: RunInput,
): Promise<ChildWorkflowHandle<Item> | 'held' | undefined> {
  try {
    const child = await startChild<Item>(workflowTypeOf(runner.input.kind), {
      workflowId: entry.workflowId,
      args: [input],
      memo: reportsToList,
      // A runner that continues as new, or is terminated, tears none of them apart.
      parentClosePolicy: ParentClosePolicy.ABANDON,
      cancellationType: ChildWorkflowCancellationType.WAIT_CANCELLATION_COMPLETED,
      workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
      staticSummary: entry.name,
    });
    entry.runId = child.firstExecutionRunId;
    runner.startedHere.add(child.firstExecutionRunId);
    return child;
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return 'held';
    ended(runner, entry, endOf(error));
    return undefined;
  }
}

/**
 * Its target is taken. By a run of the same list that an earlier runner started (which was terminated, say): that one counts
 * for it, also when it has ended meanwhile. What another run does there is not this list's work. Answers false where it is free
 * again.
 */
async function heldBy(runner: ListRunner, entry: ItemUnderWay): Promise<boolean> {
  const { workflowId } = entry;
  const holder = await callControl('describeHolder', { workflowId }, `who holds ${workflowId}`).catch(() => undefined);
  const own = workflowInfo().workflowId;
  const ofThisList = holder?.kind === runner.input.kind && holder.startedBy?.workflowId === own;
  if (holder && ofThisList && !runner.startedHere.has(holder.runId)) {
    Object.assign(entry, { runId: holder.runId, carried: true });
    watchCarried(runner);
    return true;
  }
  if (holder?.open === false) return false;
  const message = `${workflowId} is held by ${holderInWords(holder)}`;
  ended(runner, entry, { ...nothingDone, outcome: 'failed', code: 'RESOURCE_BUSY', message });
  return true;
}

const nothingDone = { changed: false, ms: 0, measurements: {} } as const;

function endOf(error: unknown): ItemEnd {
  for (let at = error; at instanceof Error; at = at.cause) {
    const report = at instanceof ApplicationFailure ? (at.details?.[1] as RunReport | undefined) : undefined;
    if (report && isClosed(report.outcome)) return itemEnd(report);
  }
  const { code, message } = troubleOf(error);
  return { ...nothingDone, outcome: isCancellation(error) ? 'cancelled' : 'failed', code, message };
}

/** Once: by its signal, by the server or by a look, whichever comes first. */
function ended(runner: ListRunner, entry: ItemUnderWay, end: ItemEnd): void {
  if (runner.underWay.get(entry.workflowId) !== entry) return;
  runner.underWay.delete(entry.workflowId);
  runner.state = withEnd(runner.state, entry, end);
  changed(runner);
}

/** Hears how items stand. Set before the first await: what was sent to the history before arrives here. */
export function hearItems(runner: ListRunner): void {
  setHandler(itemSignal, (news) => take(runner, news));
  for (const entry of runner.underWay.values()) if (entry.parked) wakeWhenItsPlaceIsFree(runner, entry.parked.sinceMs);
}

function take(runner: ListRunner, news: ItemNews): void {
  const entry = runner.underWay.get(news.workflowId);
  if (!entry || (entry.runId !== undefined && entry.runId !== news.runId)) return;
  entry.runId ??= news.runId;
  // The server tells of a run that this history started, once its target is free: its own word comes before that.
  if (news.end && !entry.carried) return;
  if (news.end) return ended(runner, entry, news.end);
  if (news.state === entry.state) return;
  // A parked run takes no pause: asked again when it goes on.
  if (entry.state === 'parked' && entry.asked === 'pause') delete entry.asked;
  entry.state = news.state;
  if (news.state === 'parked') {
    entry.parked = { sinceMs: Date.now(), code: news.code ?? 'parked' };
    wakeWhenItsPlaceIsFree(runner, entry.parked.sinceMs);
  } else delete entry.parked;
  changed(runner);
}

function wakeWhenItsPlaceIsFree(runner: ListRunner, sinceMs: number): void {
  const left = sinceMs + runner.input.parkedKeepsPlaceMs - Date.now();
  if (left > 0) void sleep(left, { summary: 'the place of a parked item' }).then(() => changed(runner));
}

/**
 * Looks at those that an earlier history started, ever more seldom until they have ended: the server tells this one nothing, and
 * a run that was terminated does not either.
 */
export function watchCarried(runner: ListRunner): void {
  if (runner.watching || carried(runner).length === 0) return;
  runner.watching = true;
  void (async () => {
    const { lookEveryMs } = runner.input;
    let everyMs = lookEveryMs;
    for (let items = carried(runner); items.length > 0; items = carried(runner)) {
      for (let from = 0; from < items.length; from += itemsAtOnce)
        await lookAt(runner, items.slice(from, from + itemsAtOnce));
      if (carried(runner).length > 0) await sleep(everyMs, { summary: 'until carried items are looked at' });
      everyMs = Math.min(2 * everyMs, 10 * lookEveryMs);
    }
    runner.watching = false;
  })();
}

function carried({ underWay }: ListRunner): { workflowId: string; runId: string }[] {
  return [...underWay.values()].flatMap((item) =>
    item.carried && item.runId !== undefined ? [{ workflowId: item.workflowId, runId: item.runId }] : [],
  );
}

async function lookAt(runner: ListRunner, items: { workflowId: string; runId: string }[]): Promise<void> {
  runner.onTheirWay += 1;
  try {
    const seen = await callControl('lookAtItems', { items }, `how ${items.length} items stand`);
    for (const news of seen) take(runner, news);
  } catch (error) {
    log.warn('items of the list could not be looked at', { error });
  } finally {
    runner.onTheirWay -= 1;
    changed(runner);
  }
}

/** A name that fits beside many. */
export function shortName(name: string): string {
  return name.length <= listLimits.name ? name : `${name.slice(0, listLimits.name - 1)}…`;
}
