import type {
  FailedItem,
  ItemEnd,
  ItemUnderWay,
  ListLimits,
  ListRunnerInput,
  ListState,
  PlacedItem,
} from '../../src/runs/index.ts';
import { cutText, listLimits } from '../../src/runs/index.ts';

/** What decides about places. */
export type PlaceRules = Pick<ListRunnerInput, 'window' | 'maxFailures' | 'limits' | 'parkedKeepsPlaceMs'>;

/** A parked item has its place for a while, since its operator may be at it; then another one may start. */
export function holdsPlace({ parked }: ItemUnderWay, { parkedKeepsPlaceMs }: PlaceRules, nowMs: number): boolean {
  return parked === undefined || nowMs < parked.sinceMs + parkedKeepsPlaceMs;
}

/** How many of those that share `thing` may be under way; undefined: as many as the window. */
function limitOf(limits: ListLimits, thing: string): number | undefined {
  return limits[thing] ?? limits[thing.slice(0, Math.max(0, thing.indexOf('/')))];
}

/**
 * The first item that may start now: there is a place in the window, and none of what it shares is at its limit. An item whose
 * target is under way already (twice in the list) waits for that.
 */
export function nextToStart(
  loaded: readonly PlacedItem[],
  underWay: readonly ItemUnderWay[],
  idOf: (item: PlacedItem['item']) => string | undefined,
  rules: PlaceRules,
  nowMs: number,
): PlacedItem | undefined {
  const holding = underWay.filter((item) => holdsPlace(item, rules, nowMs));
  if (holding.length >= rules.window) return undefined;
  const taken = new Map<string, number>();
  for (const { shares } of holding) for (const thing of shares) taken.set(thing, (taken.get(thing) ?? 0) + 1);
  const ids = new Set(underWay.map(({ workflowId }) => workflowId));
  return loaded.find(({ item }) => {
    const id = idOf(item);
    if (id !== undefined && ids.has(id)) return false;
    return (item.shares ?? []).every((thing) => (taken.get(thing) ?? 0) < (limitOf(rules.limits, thing) ?? Infinity));
  });
}

/** What counts against `maxFailures`: what has failed, and what is parked and may fail. */
export function countedFailures(failures: number, underWay: readonly ItemUnderWay[]): number {
  return failures + underWay.filter(({ parked }) => parked !== undefined).length;
}

/** Takes an end into a state. */
export function withEnd(state: ListState, item: ItemUnderWay, end: ItemEnd): ListState {
  const msOfEnded = state.msOfEnded + end.ms;
  if (end.outcome === 'done') {
    const measurements = added(state.measurements, end.measurements);
    const changed = state.changed + (end.changed ? 1 : 0);
    return { ...state, msOfEnded, measurements, changed, done: state.done + 1 };
  }
  const failed: FailedItem = {
    at: item.at,
    name: cutText(item.name, listLimits.name),
    workflowId: item.workflowId,
    ...(item.runId === undefined ? {} : { runId: item.runId }),
    outcome: end.outcome,
    code: end.code ?? end.outcome.toUpperCase(),
    message: cutText(end.message ?? `it ended as ${end.outcome}`, listLimits.message),
    ...(end.published === undefined ? {} : { published: end.published }),
  };
  return {
    ...state,
    msOfEnded,
    // A host that was left half done has been changed as well.
    changed: state.changed + (end.changed ? 1 : 0),
    failures: state.failures + 1,
    failed: state.failed.length < listLimits.failed ? [...state.failed, failed] : state.failed,
    again: [...state.again, item.at],
  };
}

function added(sums: ListState['measurements'], more: ItemEnd['measurements']): ListState['measurements'] {
  const all = { ...sums };
  for (const [name, value] of Object.entries(more)) {
    if (all[name] === undefined && Object.keys(all).length >= listLimits.measurements) continue;
    all[name] = (all[name] ?? 0) + value;
  }
  return all;
}
