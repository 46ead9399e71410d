import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createStoreSteps } from '../../activities/run/store-steps.ts';
import { folderPayloads } from '../../src/drivers/payloads/folder-store.ts';
import type { ControlActivities, Plan, PlanCall, RunInput, RunPolicy, StepActivity } from '../../src/runs/index.ts';
import { defaultPolicy } from '../../src/runs/index.ts';
import { defineStep, done, plainActivity, stepActivity, todo } from '../../src/steps/index.ts';

/** A system that costs nothing: switches in memory. What is measured is then the engine alone. */
export type Switches = Map<string, boolean>;

/** `people`: 1 leaves the run open, waiting for its approval. */
export type EngineInput = RunInput & { group: string; steps: number; people: 0 | 1 };
export type SwitchInput = { name: string };
export type Switch = { on: boolean };

/** Look, turn on, look: the step that a run and the plain loop both do. */
export const turnOn = defineStep<SwitchInput, Switch, Switches>({
  name: 'redis.turn-on',
  probe: async ({ name }, switches) => {
    const on = switches.get(name) ?? false;
    return on ? done({ on }, `${name} is on`) : todo({ on }, `${name} is off`);
  },
  apply: async ({ name }, _seen, switches) => void switches.set(name, true),
  undo: async ({ name }, before, switches) => void switches.set(name, before.on),
});

/** The activities of the bench's domain. */
/** The bench's evidence is small: nothing is ever written. */
const benchPayloads = folderPayloads(join(tmpdir(), 'gantry-bench-payloads'));

export type EngineActivities = {
  redisPlan: (call: PlanCall<EngineInput>) => Promise<Plan<EngineInput>>;
  redisTurnOn: StepActivity<SwitchInput, Switch>;
  /** Neither a step nor in a run: what Temporal itself costs. */
  redisNothing: () => Promise<void>;
};

export function engineActivities(switches: Switches, platformDigest: string): EngineActivities {
  return {
    redisNothing: async () => undefined,
    redisTurnOn: stepActivity(turnOn, switches, {
      digestOf: () => platformDigest,
      hasDigest: (digest) => digest === platformDigest,
      payloads: benchPayloads,
    }),
    redisPlan: plainActivity(async ({ input, ...call }) => ({
      ...call,
      platformDigest,
      title: `turn on ${input.steps} switches`,
      actions: Array.from({ length: input.steps }, (_, index) => ({
        step: 'redis.turn-on',
        what: `turn on switch ${index + 1}`,
        reversible: true,
      })),
      facts: [{ label: 'switches', value: String(switches.size) }],
      warnings: [],
      irreversible: [],
      voidIf: [],
      data: input,
      hash: '0123456789abcdef',
    })),
  };
}

/** Admission, notices and reports without files and people; the default policy but for the approval. */
export function engineControl(): ControlActivities {
  return {
    admit: plainActivity(async ({ input }) => ({ policy: policyFor(input as EngineInput) })),
    checkGates: plainActivity(async () => undefined),
    verifyApproval: plainActivity(async () => {
      throw new Error('no approval is signed here');
    }),
    recordAct: plainActivity(async () => undefined),
    preemptHolder: plainActivity(async () => ({ how: 'gone' as const })),
    describeHolder: plainActivity(async () => undefined),
    forwardUpdate: plainActivity(async () => {
      throw new Error('the bench has no fronts');
    }),
    admitGuard: plainActivity(async () => {
      throw new Error('the bench has no guards');
    }),
    askGuard: plainActivity(async () => undefined),
    notify: plainActivity(async () => undefined),
    newestReport: plainActivity(async () => undefined),
    storeList: noLists,
    readPage: noLists,
    lookAtItems: noLists,
    updateItems: noLists,
    storeSteps: createStoreSteps(benchPayloads),
    publishReport: plainActivity(async ({ report }) => ({ uri: `memory:${report.runId}` })),
  };
}

async function noLists(): Promise<never> {
  throw new Error('the bench has no lists');
}

function policyFor({ people }: EngineInput): RunPolicy {
  return { ...defaultPolicy, approval: { ...defaultPolicy.approval, people } };
}
