import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { fileURLToPath } from 'node:url';
import { startTemporal } from '../../lab/temporal/temporal.ts';
import { registerSearchAttributes } from '../../workers/search-attributes.ts';
import type { Attempt } from './attempt.ts';
import { attempt } from './attempt.ts';
import { keepEvidence } from './evidence.ts';
import type { SweptKind } from './kinds.ts';
import type { Lane } from './lane.ts';
import { openLane } from './lane.ts';
import type { Point } from './points.ts';
import { enumerate, nameOf, placeOf } from './points.ts';
import type { Baseline, Verdict } from './verdict.ts';
import { judge } from './verdict.ts';

export type PointResult = Verdict & {
  name: string;
  ms: number;
  tries: number;
  empty: readonly string[];
  evidence?: string;
};

export type SweepResult = { points: readonly PointResult[]; baseline: Baseline; ms: number };

export type SweepOptions = {
  kind: SweptKind;
  /** Logs, states and the evidence of failures; emptied by whoever calls. */
  folder: string;
  /** Runs at the same time, each on a scene of its own. */
  lanes: number;
  /** Undisturbed runs that the points are taken from. */
  rehearsals: number;
  choose: (points: readonly Point[]) => readonly Point[];
  onBaseline?: (points: readonly Point[], chosen: readonly Point[], baseline: Baseline) => void;
  onPoint?: (result: PointResult, count: number, of: number) => void;
};

/** A point that a run did not come to is tried again so often: polling loops have a look more or less. */
const tries = 4;

/** Cuts off one run at each of the chosen points of a kind and compares what is left with undisturbed runs. */
export async function sweep(options: SweepOptions): Promise<SweepResult> {
  const startedAt = Date.now();
  const { kind, folder } = options;
  mkdirSync(folder, { recursive: true });
  const bundlePath = await buildMarkedBundle(folder, kind.workflows ?? '../../workflows/index.ts');
  const temporal = await startTemporal({ stateDir: join(folder, 'temporal') });
  const connection = await Connection.connect({ address: temporal.address });
  const client = new Client({ connection });
  const lanes = Array.from({ length: options.lanes }, (_, index) =>
    openLane({
      name: `lane-${index + 1}`,
      ...{ client, address: temporal.address, bundlePath, stateDir: folder, startScene: kind.startScene },
      roles: ['orchestration', ...kind.roles],
    }),
  );
  try {
    await registerSearchAttributes(connection, 'default');
    const [first] = lanes as [Lane];
    const { baseline, points } = await rehearse(first, kind, options.rehearsals);
    const chosen = options.choose(points);
    options.onBaseline?.(points, chosen, baseline);
    const results: PointResult[] = [];
    const queue = [...chosen];
    await Promise.all(
      lanes.map(async (lane) => {
        for (let point = queue.shift(); point; point = queue.shift()) {
          const result = await sweepPoint(lane, point, baseline, folder);
          results.push(result);
          options.onPoint?.(result, results.length, chosen.length);
        }
      }),
    );
    return { points: results, baseline, ms: Date.now() - startedAt };
  } finally {
    await Promise.all(lanes.map((lane) => lane.stop()));
    await connection.close();
    await temporal.stop();
  }
}

/** Undisturbed runs: they must agree with each other, or nothing can be compared with them. */
async function rehearse(lane: Lane, kind: SweptKind, count: number): Promise<{ baseline: Baseline; points: Point[] }> {
  const traces: (readonly string[])[] = [];
  let baseline: Baseline | undefined;
  const wanted = kind.always.map(placeOf);
  let spare = 2;
  while (traces.length < count) {
    const undisturbed = await attempt(lane, undefined);
    const { findings, outcome } = undisturbed;
    baseline ??= { effects: findings?.effects.map(({ what }) => what) ?? [], state: findings?.state };
    const { faults } = judge(undisturbed, baseline);
    if (faults.length > 0 || !findings)
      throw new Error(`an undisturbed run is not sound (${outcome}): ${faults.join('; ')}`);
    // Where a step is tried again, as on a busy machine, its places have other numbers: another run takes that one's place, twice at most.
    const isUsual = wanted.every((place) => undisturbed.trace.includes(place));
    if (isUsual || spare === 0) traces.push(undisturbed.trace);
    else spare -= 1;
  }
  return { baseline: baseline ?? { effects: [], state: undefined }, points: enumerate(traces, kind.rules) };
}

async function sweepPoint(lane: Lane, point: Point, baseline: Baseline, folder: string): Promise<PointResult> {
  const name = nameOf(point);
  let made: Attempt | undefined;
  let count = 0;
  let failure: string | undefined;
  while (count < tries && failure === undefined && !made?.reached) {
    count += 1;
    try {
      made = await attempt(lane, point);
    } catch (error) {
      failure = `the run could not be looked at: ${String(error)}`;
    }
  }
  const judged = made ? judge(made, baseline) : judge(nothing, baseline);
  const faults = [
    ...(failure === undefined ? [] : [failure]),
    ...(made && !made.reached ? [`not reached in ${count} runs`] : []),
    ...judged.faults,
  ];
  const result = { ...judged, faults, name, ms: made?.ms ?? 0, tries: count, empty: made?.findings?.empty ?? [] };
  if (faults.length === 0) return result;
  const evidence = await keepEvidence(folder, result, made, lane.client);
  await lane.renew();
  return { ...result, evidence };
}

const nothing: Attempt = {
  ...{ reached: false, outcome: 'no run', findings: undefined, trace: [], ms: 0 },
  ...{ workflowId: '', runId: '', logFiles: [] },
};

async function buildMarkedBundle(folder: string, workflows: string): Promise<string> {
  const { code } = await bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL(workflows, import.meta.url)),
    workflowInterceptorModules: [fileURLToPath(new URL('./task-marks.ts', import.meta.url))],
    logger: new DefaultLogger('ERROR'),
  });
  const path = join(folder, 'workflows.js');
  writeFileSync(path, code);
  return path;
}
