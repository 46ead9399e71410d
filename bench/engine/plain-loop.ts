import { monotonicMs } from '../../lab/clock.ts';
import type { StepContext } from '../../src/steps/index.ts';
import type { Switches } from './world.ts';
import { turnOn } from './world.ts';

/**
 * The same steps in a plain loop, without the engine: first look; then look, apply, look. Answers the milliseconds of each
 * of the two calls per step, in order, which a run makes as two activities.
 */
export async function plainLoop(steps: number, switches: Switches): Promise<number[]> {
  const took: number[] = [];
  const context: StepContext = {
    signal: new AbortController().signal,
    mustBeOurs: () => undefined,
    unit: 'plain',
    attempt: 1,
    resumed: undefined,
    progress: () => undefined,
    measure: () => undefined,
    count: () => undefined,
  };
  for (let step = 1; step <= steps; step += 1) {
    const input = { name: `plain/${step}` };
    const before = monotonicMs();
    await turnOn.probe(input, switches, context);
    const looked = monotonicMs();
    const seen = await turnOn.probe(input, switches, context);
    await turnOn.apply?.(input, seen.observed, switches, context);
    const last = await turnOn.probe(input, switches, context);
    const did = monotonicMs();
    if (last.verdict !== 'done') throw new Error(`the plain loop's ${input.name} is not on`);
    took.push(looked - before, did - looked);
  }
  return took;
}
