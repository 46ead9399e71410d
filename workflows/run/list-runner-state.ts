import { workflowInfo } from '@temporalio/workflow';
import type {
  ItemUnderWay,
  ListAsk,
  ListRunnerInput,
  ListState,
  ListTally,
  PlacedItem,
  TroubleRecord,
} from '../../src/runs/index.ts';

/** The runner of a list at work. */
export type ListRunner = {
  readonly input: ListRunnerInput;
  /** Counts; what is under way, ahead and asked is below. */
  state: ListState;
  /** By workflow id. */
  readonly underWay: Map<string, ItemUnderWay>;
  /** Read, and not begun. */
  readonly loaded: PlacedItem[];
  /** Positions that are to be read before the list goes on at its cursor. */
  readonly toLoad: number[];
  cursor: number;
  asked: ListAsk | undefined;
  /** Why the list cannot be read. */
  trouble: TroubleRecord | undefined;
  /** Grows with everything that the loop must look at. */
  version: number;
  starting: number;
  /** Calls, signals and starts whose answers this history must see. */
  onTheirWay: number;
  /** Whether those that the server tells it nothing of are being looked at. */
  watching: boolean;
  /** Run ids of the items that this history started: how they end, the server tells it. */
  readonly startedHere: Set<string>;
  /** What the run has been told last. */
  lastTold: { ended: number; key: string } | undefined;
};

export function openRunner(input: ListRunnerInput): ListRunner {
  const { state } = input;
  return {
    input,
    state,
    underWay: new Map(state.underWay.map((item) => [item.workflowId, { ...item }])),
    loaded: [],
    toLoad: [...state.ahead],
    cursor: state.cursor,
    asked: state.asked,
    trouble: undefined,
    version: 0,
    starting: 0,
    onTheirWay: 0,
    watching: false,
    startedHere: new Set(),
    lastTold: undefined,
  };
}

/** Makes the loop look again. */
export function changed(runner: ListRunner): void {
  runner.version += 1;
}

/** Whether every item has been read. */
export function isRead({ toLoad, cursor, input }: ListRunner): boolean {
  return toLoad.length === 0 && cursor >= input.list.count;
}

/** Each item under way is known by its run: so it can be looked at by the next history. */
export function allKnown({ underWay }: ListRunner): boolean {
  return [...underWay.values()].every(({ runId }) => runId !== undefined);
}

/** Why no further item is started, whatever comes; nothing while some may be. */
export function whyStopped({ input, state, asked, trouble }: ListRunner): string | undefined {
  if (trouble) return `the list could not be read: ${trouble.code}`;
  if (asked && asked.ask !== 'pause' && asked.ask !== 'resume') return `${asked.ask}, asked by ${asked.by}`;
  if (state.failures > input.maxFailures) return `more than ${input.maxFailures} failed`;
  return undefined;
}

/** What the next history works from. */
export function stateOf(runner: ListRunner): ListState {
  const { state, loaded, toLoad, cursor, underWay, asked } = runner;
  const next: ListState = {
    ...state,
    cursor,
    ahead: [...loaded.map(({ at }) => at), ...toLoad],
    underWay: [...underWay.values()].map((item) => ({ ...item, carried: true as const })),
    histories: state.histories + 1,
    mostEvents: Math.max(state.mostEvents, workflowInfo().historyLength),
  };
  // What was asked for in an earlier history and is settled must not be carried on.
  delete next.asked;
  return asked ? { ...next, asked } : next;
}

export function tallyOf(runner: ListRunner): ListTally {
  const { input, state, loaded, toLoad, cursor, trouble } = runner;
  const { done, failures, failed, measurements, histories, mostEvents } = state;
  const ahead = [...loaded.map(({ at }) => at), ...toLoad];
  const left = ahead.length + Math.max(0, input.list.count - cursor);
  const stopped = whyStopped(runner);
  return {
    total: input.list.count,
    ...{ done, changed: state.changed, failures, failed, measurements, histories, mostEvents },
    again: [...state.again, ...ahead],
    cursor,
    left,
    ...(stopped === undefined || left === 0 ? {} : { stopped }),
    ...(trouble ? { trouble } : {}),
  };
}
