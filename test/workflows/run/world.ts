import type { Client } from '@temporalio/client';
import { setTimeout as pause } from 'node:timers/promises';
import { createDescribeHolder, createForwardUpdate } from '../../../activities/run/holder.ts';
import { createLookAtItems, createUpdateItems } from '../../../activities/run/list.ts';
import { createPreemptHolder } from '../../../activities/run/preempt.ts';
import { createStoreSteps } from '../../../activities/run/store-steps.ts';
import type { ErrorCode } from '../../../src/errors/index.ts';
import { GantryError } from '../../../src/errors/index.ts';
import type { ListOptions } from '../../../workflows/run/list.ts';
import type { StepOptions } from '../../../workflows/run/steps.ts';
import type {
  ControlActivities,
  Kind,
  Notice,
  Plan,
  PlanCall,
  RunInput,
  RunAct,
  RunPolicy,
  RunReport,
  StepActivity,
} from '../../../src/runs/index.ts';
import { defaultPolicy } from '../../../src/runs/index.ts';
import { oneDigest } from '../../support/one-digest.ts';
import {
  blocked,
  defineStep,
  done,
  plainActivity,
  readPage,
  stepActivity,
  storeList,
  todo,
  unknown,
} from '../../../src/steps/index.ts';
import { memoryPayloads } from '../../support/payloads.ts';

/** A system that exists only in memory: switches that are on or off, a journal of what was really done to it. */
export type World = {
  switches: Map<string, boolean>;
  journal: string[];
  /** `<switch> <unit>` of each act, in order. */
  units: string[];
  notices: Notice[];
  reports: RunReport[];
  /** What was written to the audit. */
  acts: RunAct[];
  /** How a signed approval is verified; by default none counts. */
  verify: ControlActivities['verifyApproval'];
  /** Called with `<mode> <switch>` before a step acts: throw to fail it, wait to slow it down. */
  hook: (event: string, signal: AbortSignal) => Promise<void>;
  policy: RunPolicy;
  /** Part of the plan's hash: change it to make the facts change. */
  fact: string;
  /** Where large evidence goes. */
  payloads: ReturnType<typeof memoryPayloads>;
  /** Bytes that a switch of this name is seen with. */
  weigh: (name: string) => number;
  gate: (() => void) | undefined;
  /** What the gate of each name reads; without a reading it is inconclusive. */
  readings: Map<string, 'pass' | 'not yet' | 'no'>;
  platformDigest: string;
};

export type TestInput = RunInput & {
  group: string;
  steps?: string[];
  cross?: string;
  /** A second step that cannot be undone. */
  crossAgain?: string;
  soak?: string;
  /** Runs that this one is made of: each a group of its own, with its steps and its wave. */
  members?: (TestInput & { wave?: number; alone?: string[] })[];
  window?: number;
  pauseMs?: number;
  /** The switch that must be on before each of them. */
  gate?: string;
};
export type SwitchInput = { name: string };

/** Lanes: each turns on a switch of its name, behind a gate of its name where it has one. */
export type GraphInput = TestInput & {
  lanes: { name: string; after?: string[]; gate?: boolean }[];
  gateMs?: number;
};

/** How a test's run waits. */
export type WaitInput = {
  everyMs: readonly [number, number];
  deadlineMs: number;
  atDeadline?: 'park' | 'answer';
  /** That look has news for the body. */
  newsAfter?: number;
  /** Its steps before the wait cannot be undone. */
  cross?: boolean;
};

/** A run of steps that each have their own options. */
export type ListInput = TestInput & { list: ({ name: string } & StepOptions)[] };

/** A run of a list; the items are runs like any other. */
export type FleetInput = TestInput & {
  items: ListOptions['items'];
  listing: Omit<ListOptions, 'items' | 'as'>;
};

/** Quick enough for tests; the same shape as a platform file's. */
export function testPolicy(change: Partial<RunPolicy> = {}): RunPolicy {
  const profile = { startToCloseMs: 10_000, heartbeatMs: 1_000, attempts: 2, firstRetryMs: 20, maxRetryMs: 50 };
  return {
    ...defaultPolicy,
    approval: { people: 0, expiresAfterMs: 60_000 },
    remindEveryMs: 60_000,
    soak: { durationMs: 200, everyMs: 50 },
    profiles: { quick: profile, slow: profile, watched: profile, patient: profile },
    ...change,
  };
}

export function createWorld(change: Partial<World> = {}): World {
  return {
    switches: new Map(),
    journal: [],
    units: [],
    notices: [],
    reports: [],
    acts: [],
    verify: plainActivity(async () => {
      throw new GantryError('APPROVAL_TOKEN_INVALID', 'this world has no keys');
    }),
    hook: async () => undefined,
    policy: testPolicy(),
    fact: 'as ever',
    payloads: memoryPayloads(),
    weigh: () => 0,
    gate: undefined,
    readings: new Map(),
    platformDigest: 'digest',
    ...change,
  };
}

const turnOn = (world: World) =>
  defineStep<SwitchInput, { on: boolean }, World>({
    name: 'redis.turn-on',
    settleMs: 200,
    settleEveryMs: 20,
    probe: async ({ name }, { switches }, { signal, measure }) => {
      await world.hook(`probe ${name}`, signal);
      const on = switches.get(name) ?? false;
      measure(`${name}.on`, on ? 1 : 0);
      if (name.startsWith('blocked')) return blocked('REDIS_UNKNOWN_GROUP', { on }, `${name} is blocked`);
      return on
        ? done({ on }, `${name} is on`)
        : todo({ on }, `${name} is off`, { begun: switches.get(`${name}.begun`) === true });
    },
    apply: async ({ name }, _seen, { switches, journal, units }, { signal, unit }) => {
      units.push(`${name} ${unit}`);
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

/** A look that only reads. */
const readGate = (world: World) =>
  defineStep<SwitchInput, { reading: string | null }, World>({
    name: 'redis.read-gate',
    probe: async ({ name }, { readings }, { signal }) => {
      await world.hook(`read ${name}`, signal);
      const reading = readings.get(name);
      if (reading === undefined) return unknown({ reading: null }, `no data for ${name}`);
      if (reading === 'no') return blocked('GATE_FAILED', { reading }, `${name} reads no`);
      return (reading === 'pass' ? done : todo)({ reading }, `${name} reads ${reading}`);
    },
  });

/** What a heavy switch is seen with. */
export type Heavy = { on: boolean; rows: readonly string[] };
/** `rows`: what an earlier step answered, handed on. */
export type HeavyInput = SwitchInput & { rows?: readonly string[] };

/** `weigh` says how many bytes it is seen with. */
const turnOnHeavy = (world: World) => {
  const rowsOf = (name: string): string[] =>
    Array.from({ length: Math.ceil(world.weigh(name) / 100) }, (_, at) => `${name}-${at}`.padEnd(97, '.'));
  return defineStep<HeavyInput, Heavy, World>({
    name: 'redis.turn-on-heavy',
    settleMs: 200,
    settleEveryMs: 20,
    probe: async ({ name }, { switches }, { signal }) => {
      await world.hook(`probe ${name}`, signal);
      const on = switches.get(name) ?? false;
      return (on ? done : todo)<Heavy>({ on, rows: rowsOf(name) }, `${name} is ${on ? 'on' : 'off'}`);
    },
    apply: async ({ name, rows = [] }, _seen, { switches, journal }, { signal }) => {
      await world.hook(`apply ${name}`, signal);
      journal.push(`on ${name}, given ${rows.length} rows, the last ${rows.at(-1)?.slice(0, 12) ?? 'none'}`);
      switches.set(name, true);
    },
    undo: async ({ name }, before, { switches, journal }, { signal }) => {
      await world.hook(`undo ${name}`, signal);
      journal.push(`off ${name}, as before with ${before.rows.length} rows`);
      switches.set(name, before.on);
    },
  });
};

/** The activities of the test's domain, over one world. */
export type WorldActivities = {
  redisPlan: (call: PlanCall<TestInput>) => Promise<Plan<TestInput>>;
  redisTurnOn: StepActivity<SwitchInput, { on: boolean }>;
  redisTurnOnHeavy: StepActivity<HeavyInput, Heavy>;
  redisReadGate: StepActivity<SwitchInput, { reading: string | null }>;
};

export function worldActivities(world: World): WorldActivities {
  return {
    redisPlan: plainActivity(async ({ input, kind, target, policy }, signal) => {
      await world.hook(`plan ${target}`, signal);
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
        voidIf: [`the fact is no longer "${world.fact}"`],
        data: input,
        kind,
        target,
        policy,
        platformDigest: world.platformDigest,
        hash: `hash-${world.fact}`,
      };
    }),
    redisReadGate: (call) =>
      stepActivity(readGate(world), world, oneDigest(world.platformDigest, world.payloads))(call),
    redisTurnOnHeavy: (call) =>
      stepActivity(turnOnHeavy(world), world, oneDigest(world.platformDigest, world.payloads))(call),
    redisTurnOn: (call) => stepActivity(turnOn(world), world, oneDigest(world.platformDigest, world.payloads))(call),
  };
}

/** Control activities over the world; proxy runs use the real server. */
export function worldControl(world: World, client: Client): ControlActivities {
  return {
    admit: plainActivity(async () => ({ policy: world.policy })),
    checkGates: plainActivity(async () => world.gate?.()),
    verifyApproval: (call) => world.verify(call),
    recordAct: plainActivity(async (act) => void world.acts.push(act)),
    describeHolder: async (call) => {
      await world.hook('describe holder', AbortSignal.timeout(30_000));
      return createDescribeHolder(client)(call);
    },
    forwardUpdate: createForwardUpdate(client),
    // The world's emergency has the kind of its holder, for want of another: say that it hasn't.
    preemptHolder: (call) => createPreemptHolder(client)({ ...call, kind: 'another kind' as Kind }),
    ...noGuards,
    notify: plainActivity(async (notice) => void world.notices.push(notice)),
    newestReport: plainActivity(async () => world.reports.at(-1)),
    storeList: plainActivity(({ items }) => storeList(world.payloads, items)),
    readPage: plainActivity((call) => readPage(world.payloads, call)),
    lookAtItems: createLookAtItems(client),
    updateItems: createUpdateItems(client),
    storeSteps: (call) => createStoreSteps(world.payloads)(call),
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
