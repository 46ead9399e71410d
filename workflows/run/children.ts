import { condition, workflowInfo } from '@temporalio/workflow';
import type { StepRecord } from '../../src/runs/index.ts';
import { runId } from '../../src/runs/index.ts';
import type { ChildEntry, ChildSpec } from './child.ts';
import { carryChild, provenByLaterRun } from './child.ts';
import { hearChildren, stopChildren } from './child-controls.ts';
import type { RunContext } from './context.ts';
import { interrupted, throwIfInterrupted } from './context.ts';
import type { Gate } from './gate.ts';
import { openGate, passGate } from './gate.ts';
import { park } from './park.ts';
import { safePoint } from './safe-point.ts';

export type { ChildSpec } from './child.ts';

/** How a run drives the runs that it is made of. */
export type ChildrenOptions<I = unknown, O = unknown, S extends string = string> = {
  /** At most so many at once. */
  window: number;
  /** Between the start or the end of one and the next start. Milliseconds. */
  pauseMs: number;
  /** Looked at before each start; what isn't well parks the run, and starts nothing. */
  gate?: Gate<I, O, S>;
};

/**
 * Below the 5,000 events that the house allows a history: what is under way and what comes afterwards need room too. A child
 * costs 9, with a gate 15, with a pause as well 20 (test/workflows/run/children.test.ts).
 */
const fullHistory = 4_400;

type Pool = {
  readonly context: RunContext;
  readonly options: ChildrenOptions;
  readonly gateRecord: StepRecord | undefined;
  readonly running: Set<ChildEntry>;
  /** Ended otherwise than done, and nobody has decided yet. */
  readonly failed: ChildEntry[];
  /** When the last one started or ended. */
  lastAt: number | undefined;
};

/**
 * Runs children wave by wave in a sliding window, and answers which of them are done. Between two starts is a safe point: a
 * pause, an abort, a pre-emption and a cancellation start nothing more, and those under way end first (an abort lets them go
 * back if they still can). One that ends otherwise than done parks this run, once the others under way have ended.
 */
export async function runChildren(
  context: RunContext,
  specs: readonly ChildSpec[],
  options: ChildrenOptions,
): Promise<readonly boolean[]> {
  const { runRecord } = context;
  const gateRecord = options.gate && openGate(context, options.gate);
  const entries = specs.map((spec): ChildEntry => {
    const workflowId = lockOf(spec);
    const run = { workflowId, state: 'pending' as const };
    const record: StepRecord = { title: spec.title, step: spec.kind, state: 'pending', changed: false, run };
    return { spec, workflowId, record, runId: undefined, trouble: undefined, cancel: () => undefined };
  });
  runRecord.steps.push(...entries.map(({ record }) => record));
  hearChildren(context, entries);
  runRecord.show();
  const pool: Pool = { context, options, gateRecord, running: new Set(), failed: [], lastAt: undefined };
  try {
    for (const wave of [...new Set(specs.map((spec) => spec.wave))].sort((a, b) => a - b)) {
      const queue = entries.filter(({ spec }) => spec.wave === wave);
      await runWave(pool, queue);
    }
  } finally {
    // Whatever ends this run, its children have ended before it says so.
    await drain(pool);
  }
  return entries.map(({ record }) => record.state === 'done');
}

/** The input is the workflow's own: one that names no target is a mistake in its code. */
function lockOf({ kind, input }: ChildSpec): string {
  const identity = runId(kind, input);
  if (!identity.ok) throw new Error(`${kind}: ${identity.problem}`);
  return identity.id;
}

async function runWave(pool: Pool, queue: ChildEntry[]): Promise<void> {
  const { context, options, running, failed } = pool;
  for (;;) {
    if (mustStand(pool)) {
      await drain(pool);
      throwIfInterrupted(context);
      await safePoint(context);
      for (const entry of failed.splice(0)) if (await startAgain(context, entry)) queue.unshift(entry);
      continue;
    }
    const next = queue.find((entry) => !collides(entry, running));
    if (!next) {
      if (running.size === 0) return;
      const before = running.size;
      await condition(() => running.size < before || mustStand(pool));
    } else if (running.size >= options.window) {
      await condition(() => running.size < options.window || mustStand(pool));
    } else if (workflowInfo().historyLength > fullHistory) {
      const note = 'not begun: the history of this run is full, start another one';
      for (const { record } of queue.splice(0)) Object.assign(record, { state: 'skipped', note });
    } else if (await mayStart(pool)) {
      queue.splice(queue.indexOf(next), 1);
      begin(pool, next);
    }
  }
}

/** Whether it needs for itself what one under way has. */
function collides({ spec: { alone = [] } }: ChildEntry, running: ReadonlySet<ChildEntry>): boolean {
  return [...running].some(({ spec }) => spec.alone?.some((one) => alone.includes(one)));
}

/** Nothing may start now: somebody asked for a standstill, or a child isn't done. */
function mustStand({ context, failed }: Pool): boolean {
  return failed.length > 0 || context.controls.pauseAsked || interrupted(context);
}

/** Lets the pause pass and looks at the gate. False: something came up meanwhile. */
async function mayStart(pool: Pool): Promise<boolean> {
  const { context, options, gateRecord, lastAt } = pool;
  const left = lastAt === undefined ? 0 : lastAt + options.pauseMs - Date.now();
  if (left > 0 && (await condition(() => mustStand(pool), left, { summary: 'pause between two runs' }))) return false;
  if (options.gate && gateRecord) await passGate(context, options.gate, gateRecord);
  return !mustStand(pool);
}

function begin(pool: Pool, entry: ChildEntry): void {
  const { context, running, failed } = pool;
  running.add(entry);
  pool.lastAt = Date.now();
  void carryChild(context, entry).then(() => {
    running.delete(entry);
    pool.lastAt = Date.now();
    if (entry.trouble) failed.push(entry);
    context.runRecord.show();
  });
}

/** Waits until no child is under way. If this run is to end, they are told. */
async function drain({ context, running }: Pool): Promise<void> {
  const asked = new Set<ChildEntry>();
  const untold = (): boolean =>
    interrupted(context) && [...running].some((entry) => entry.runId !== undefined && !asked.has(entry));
  while (running.size > 0) {
    if (interrupted(context)) stopChildren(context, running, asked);
    await condition(() => running.size === 0 || untold());
  }
}

/** Parks over a child that isn't done. True: it is to be started again. */
async function startAgain(context: RunContext, entry: ChildEntry): Promise<boolean> {
  const { record, trouble } = entry;
  if (!trouble) return false;
  const proveDone = () => provenByLaterRun(entry);
  const resolution = await park(context, { title: record.title, step: record.step, trouble, proveDone });
  if (resolution.action !== 'skip') return true;
  Object.assign(record, { state: 'skipped', note: resolution.proof ?? '' });
  context.runRecord.show();
  return false;
}
