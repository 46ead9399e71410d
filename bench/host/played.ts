import { setTimeout as pause } from 'node:timers/promises';
import { fleetOnboard } from '../../activities/host/fleet-onboard/index.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { GantryError } from '../../src/errors/index.ts';
import type { LoadedPlatform } from '../../src/platform/index.ts';
import type { HostOnboardInput, PlanCall } from '../../src/runs/index.ts';
import { activityName, onboardSteps } from '../../src/runs/index.ts';
import type { StepRuntime } from '../../src/steps/index.ts';
import { defineStep, done, plainActivity, sealPlan, serve, stepActivity, todo } from '../../src/steps/index.ts';

/** How a host is played. */
export type PlayedHosts = {
  /** Of one command, with as much jitter in both directions. Milliseconds. */
  commandMs: number;
  jitterMs: number;
  /** Commands of a look and of a change. */
  looks: number;
  acts: number;
  /** Hosts whose first run fails, by serial number. */
  failing: ReadonlySet<string>;
};

/** The activities of the host domain over played hosts: the fleet's plan is that of production. */
export function playedActivities(platform: LoadedPlatform, runtime: StepRuntime, play: PlayedHosts) {
  const commands = async (count: number, signal: AbortSignal): Promise<void> => {
    for (let sent = 0; sent < count; sent += 1)
      await pause(play.commandMs + (2 * Math.random() - 1) * play.jitterMs, undefined, { signal });
  };
  const isDone = new Set<string>();
  const failedOnce = new Set<string>();
  const steps = onboardSteps.map((step) => {
    const name = `host.${step}`;
    const definition = defineStep<{ serial: string }, { done: boolean }, object>({
      name,
      probe: async ({ serial }, _deps, { signal }) => {
        await commands(play.looks, signal);
        const is = isDone.has(`${serial} ${step}`);
        return is ? done({ done: is }, `${step} is done`) : todo({ done: is }, `${step} is to be done`);
      },
      apply: async ({ serial }, _seen, _deps, { signal }) => {
        await commands(play.acts, signal);
        isDone.add(`${serial} ${step}`);
      },
      undo: async ({ serial }) => void isDone.delete(`${serial} ${step}`),
    });
    return [activityName(name), stepActivity(definition, {}, runtime)] as const;
  });
  const hostPlanOnboard = plainActivity(async (call: PlanCall<HostOnboardInput>, signal) => {
    const { serial } = call.input;
    await commands(play.looks, signal);
    if (play.failing.has(serial) && !failedOnce.has(serial)) {
      failedOnce.add(serial);
      throw new GantryError('HOST_DOES_NOT_MATCH', `${serial} is played to fail the first time`);
    }
    const draft = {
      title: `take ${serial} in`,
      facts: [],
      warnings: [],
      irreversible: [],
      voidIf: [],
      // So that every step takes place.
      data: { serial, generation: 1, wipes: [], network: {}, services: ['metald.service'] },
    };
    const actions = onboardSteps.map((step) => ({ step: `host.${step}`, what: step, reversible: true }));
    return sealPlan({ ...draft, actions }, call, runtime);
  });
  const { hosts: inventory } = platform.platform;
  const noHost = (): never => {
    throw new Error('the plan of a fleet asks no host');
  };
  const fleet = serve(
    fleetOnboard,
    { hosts: noHost, nodes: noHost, fleet: noHost, inventory, log: createLog('silent') },
    runtime,
  );
  return { ...fleet, hostPlanOnboard, ...Object.fromEntries(steps) };
}
