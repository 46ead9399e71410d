import { openRun } from '../../../workflows/run/open-run.ts';
import { domainRefs } from '../../../workflows/run/call.ts';
import type { Run } from '../../../workflows/run/run.ts';
import type { RunReport } from '../../../src/runs/index.ts';
import type { TestInput, WorldActivities } from './world.ts';

const world = domainRefs<WorldActivities, 'redis'>('redis');

/** Plan, approval, the steps of the input (all undoable), a crossing, a step after it, a soak: whatever the input names. */
export async function redisSwitchover(input: TestInput): Promise<RunReport> {
  return openRun('redis.switchover', input, async (run) => {
    const plan = await run.plan(world.plan, input);
    await run.approval(plan);
    const { steps = [], cross, soak } = plan.data;
    for (const name of steps)
      await run.step(`turn on ${name}`, world.turnOn, { name }, { undo: true, invariant: true });
    if (cross) {
      await run.step(`cross ${cross}`, world.turnOn, { name: cross }, { undo: true, pointOfNoReturn: true });
      await run.step('after the crossing', world.turnOn, { name: 'after' }, { undo: true });
    }
    if (soak) await run.soak(plan.policy.soak, world.turnOn, { name: soak });
  });
}

/** A section that must not be torn apart. */
export async function critical(input: TestInput & { drive: 'forward' | 'back'; then?: string }): Promise<RunReport> {
  return openRun('redis.switchover', input, async (run) => {
    const plan = await run.plan(world.plan, input);
    await run.approval(plan);
    const parts = (plan.data.steps ?? []).map((name) => ({
      title: `turn on ${name}`,
      ref: world.turnOn,
      input: { name },
    }));
    await run.critical(parts as never, { drive: input.drive, rounds: 2 });
    if (input.then) await run.step('afterwards', world.turnOn, { name: input.then });
  });
}

/** An emergency: it takes the lock of whatever run holds it. */
export async function emergency(input: TestInput): Promise<RunReport> {
  const body = async (run: Run): Promise<void> => {
    const plan = await run.plan(world.plan, input);
    await run.approval(plan);
    for (const name of plan.data.steps ?? []) await run.step(`turn on ${name}`, world.turnOn, { name });
  };
  return openRun('redis.switchover', input, body, { emergency: async () => undefined });
}

/** A run that is made of runs. */
export async function family(input: TestInput): Promise<RunReport> {
  return openRun('redis.switchover', input, async (run) => {
    const plan = await run.plan(world.plan, input);
    await run.approval(plan);
    const { members = [], window = 1, pauseMs = 0, gate, steps = [] } = plan.data;
    const done = await run.children(
      members.map(({ wave = 1, alone, ...child }) => ({
        ...(alone ? { alone } : {}),
        title: `member ${child.group}`,
        kind: 'redis.switchover' as const,
        input: child,
        wave,
      })),
      {
        window,
        pauseMs,
        ...(gate ? { gate: { title: 'the gate', ref: world.turnOn, input: { name: gate } } } : {}),
      },
    );
    run.measure('membersDone', done.filter(Boolean).length);
    for (const name of steps) await run.step(`turn on ${name}`, world.turnOn, { name });
  });
}
