import type { EngineResult } from './result.ts';

type Row = readonly [what: string, figure: string, aim?: string];

/** The result of `engine` for people. */
export function engineTable(result: EngineResult): string[] {
  const rows: Row[] = [
    [
      'added per activity, p50',
      `${result.addedMsPerStepP50} ms`,
      aim(result.addedMsPerStepP50, addedAimMs, `${addedAimMs} ms`),
    ],
    ['added per activity, p95', `${result.addedMsPerStepP95} ms`],
    ['  the same call in a plain loop, p50', `${result.plainLoopMsPerStepP50} ms`],
    [
      '  an activity that does nothing, SDK alone, p50',
      `${result.bareActivityMsP50} ms`,
      `ours takes ${result.overBareRatio} ×`,
    ],
    ['  dispatch, p50', `${result.dispatchMs} ms`],
    ['  work and its report, p50', `${result.workAndReportMs} ms`],
    ['  workflow task, p50', `${result.workflowTaskMs} ms`],
    ['  CPU of the worker + the server', `${result.workerCpuMsPerActivity} + ${result.serverCpuMsPerActivity} ms`],
    [`a run of ${result.stepsPerRun} steps (${result.activitiesPerRun} activities), p50`, `${result.runMsP50} ms`],
    ['  its history', `${result.eventsPerRun} events`],
    ['runs per second, activity p95 ≤ 1.5 × idle', String(result.runsPerSecond)],
    ['  activity p95, idle', `${result.activityP95IdleMs} ms`],
    [
      'worker: spawn to first finished run',
      `${result.workerStartMs} ms`,
      aim(result.workerStartMs, startAimMs, `${startAimMs} ms`),
    ],
    ['worker: memory, idle', `${result.rssIdleMb} MB`],
    [
      `worker: memory, ${result.openRuns} open runs`,
      `${result.rssOpenRunsMb} MB`,
      aim(result.rssOpenRunsMb, memoryAimMb, `${memoryAimMb} MB`),
    ],
    ['  the most it ever had', `${result.rssPeakMb} MB`],
  ];
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map(([what, figure, target = '']) =>
    `${what.padEnd(widths[0] ?? 0)}  ${figure.padStart(widths[1] ?? 0)}  ${target}`.trimEnd(),
  );
  if (result.quick) lines.push('', '--quick: too few samples for more than a rough idea');
  const { serverVersion, node, cores, memoryGib, load } = result;
  return [
    ...lines,
    '',
    `server ${serverVersion}, Node ${node}, ${cores} cores, ${memoryGib} GiB, load ${load.join(' → ')}`,
  ];
}

const addedAimMs = 30;
const startAimMs = 3_000;
const memoryAimMb = 400;

function aim(figure: number, most: number, shown: string): string {
  return `aim ≤ ${shown}: ${figure <= most ? 'met' : 'MISSED'}`;
}
