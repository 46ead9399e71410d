import type { Kind } from './kinds.ts';
import type { RunInput } from './protocol.ts';
import { cutText } from './excerpt.ts';
import type { RunReport, TroubleRecord } from './report.ts';
import type { Outcome, RunState } from './states.ts';
import type { Stored } from './stored.ts';

/** The workflow that runs the items of a list. It is a child of the run whose list it is. */
export const listRunnerType = 'listRunner';

/** The lists of a run are numbered from 1; the runner's id names the run that holds the lock. */
export function listRunnerId(lock: string, ordinal: number): string {
  return `${lock}/list/${ordinal}`;
}

/** One item of a list: one run. */
export type ListItem = {
  /** What people call it; short. */
  name: string;
  /** The fields of the run's input that are its own. */
  input: Readonly<Record<string, unknown>>;
  /** What it shares with others: `rack/r17`, `link/tor-3`. Limits count those under way that share the same. */
  shares?: readonly string[];
};

/**
 * How many that share the same may be under way at once: by the thing itself (`rack/r17`) or by its sort (`rack`), which then
 * counts for each one of it. What is not named has no limit.
 */
export type ListLimits = Readonly<Record<string, number>>;

/** An item of a list at its position, from 0. */
export type PlacedItem = { at: number; item: ListItem };

/** Which items of a stored list are wanted: so many from a position, or those at these positions. */
export type PageCall = { list: Stored<readonly ListItem[]> } & (
  { from: number; count: number } | { at: readonly number[] }
);

/** Fewer than were asked for where more would be too large; none where the list has ended. */
export type ListPage = { items: readonly PlacedItem[] };

/** How a run of an item ended, in short: its report is in the report store. */
export type ItemEnd = {
  outcome: Outcome;
  changed: boolean;
  ms: number;
  /** Its own figures: those without a step's name. */
  measurements: Readonly<Record<string, number>>;
  published?: string;
  code?: string;
  message?: string;
};

/** What the run of an item says of itself by a signal; and what a look at it says. */
export type ItemNews = {
  workflowId: string;
  runId: string;
  state: RunState;
  /** Only while it is parked. */
  code?: string;
  message?: string;
  /** Only when it has ended. */
  end?: ItemEnd;
};

export const itemSignalName = 'item';

/** An item under way. It is carried over a continue-as-new. */
export type ItemUnderWay = {
  at: number;
  name: string;
  workflowId: string;
  /** Undefined until it has been started. */
  runId?: string;
  shares: readonly string[];
  state: RunState;
  sinceMs: number;
  /** Why it is parked, and since when. */
  parked?: { sinceMs: number; code: string };
  /** What it has been asked last, of what the list was asked. */
  asked?: ListAsk['ask'];
  /** Started by an earlier history of the runner: the server tells this one nothing of its end. */
  carried?: true;
};

/** An item that ended otherwise than done. */
export type FailedItem = {
  at: number;
  name: string;
  workflowId: string;
  runId?: string;
  outcome: Outcome;
  code: string;
  message: string;
  published?: string;
};

/** What the run asks of the runner of its list. `stop`: starts no more, and lets those under way end. */
export type ListAsk = {
  ask: 'pause' | 'resume' | 'stop' | 'abort' | 'preempt' | 'cancel';
  by: string;
  reason: string;
  /** With `preempt`: the kind of the emergency. */
  kind?: string;
  /** The same for the same wish, however often it is handed down. */
  id: string;
};

export const askSignalName = 'ask';

/** What the runner knows of its list. Everything that a continue-as-new needs. */
export type ListState = {
  /** The next position to be read from the list. */
  cursor: number;
  /** Positions that have been read, or are to be run again, and are not under way. In the order in which they start. */
  ahead: readonly number[];
  underWay: readonly ItemUnderWay[];
  done: number;
  changed: number;
  failures: number;
  /** The first of them; all positions are in `again`. */
  failed: readonly FailedItem[];
  again: readonly number[];
  measurements: Readonly<Record<string, number>>;
  /** Of those that ended, together. */
  msOfEnded: number;
  asked?: ListAsk;
  /** How often the run has been told how far the list is, out of turn. */
  toldOutOfTurn: number;
  /** Histories so far, and events of the longest one that has ended. */
  histories: number;
  mostEvents: number;
};

/** The input of the runner, the same over all of its histories but for `state`. */
export type ListRunnerInput = {
  title: string;
  kind: Kind;
  list: Stored<readonly ListItem[]>;
  /** Fields of the input that every item's run is given. */
  common: RunInput;
  window: number;
  /** So many may fail; when one more has, no further one is started. */
  maxFailures: number;
  limits: ListLimits;
  /** A parked item counts as under way for so long; then another one may have its place. */
  parkedKeepsPlaceMs: number;
  /** How often those that an earlier history started are looked at. */
  lookEveryMs: number;
  /** Events after which it continues as new. */
  fullHistory: number;
  state: ListState;
};

/** How far a list is: what its run shows. */
export type ListProgress = {
  total: number;
  done: number;
  changed: number;
  failures: number;
  underWay: number;
  parked: number;
  /** `name: CODE` of some that failed, and of those that are parked. */
  failedNames: readonly string[];
  parkedNames: readonly string[];
  /** Some of those under way. */
  names: readonly string[];
  /** Nothing is under way but what is paused or parked, and nothing will be started. */
  standing: boolean;
  /** Why no further one is started, in words. */
  stopped?: string;
  /** How long one takes, of those that have ended. */
  msEach?: number;
};

export const progressSignalName = 'list';

/** What became of a list. */
export type ListTally = {
  total: number;
  done: number;
  /** Those that changed anything, however they ended. */
  changed: number;
  failures: number;
  /** The first of them. */
  failed: readonly FailedItem[];
  /** Positions of those that ended otherwise than done, and then of those that were read and not begun. */
  again: readonly number[];
  /** From here on nothing was read. */
  cursor: number;
  /** Not begun. */
  left: number;
  /** Why some were not begun, in words. */
  stopped?: string;
  /** Why the list cannot go on: it could not be read. */
  trouble?: TroubleRecord;
  /** Sums over all that are done. */
  measurements: Readonly<Record<string, number>>;
  histories: number;
  /** Of the longest of its histories that continued as new. */
  mostEvents: number;
};

/** A list that has not begun. */
export const freshList: ListState = {
  cursor: 0,
  ahead: [],
  underWay: [],
  done: 0,
  changed: 0,
  failures: 0,
  failed: [],
  again: [],
  measurements: {},
  msOfEnded: 0,
  toldOutOfTurn: 0,
  histories: 1,
  mostEvents: 0,
};

/** What goes into a state, a signal or a result: small enough for the largest list. */
export const listLimits = {
  /** Items under way at once: the server allows 2,000 children, its manual advises 500. */
  window: 500,
  /** Failed items that are named; the others are counted. */
  failed: 150,
  message: 200,
  name: 100,
  measurements: 20,
  /** Bytes of JSON of one item. */
  item: 4 * 1024,
  /** Bytes of JSON of one page. */
  page: 128 * 1024,
} as const;

/** What a list keeps of how the run of an item ended. */
export function itemEnd({ outcome, changed, ms, measurements, published, problem }: RunReport): ItemEnd {
  const own = Object.entries(measurements).filter(([name]) => !name.includes('.'));
  return {
    outcome,
    changed: changed ?? false,
    ms,
    measurements: Object.fromEntries(own.slice(0, listLimits.measurements)),
    ...(published === undefined ? {} : { published }),
    ...(problem ? { code: problem.code, message: cutText(problem.message, listLimits.message) } : {}),
  };
}

/** How far a list is, in words, a line each. */
export function progressLines(progress: ListProgress): string[] {
  const { total, done, failures, underWay, parked, failedNames, parkedNames, names, stopped } = progress;
  const more = (all: number, shown: readonly string[]): string => (all > shown.length ? ', …' : '');
  return [
    `${done} of ${total} done${failures > 0 ? `, ${failures} failed` : ''}${underWay > 0 ? `, ${underWay} under way` : ''}`,
    ...(stopped ? [`starts no more: ${stopped}`] : []),
    ...(failures > 0 ? [`failed: ${failedNames.join(', ')}${more(failures, failedNames)}`] : []),
    ...(parked > 0 ? [`parked: ${parkedNames.join(', ')}${more(parked, parkedNames)}`] : []),
    ...(names.length > 0 ? [`under way: ${names.join(', ')}${more(underWay - parked, names)}`] : []),
  ];
}
