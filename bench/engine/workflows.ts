import type { RunReport } from '../../src/runs/index.ts';
import { domainRefs } from '../../workflows/run/call.ts';
import { openRun } from '../../workflows/run/open-run.ts';
import type { EngineActivities, EngineInput } from './world.ts';

const bench = domainRefs<EngineActivities, 'redis'>('redis');

/** Plan, approval, as many undoable steps as the input says. */
export async function engineRun(input: EngineInput): Promise<RunReport> {
  return openRun('redis.switchover', input, async (run) => {
    const plan = await run.plan(bench.plan, input);
    await run.approval(plan);
    const { group, steps } = plan.data;
    for (let step = 1; step <= steps; step += 1) {
      await run.step(`turn on switch ${step}`, bench.turnOn, { name: `${group}/${step}` }, { undo: true });
    }
  });
}
