import type { Client } from '@temporalio/client';
import { setTimeout as pause } from 'node:timers/promises';
import { createDescribeHolder, createForwardUpdate } from '../../../activities/run/front.ts';
import { createPreemptHolder } from '../../../activities/run/preempt.ts';
import type { ErrorCode } from '../../../src/errors/index.ts';
import { GantryError } from '../../../src/errors/index.ts';
import type {
  ControlActivities,
  Kind,
  Notice,
  Plan,
  PlanCall,
  RunInput,
  RunPolicy,
  RunReport,
  StepActivity,
} from '../../../src/runs/index.ts';
import { defaultPolicy } from '../../../src/runs/index.ts';
import { blocked, defineStep, done, plainActivity, stepActivity, todo } from '../../../src/steps/index.ts';

/** A system that exists only in memory: switches that are on or off, a journal of what was really done to it. */
export type World = {
  switches: Map<string, boolean>;
  journal: string[];
  notices: Notice[];
  reports: RunReport[];
  /** Called with `<mode> <switch>` before a step acts: throw to fail it, wait to slow it down. */
  hook: (event: string, signal: AbortSignal) => Promise<void>;
  policy: RunPolicy;
  /** Part of the plan's hash: change it to make the facts change. */
  fact: string;
  gate: (() => void) | undefined;
  platformDigest: string;
};

export type TestInput = RunInput & {
  group: string;
  steps?: string[];
  cross?: string;
  soak?: string;
  /** Runs that this one is made of: each a group of its own, with its steps and its wave. */
  members?: (TestInput & { wave?: number; alone?: string[] })[];
  window?: number;
  pauseMs?: number;
  /** The switch that must be on before each of them. */
  gate?: string;
};
export type SwitchInput = { name: string };

/** Quick enough for tests; the same shape as a platform file's. */
export function testPolicy(change: Partial<RunPolicy> = {}): RunPolicy {
  const profile = { startToCloseMs: 10_000, heartbeatMs: 1_000, attempts: 2, firstRetryMs: 20, maxRetryMs: 50 };
  return {
    ...defaultPolicy,
    approval: { people: 0, expiresAfterMs: 60_000 },
    remindEveryMs: 60_000,
    soak: { durationMs: 200, everyMs: 50 },
    profiles: { quick: profile, slow: profile, watched: profile },
    ...change,
  };
}

export function createWorld(change: Partial<World> = {}): World {
  return {
    switches: new Map(),
    journal: [],
    notices: [],
    reports: [],
    hook: async () => undefined,
    policy: testPolicy(),
    fact: 'as ever',
    gate: undefined,
    platformDigest: 'digest',
    ...change,
  };
}

const turnOn = (world: World) =>
  defineStep<SwitchInput, { on: boolean }, World>({
    name: 'redis.turn-on',
    settleMs: 200,
    settleEveryMs: 20,
    probe: async ({ name }, { switches }, { signal }) => {
      await world.hook(`probe ${name}`, signal);
      const on = switches.get(name) ?? false;
      if (name.startsWith('blocked')) return blocked('REDIS_UNKNOWN_GROUP', { on }, `${name} is blocked`);
      return on
        ? done({ on }, `${name} is on`)
        : todo({ on }, `${name} is off`, { begun: switches.get(`${name}.begun`) === true });
    },
    apply: async ({ name }, _seen, { switches, journal }, { signal }) => {
      await world.hook(`apply ${name}`, signal);
      journal.push(`on ${name}`);
      switches.set(name, true);
    },
    undo: async ({ name }, before, { switches, journal }, { signal }) => {
      await world.hook(`undo ${name}`, signal);
      journal.push(`off ${name}`);
      switches.set(name, before.on);
    },
  });

/** The activities of the test's domain, over one world. */
export type WorldActivities = {
  redisPlan: (call: PlanCall<TestInput>) => Promise<Plan<TestInput>>;
  redisTurnOn: StepActivity<SwitchInput, { on: boolean }>;
};

export function worldActivities(world: World): WorldActivities {
  return {
    redisPlan: plainActivity(async ({ input, kind, target, policy, platformDigest }) => {
      if (world.fact === 'refused') throw new GantryError('REDIS_UNKNOWN_GROUP', 'refused by the planner');
      return {
        title: `turn on ${(input.steps ?? []).join(', ')}`,
        actions: (input.steps ?? []).map((step) => ({
          step: 'redis.turn-on',
          what: `turn on ${step}`,
          reversible: true,
        })),
        facts: [{ label: 'fact', value: world.fact }],
        warnings: [],
        irreversible: ['the crossing'],
        voidIf: ['the fact changes'],
        data: input,
        kind,
        target,
        policy,
        platformDigest,
        hash: `hash-${world.fact}`,
      };
    }),
    redisTurnOn: (call) => stepActivity(turnOn(world), world, { platformDigest: world.platformDigest })(call),
  };
}

/** Control activities over the world; fronts use the real server. */
export function worldControl(world: World, client: Client): ControlActivities {
  return {
    admit: plainActivity(async () => ({ policy: world.policy, platformDigest: 'digest' })),
    checkGates: plainActivity(async () => world.gate?.()),
    describeHolder: createDescribeHolder(client),
    forwardUpdate: createForwardUpdate(client),
    // The world's emergency has the kind of its holder, for want of another: say that it hasn't.
    preemptHolder: (call) => createPreemptHolder(client)({ ...call, kind: 'another kind' as Kind }),
    ...noGuards,
    notify: plainActivity(async (notice) => void world.notices.push(notice)),
    newestReport: plainActivity(async () => world.reports.at(-1)),
    publishReport: plainActivity(async ({ report }) => {
      await world.hook('publish', AbortSignal.timeout(1000));
      world.reports.push(report);
      return { uri: 'memory:report' };
    }),
  };
}

/** Runs need none; a test of guards has its own. */
const noGuards: Pick<ControlActivities, 'admitGuard' | 'askGuard'> = {
  admitGuard: plainActivity(async () => {
    throw new GantryError('REDIS_UNKNOWN_GROUP', 'this world has no guards');
  }),
  askGuard: plainActivity(async () => undefined),
};

/** Fails every time until `mend()` is called. */
export function brokenUntilMended(
  event: string,
  code: ErrorCode = 'UNEXPECTED',
): { hook: World['hook']; mend: () => void } {
  let broken = true;
  return {
    hook: async (now) => {
      if (broken && now === event) throw new GantryError(code, `${event} is broken`);
    },
    mend: () => {
      broken = false;
    },
  };
}

/** Holds an event until it is let go; `reached` resolves when something waits there. */
export function holdAt(event: string): { hook: World['hook']; reached: Promise<void>; release: () => void } {
  let release = (): void => undefined;
  let arrive = (): void => undefined;
  const reached = new Promise<void>((resolve) => (arrive = resolve));
  const released = new Promise<void>((resolve) => (release = resolve));
  return {
    reached,
    release: () => release(),
    hook: async (now, signal) => {
      if (now !== event) return;
      arrive();
      while (!signal.aborted && !(await Promise.race([released.then(() => true), pause(20).then(() => false)])));
      signal.throwIfAborted();
    },
  };
}
