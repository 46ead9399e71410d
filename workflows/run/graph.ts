import { condition } from '@temporalio/workflow';
import type { LaneControls, ParkRequest, RunContext } from './context.ts';
import { interrupted, throwIfInterrupted } from './context.ts';
import type { Resolution } from './controls.ts';
import { Ending } from './ending.ts';
import { park } from './park.ts';
import { checkGates, safePoint } from './safe-point.ts';

/** One lane of a graph: a part of the runbook, and the lanes that it comes after. */
export type GraphNode<L> = { name: string; after: readonly string[]; body: (lane: L) => Promise<void> };

export type GraphOptions = {
  /** At most so many lanes at once. */
  window: number;
};

type Entry = {
  readonly node: GraphNode<RunContext>;
  state: 'waiting' | 'running' | 'ended';
  /** Stands at its safe point because a pause was asked for. */
  stands: boolean;
  /** Waits for what is decided about its trouble. */
  asks: boolean;
};

type Ask = { request: ParkRequest; decide: (resolution: Resolution) => void };

type Graph = {
  readonly context: RunContext;
  readonly entries: readonly Entry[];
  /** Troubles of lanes, in their order: one at a time is the run's park. */
  readonly asked: Ask[];
  parking: boolean;
  /** The pause takes place, or what it asks for afterwards is looked at. */
  settling: boolean;
  /** Why no lane may go on. */
  stopped: { why: unknown } | undefined;
};

/**
 * Lanes side by side: a lane begins when all that it comes after have ended well, at most `window` at once. A lane in trouble parks the
 * run; what depends on it does not begin, the others go on, also while the run is parked. Several troubles are decided
 * one after the other. A pause takes effect when every lane stands at a safe point. Abort, cancellation and pre-emption end the
 * graph when what is under way in each lane has ended. The ways back are registered as lanes take their steps: a lane that comes after
 * another one is undone before it.
 */
export async function runGraph(
  context: RunContext,
  nodes: readonly GraphNode<RunContext>[],
  { window }: GraphOptions,
): Promise<void> {
  mustBeAGraph(nodes);
  const entries = nodes.map((node): Entry => ({ node, state: 'waiting', stands: false, asks: false }));
  const graph: Graph = { context, entries, asked: [], parking: false, settling: false, stopped: undefined };
  const running = (): Entry[] => entries.filter(({ state }) => state === 'running');
  const allStand = (): boolean => running().every(({ stands, asks }) => stands || asks);
  const mayPause = (): boolean => context.controls.pauseAsked && !graph.parking && allStand();
  const next = (): Entry | undefined =>
    context.controls.pauseAsked || running().length >= window
      ? undefined
      : entries.find((one) => isReady(one, entries));
  const mayPark = (): boolean => graph.asked.length > 0 && !graph.parking && !context.controls.pauseAsked;
  const ended = (): boolean => entries.every(({ state }) => state === 'ended');
  try {
    await safePoint(context);
    while (!ended()) {
      const stop = (): boolean => graph.stopped !== undefined || interrupted(context);
      await condition(() => stop() || ended() || mayPause() || mayPark() || next() !== undefined);
      if (graph.stopped) throw graph.stopped.why;
      throwIfInterrupted(context);
      if (mayPause()) await pauseHere(graph);
      else if (mayPark()) parkNow(graph);
      else begin(graph, next());
    }
  } catch (error) {
    graph.stopped ??= { why: error };
    throw error;
  } finally {
    // A mistake in a body is no ending: it must fail the workflow task, and not wait for a decision about another lane.
    const mistaken = graph.stopped !== undefined && !(graph.stopped.why instanceof Ending);
    await condition(() => running().length === 0 && (mistaken || !graph.parking));
  }
}

function isReady({ node, state }: Entry, entries: readonly Entry[]): boolean {
  if (state !== 'waiting') return false;
  return node.after.every((name) => entries.some((one) => one.node.name === name && one.state === 'ended'));
}

/** The nodes are the workflow's own: names that do not fit together are a mistake in its code. */
function mustBeAGraph(nodes: readonly GraphNode<RunContext>[]): void {
  const placed = new Set<string>();
  if (new Set(nodes.map(({ name }) => name)).size < nodes.length) throw new Error('two lanes have one name');
  for (let left = [...nodes]; left.length > 0;) {
    const rest = left.filter(({ after }) => !after.every((name) => placed.has(name)));
    if (rest.length === left.length)
      throw new Error(`lanes in a cycle, or after one that there is not: ${rest.map(({ name }) => name).join(', ')}`);
    for (const node of left) if (!rest.includes(node)) placed.add(node.name);
    left = rest;
  }
}

function begin(graph: Graph, entry: Entry | undefined): void {
  if (!entry) return;
  entry.state = 'running';
  const done = entry.node.body(viewOf(graph, entry));
  void done.then(
    () => void (entry.state = 'ended'),
    (error: unknown) => {
      graph.stopped ??= { why: error };
      entry.state = 'ended';
    },
  );
}

async function pauseHere(graph: Graph): Promise<void> {
  graph.settling = true;
  try {
    await safePoint(graph.context);
  } finally {
    graph.settling = false;
  }
}

/** Beside the lanes that go on. */
function parkNow(graph: Graph): void {
  const ask = graph.asked.shift();
  if (!ask) return;
  graph.parking = true;
  void park(graph.context, ask.request)
    .then(ask.decide, (error: unknown) => void (graph.stopped ??= { why: error }))
    .finally(() => void (graph.parking = false));
}

/**
 * What a lane sees of its run: all of it, changes included, but that it stands and parks by the graph. A proxy, since a copy would not
 * see what is asked of the run meanwhile.
 */
function viewOf(graph: Graph, entry: Entry): RunContext {
  const { context } = graph;
  const lane = laneOf(graph, entry);
  const own: Partial<Record<keyof RunContext, unknown>> = {
    lane,
    stand: lane.stand,
    checkGates: (when: string) => checkGates(view, when),
  };
  const view: RunContext = new Proxy(context, {
    get: (run, key) => (Object.hasOwn(own, key) ? own[key as keyof RunContext] : (Reflect.get(run, key) as unknown)),
  });
  return view;
}

function laneOf(graph: Graph, entry: Entry): LaneControls {
  const { context } = graph;
  const mustGoOn = (): void => {
    if (graph.stopped) throw graph.stopped.why;
    throwIfInterrupted(context);
  };
  const over = (): boolean => graph.stopped !== undefined || interrupted(context);
  return {
    stand: async () => {
      mustGoOn();
      const held = (): boolean => context.controls.pauseAsked || graph.settling;
      if (!held()) return;
      entry.stands = true;
      await condition(() => !held() || over());
      entry.stands = false;
      mustGoOn();
    },
    park: async (request) => {
      mustGoOn();
      let decided: Resolution | undefined;
      graph.asked.push({ request, decide: (resolution) => (decided = resolution) });
      entry.asks = true;
      await condition(() => decided !== undefined || over());
      entry.asks = false;
      if (decided) return decided;
      mustGoOn();
      throw new Error('a lane ended its wait without a decision');
    },
  };
}
