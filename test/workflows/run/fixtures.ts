import { openRun } from '../../../workflows/run/open-run.ts';
import { at, domainRefs } from '../../../workflows/run/call.ts';
import type { Run } from '../../../workflows/run/run.ts';
import type { RunReport } from '../../../src/runs/index.ts';
import type { FleetInput, GraphInput, ListInput, TestInput, WaitInput, WorldActivities } from './world.ts';

export { listRunner } from '../../../workflows/run/list-runner.ts';

const world = domainRefs<WorldActivities, 'redis'>('redis');

/** Plan, approval, the steps of the input (all undoable), a crossing, a step after it, a soak: whatever the input names. */
export async function redisSwitchover(input: TestInput): Promise<RunReport> {
  return openRun('redis.switchover', input, async (run: Run) => {
    const plan = await run.plan(world.plan, input);
    await run.approval(plan);
    const { steps = [], cross, crossAgain, soak } = plan.data;
    for (const name of steps)
      await run.step(`turn on ${name}`, world.turnOn, { name }, { undo: true, invariant: true });
    if (cross) {
      await run.step(`cross ${cross}`, world.turnOn, { name: cross }, { undo: true, pointOfNoReturn: true });
      await run.step('after the crossing', world.turnOn, { name: 'after' }, { undo: true });
    }
    if (crossAgain)
      await run.step(`cross ${crossAgain}`, world.turnOn, { name: crossAgain }, { pointOfNoReturn: true });
    if (soak) await run.soak(plan.policy.soak, world.turnOn, { name: soak });
  });
}

/** Steps with options of their own. */
export async function listed(input: ListInput): Promise<RunReport> {
  return openRun('redis.switchover', input, async (run: Run) => {
    const plan = await run.plan(world.plan, input);
    await run.approval(plan);
    for (const { name, ...options } of input.list) await run.step(`turn on ${name}`, world.turnOn, { name }, options);
  });
}

/** A run whose list is worked off by a runner of its own. */
export async function fleet(input: FleetInput): Promise<RunReport> {
  return openRun('redis.switchover', input, async (run: Run) => {
    const plan = await run.plan(world.plan, input);
    await run.approval(plan);
    const { items, listing } = input;
    const tally = await run.list('the list', { ...listing, items, as: 'redis.switchover' });
    run.measure('itemsDone', tally.done);
    for (const name of plan.data.steps ?? []) await run.step(`turn on ${name}`, world.turnOn, { name });
  });
}

/** Steps that the workers of one region do, a look at them all in between, and one more. */
export async function regional(input: TestInput & { region: string }): Promise<RunReport> {
  const { plan: planThere, turnOn } = {
    plan: at(world.plan, input.region),
    turnOn: at(world.turnOn, input.region),
  };
  return openRun('redis.switchover', input, async (run: Run) => {
    const plan = await run.plan(planThere, input);
    await run.approval(plan);
    for (const name of plan.data.steps ?? [])
      await run.step(`turn on ${name}`, turnOn, { name }, { undo: true, invariant: true });
    await run.recheck();
    if (plan.data.cross) await run.step(`turn on ${plan.data.cross}`, turnOn, { name: plan.data.cross });
  });
}

/** Heavy steps, each given the rows that the one before it answered; `looks`: the body looks into them itself. */
export async function heavy(input: TestInput & { looks?: boolean }): Promise<RunReport> {
  return openRun('redis.switchover', input, async (run: Run) => {
    const plan = await run.plan(world.plan, input);
    await run.approval(plan);
    let rows: readonly string[] | undefined;
    for (const name of plan.data.steps ?? []) {
      const given = { name, ...(rows ? { rows } : {}) };
      const report = await run.step(`turn on ${name}`, world.turnOnHeavy, given, { undo: true });
      rows = report?.after.rows;
      if (input.looks) run.measure('rows', rows?.length ?? 0);
    }
  });
}

/** A section that must not be torn apart. */
export async function critical(input: TestInput & { drive: 'forward' | 'back'; then?: string }): Promise<RunReport> {
  return openRun('redis.switchover', input, async (run: Run) => {
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

/** A run that plans twice, and asks for each plan. */
export async function plannedTwice(input: TestInput): Promise<RunReport> {
  return openRun('redis.switchover', input, async (run: Run) => {
    for (const name of input.steps ?? []) {
      const plan = await run.plan(world.plan, { ...input, steps: [name] });
      await run.approval(plan);
      await run.step(`turn on ${name}`, world.turnOn, { name });
    }
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
  return openRun('redis.switchover', input, async (run: Run) => {
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

/** Crosses, then waits for a time. */
export async function crossesAndWaits(input: TestInput & { waitMs: number }): Promise<RunReport> {
  return openRun('redis.switchover', input, async (run: Run) => {
    const plan = await run.plan(world.plan, input);
    await run.approval(plan);
    for (const name of plan.data.steps ?? [])
      await run.step(`turn on ${name}`, world.turnOn, { name }, { pointOfNoReturn: true });
    await run.wait('let the lease end', input.waitMs);
    await run.step('turn on verified', world.turnOn, { name: 'verified' });
  });
}

/** Waits, in a phase, until a switch is on; `more`: goes on looking after news, as a body that extends copies does. */
export async function patiently(input: TestInput & { waits: WaitInput }): Promise<RunReport> {
  return openRun('redis.switchover', input, async (run: Run) => {
    const plan = await run.plan(world.plan, input);
    await run.approval(plan);
    const { everyMs, deadlineMs, atDeadline = 'park', newsAfter, cross } = input.waits;
    for (const name of plan.data.steps ?? []) {
      const crossing = cross ? { pointOfNoReturn: true } : { undo: true };
      await run.step(`turn on ${name}`, world.turnOn, { name }, crossing);
    }
    let looks = 0;
    const seen = await run.phase('thaw', () =>
      run.until(
        'wait for the thaw',
        world.turnOn,
        { name: 'thawed' },
        {
          ...{ everyMs, deadlineMs, atDeadline },
          news: () => (looks += 1) === newsAfter,
        },
      ),
    );
    run.measure('answered', seen ? 1 : 0);
    run.measure('on', seen?.after.on === true ? 1 : 0);
    await run.phase('verify', () => run.step('turn on verified', world.turnOn, { name: 'verified' }));
  });
}

export { holdLock } from '../../../workflows/run/hold.ts';

/** Holds the locks of other groups while it takes its steps. */
export async function holder(input: TestInput & { locks: string[] }): Promise<RunReport> {
  return openRun('redis.switchover', input, async (run: Run) => {
    const plan = await run.plan(world.plan, input);
    await run.approval(plan);
    const locks = input.locks.map((target) => ({ id: `redis/${target}`, target }));
    await run.holding('hold the other groups', locks, async (stillHeld) => {
      for (const name of plan.data.steps ?? []) {
        await stillHeld();
        await run.step(`turn on ${name}`, world.turnOn, { name }, { undo: true });
      }
    });
  });
}

/** Hands on a copy of its plan for approval. */
export async function plannedCopy(input: TestInput): Promise<RunReport> {
  return openRun('redis.switchover', input, async (run: Run) => {
    const { title, ...rest } = await run.plan(world.plan, input);
    await run.approval({ title, ...rest });
    for (const name of rest.data.steps ?? []) await run.step(`turn on ${name}`, world.turnOn, { name });
  });
}

/** Lanes side by side, in an order that the input gives. */
export async function graphed(input: GraphInput): Promise<RunReport> {
  return openRun('redis.switchover', input, async (run: Run) => {
    const plan = await run.plan(world.plan, input);
    await run.approval(plan);
    const wait = { everyMs: [20, 40] as const, deadlineMs: input.gateMs ?? 200 };
    await run.graph(
      input.lanes.map(({ name, after = [], gate }) => ({
        ...{ name, after },
        body: async (lane) => {
          if (gate) await lane.gate(`gate of ${name}`, world.readGate, { name }, wait);
          await lane.step(`turn on ${name}`, world.turnOn, { name }, { undo: true, invariant: true });
        },
      })),
      { window: input.window ?? 8 },
    );
  });
}
