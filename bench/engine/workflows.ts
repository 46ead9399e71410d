import { ActivityCancellationType, proxyActivities, workflowInfo } from '@temporalio/workflow';
import type { RunReport } from '../../src/runs/index.ts';
import { domainQueue } from '../../src/runs/index.ts';
import { domainRefs } from '../../workflows/run/call.ts';
import { openRun } from '../../workflows/run/open-run.ts';
import type { Run } from '../../workflows/run/run.ts';
import type { EngineActivities, EngineInput } from './world.ts';

const bench = domainRefs<EngineActivities, 'redis'>('redis');

/** Plan, approval, as many undoable steps as the input says. */
export async function engineRun(input: EngineInput): Promise<RunReport> {
  return openRun('redis.switchover', input, async (run: Run) => {
    const plan = await run.plan(bench.plan, input);
    await run.approval(plan);
    const { group, steps } = plan.data;
    for (let step = 1; step <= steps; step += 1) {
      await run.step(`turn on switch ${step}`, bench.turnOn, { name: `${group}/${step}` }, { undo: true });
    }
  });
}

/** The floor: as many activities that do nothing, one after the other, on the SDK alone. */
export async function bareRun(activities: number): Promise<void> {
  const { redisNothing } = proxyActivities<EngineActivities>({
    taskQueue: domainQueue(workflowInfo().taskQueue, 'redis'),
    startToCloseTimeout: '10s',
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  });
  for (let done = 0; done < activities; done += 1) await redisNothing();
}
