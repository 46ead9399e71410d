import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { hostIsBack } from '../../../lab/host/index.ts';
import { approve, resolve, runReport, startRun, watchRun } from '../../../src/client/index.ts';
import { validateInput } from '../../../src/registry/index.ts';
import type { RunReport, RunStatus, StepRecord } from '../../../src/runs/index.ts';
import type { OnboardScene } from './scene.ts';
import { startOnboardScene } from './scene.ts';

/** What befalls a run: the worker is killed, every SSH connection is cut, the host loses its power. */
export const onboardFaults = ['worker', 'ssh', 'power'] as const;
export type OnboardFault = (typeof onboardFaults)[number];

export type OnboardTake = {
  fault: OnboardFault;
  outcome: string;
  /** The steps that were under way when it struck, in order. */
  struck: readonly string[];
  /** How often the run parked and an operator said `retry`, with what it parked for. */
  parks: readonly string[];
  /** Steps that the same run changed again afterwards. */
  changedAgain: readonly string[];
  guardKept: boolean;
  takesVms: boolean;
  ms: number;
  /** What is not as it must be. */
  faults: readonly string[];
};

export type StrikeOptions = {
  /** Which steps it befalls: all unless given. */
  steps?: (step: string) => boolean;
  say: (line: string) => void;
};

/** How long SSH is cut: longer than one attempt of a quick step, shorter than all of them. Milliseconds. */
const cutMs = 4_000;
/** From the moment that a step is seen under way, so that it has begun something. Milliseconds. */
const intoStepMs = 300;
const me = 'sweep';

/**
 * One run of host.onboard on a bare host in which a fault befalls every step once, in its middle; a boot for each step would be
 * hours. It must complete, by itself or by `retry` where it parked; the same again changes nothing; a file system on a disk that
 * is not the host's own keeps its checksum.
 */
export async function takeOnboard(stateDir: string, fault: OnboardFault, options: StrikeOptions): Promise<OnboardTake> {
  const scene = await startOnboardScene(stateDir);
  const startedAt = performance.now();
  try {
    const guardBefore = await scene.guard();
    const first = await run(scene, fault, options);
    const second = await run(scene, undefined, options);
    const changedAgain = second.report.steps.filter(({ changed }) => changed).map(({ title }) => title);
    const guardKept = (await scene.guard()) === guardBefore;
    const { body: node } = await scene.kubernetes.as('gantry-host').get(`/api/v1/nodes/${scene.host.name}`);
    const taints = (node.spec?.['taints'] ?? []) as { key?: string }[];
    const takesVms = node.kind === 'Node' && !taints.some(({ key = '' }) => key.startsWith('gantry'));
    const { outcome } = first.report;
    return {
      ...{ fault, outcome, struck: first.struck, parks: first.parks, changedAgain, guardKept, takesVms },
      ms: performance.now() - startedAt,
      faults: [
        ...(outcome === 'done' ? [] : [`the run ended as ${outcome}`]),
        ...(second.report.outcome === 'done' ? [] : [`the second run ended as ${second.report.outcome}`]),
        ...changedAgain.map((title) => `the second run changed: ${title}`),
        ...(guardKept ? [] : ['a disk that is not the host’s own was written to']),
        ...(takesVms ? [] : ['the Node does not take VMs']),
        ...(first.struck.length > 0 ? [] : ['the fault befell no step']),
      ],
    };
  } finally {
    await scene.close();
  }
}

async function run(
  scene: OnboardScene,
  fault: OnboardFault | undefined,
  { steps = () => true, say }: StrikeOptions,
): Promise<{ report: RunReport; struck: string[]; parks: string[] }> {
  const { client, host } = scene;
  const input = { serial: host.serial, reason: 'sweep', requestedBy: me };
  const ref = await startRun(client, 'host.onboard', input, { taskQueue: 'gantry', check: validateInput });
  const struck: string[] = [];
  const parks: string[] = [];
  const done = new Set<string>();
  for (;;) {
    const { status, closed } = await watchRun(client, ref, () => undefined, {
      until: ({ status: now }) => needsUs(now, fault !== undefined, done, steps),
    });
    if (closed || !status) break;
    if (status.state === 'awaiting-approval' && status.plan) {
      await approve(client, ref, { planHash: status.plan.hash, by: me });
      await watchRun(client, ref, () => undefined, { until: ({ status: now }) => now?.state !== 'awaiting-approval' });
    } else if (status.state === 'parked' && status.parked) {
      const { id, title, trouble } = status.parked;
      say(`parked at ${title}: ${trouble.code}: ${trouble.message}`);
      parks.push(`${title}: ${trouble.code}`);
      if (parks.length > 20)
        throw new Error(`it still parks after ${parks.length} retries, the last time at ${title}: ${trouble.code}`);
      await retry(client, ref, id);
    } else {
      const step = underWay(status, done, steps);
      if (!step || !fault) continue;
      done.add(step.title);
      await pause(intoStepMs);
      say(`${fault} in the middle of: ${step.title}`);
      struck.push(step.title);
      await strike(scene, fault);
    }
  }
  const report = await runReport(client, ref);
  if (!report) throw new Error('the run ended without a report');
  return { report, struck, parks };
}

function underWay(
  status: RunStatus,
  done: ReadonlySet<string>,
  steps: (step: string) => boolean,
): StepRecord | undefined {
  return status.steps.find(
    ({ state, title, step }) => (state === 'running' || state === 'looking') && !done.has(title) && steps(step),
  );
}

function needsUs(
  status: RunStatus | undefined,
  striking: boolean,
  done: ReadonlySet<string>,
  steps: (step: string) => boolean,
): boolean {
  if (!status) return false;
  if (status.state === 'awaiting-approval' || status.state === 'parked') return true;
  return striking && underWay(status, done, steps) !== undefined;
}

async function strike({ proxy, host, killWorker }: OnboardScene, fault: OnboardFault): Promise<void> {
  switch (fault) {
    case 'worker':
      return killWorker();
    case 'ssh':
      await proxy.cut();
      await pause(cutMs);
      return proxy.heal();
    case 'power':
      await host.powerCut();
      await host.powerOn();
      await hostIsBack(host);
  }
}

async function retry(client: Client, ref: Parameters<typeof resolve>[1], park: string): Promise<void> {
  await resolve(client, ref, { action: 'retry', park, by: me });
  await watchRun(client, ref, () => undefined, { until: ({ status }) => status?.parked?.id !== park });
}
