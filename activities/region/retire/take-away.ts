import type { ErrorCode } from '../../../src/errors/index.ts';
import type { StepContext, StepDefinition } from '../../../src/steps/index.ts';
import { blocked, defineStep, done, todo, unknown, wait } from '../../../src/steps/index.ts';
import type { RegionDeps } from '../access/access.ts';

const makesWithinMs = 10_000;
const everyMs = 50;

/** How the step that makes something is turned round. */
type TakeAway<I, O> = {
  /** `region.remove-vpc`. */
  name: string;
  /** What the maker sees where nothing of it is there: its undo brings that back. */
  nothing: O;
  isThere: (observed: O) => boolean;
  /** What is not Gantry's under such a name stays, and is nothing to take away. */
  foreignStays?: true;
  /** What else keeps it from being taken away, in words. */
  inTheWay?: (
    input: I,
    deps: RegionDeps,
    context: StepContext,
  ) => Promise<{ code: ErrorCode; words: string } | undefined>;
};

/**
 * A step that takes away what another one makes: it looks as that one does, acts as its undo does, and is undone by making it again. So what
 * was changed by another client meanwhile is refused here as it is there.
 */
export function takeAway<I, O>(
  maker: StepDefinition<I, O, RegionDeps>,
  { name, nothing, isThere, foreignStays, inTheWay }: TakeAway<I, O>,
): StepDefinition<I, O, RegionDeps> {
  const { apply, undo, settleMs = makesWithinMs, settleEveryMs = everyMs } = maker;
  if (!apply || !undo) throw new Error(`${maker.name} cannot be undone`);
  return defineStep<I, O, RegionDeps>({
    name,
    probe: async (input, deps, context) => {
      const seen = await maker.probe(input, deps, context);
      const { observed, summary, verdict } = seen;
      if (!isThere(observed)) return done(observed, verdict === 'todo' ? summary : 'nothing of it is there');
      if (verdict === 'blocked' && foreignStays && seen.code === 'REGION_EDGE_FOREIGN')
        return done(observed, `${summary}: it stays`);
      if (verdict === 'blocked') return blocked(seen.code, observed, summary);
      if (verdict === 'unknown') return unknown(observed, summary);
      const problem = await inTheWay?.(input, deps, context);
      if (problem) return blocked(problem.code, observed, problem.words);
      // To its maker it is done while all of it is there.
      return todo(observed, `to be taken away: ${summary}`, { begun: verdict !== 'done' });
    },
    apply: async (input, _seen, deps, context) => undo(input, nothing, deps, context),
    undo: async (input, _before, deps, context) => {
      await apply(input, (await maker.probe(input, deps, context)).observed, deps, context);
      const until = performance.now() + settleMs;
      // What is put back after it may need it: an alias, say, a load balancer that has its name.
      while ((await maker.probe(input, deps, context)).verdict === 'todo' && performance.now() < until)
        await wait(settleEveryMs, context.signal);
    },
  });
}
