import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Client, WorkflowHandle } from '@temporalio/client';
import { monotonicMs, pause } from '../../lab/clock.ts';
import { startProcess } from '../../lab/process.ts';
import { runsWorker } from '../../lab/run-typescript.ts';
import { temporalSettings } from '../../lab/temporal/temporal.ts';
import type { HostFleetOnboardInput, RunReport, RunStatus } from '../../src/runs/index.ts';
import { domainQueue, listRunnerId, lockId, onboardSteps } from '../../src/runs/index.ts';
import type { Say } from '../bench.ts';
import { defineBench } from '../bench.ts';
import { atEnd } from '../cleanup.ts';
import { oneMinuteLoad, p50, rounded } from '../statistics.ts';
import { benchTemporal } from '../temporal.ts';
import { aloneHosts, fleetPlatform, pool, region, serialOf } from './platform.ts';
import type { PlayedHosts } from './played.ts';

const command = { commandMs: 200, jitterMs: 60, looks: 3, acts: 4 } as const;
const quickCommand = { commandMs: 40, jitterMs: 12 } as const;
/** One of fifty fails at first. */
const failingShare = 50;

const settings = [
  'Temporal dev server of the lab (lab/temporal/temporal.ts), SQLite on a file: journal_mode=wal, synchronous=off',
  ...Object.entries(temporalSettings).map(([key, value]) => `${key}=${value}`),
  'one worker process: orchestration as in production, and a played host role',
  `a host: host.onboard as in production, its ${onboardSteps.length} steps played: each ${2 * command.looks + command.acts} commands to make, ${command.looks} of them to look first; after its reboot it is looked at again`,
  `a command: ${command.commandMs} ms, ± ${command.jitterMs} ms (--quick: ${quickCommand.commandMs} ms, ± ${quickCommand.jitterMs} ms); each fiftieth host fails its first run`,
];

/** Fleet hosts, played. */
export type HostFleetResult = {
  bench: 'host-fleet';
  quick: boolean;
  hosts: number;
  window: number;
  /** Of hosts × the time of a host alone / window. */
  efficiency: number;
  /** One host alone, the median of three. Milliseconds. */
  hostMs: number;
  /** From the start to the end of the last host of the first pass, and of the retry. */
  passMs: number;
  retryMs: number;
  /** Most that were under way at once, of what was seen. */
  mostUnderWay: number;
  parentEvents: number;
  /** The longest of the runner's histories, and how many there were, in both passes. */
  runnerEvents: number;
  runnerHistories: number;
  hostEvents: number;
  failedFirst: number;
  failedThenRetried: number;
  /** Runs of hosts in all: each host once, and each failed one again. */
  runs: number;
  settings: readonly string[];
  serverVersion: string;
  node: string;
  load: readonly [number, number];
};

/** How well a window of hosts is used, and what a fleet's histories hold. */
export const hostFleet = defineBench<HostFleetResult>({
  name: 'host-fleet',
  summary: 'a fleet of played hosts: how well its window is used, events of its histories, only the failed run again',
  settings,
  options: {
    hosts: { type: 'string', help: 'how many hosts (500)' },
    window: { type: 'string', help: 'how many at once (50)' },
    quick: {
      type: 'boolean',
      help: '40 hosts, 8 at once (their link takes no more), commands of 40 ms, for CI: its figures are rough',
    },
  },
  async run(options, say) {
    const quick = options['quick'] === true;
    const hosts = Number(options['hosts'] ?? (quick ? 40 : 500));
    const window = Number(options['window'] ?? (quick ? 8 : 50));
    const failing = Array.from({ length: Math.floor(hosts / failingShare) || 1 }, (_, at) =>
      serialOf((at * failingShare + 7) % hosts),
    );
    const play = quick ? { ...command, ...quickCommand } : command;
    const loadBefore = oneMinuteLoad();
    const stage = await openStage(hosts, { ...play, failing });
    const hostMs = await measureAlone(stage, hosts, say);
    const figures = await measureFleet(stage, { hosts, window, failing }, say);
    const ideal = ((hosts - failing.length) * hostMs) / window;
    return {
      bench: 'host-fleet',
      ...{ quick, hosts, window },
      efficiency: rounded(ideal / figures.passMs, 3),
      hostMs: rounded(hostMs, 0),
      ...figures,
      settings,
      serverVersion: stage.serverVersion,
      node: process.version,
      load: [loadBefore, oneMinuteLoad()],
    };
  },
  table: (result) => [
    `${result.hosts} hosts, ${result.window} at once: efficiency ${result.efficiency} (aim: at least 0.9)`,
    `one host alone ${(result.hostMs / 1_000).toFixed(1)} s; the pass ${(result.passMs / 1_000).toFixed(1)} s, the retry of ${result.failedFirst} failed ${(result.retryMs / 1_000).toFixed(1)} s`,
    `events: fleet run ${result.parentEvents}, longest of ${result.runnerHistories} histories of the list ${result.runnerEvents}, a host ${result.hostEvents} (aim: at most 5,000 each)`,
    `runs of hosts: ${result.runs}; failed and then retried: ${result.failedThenRetried}`,
  ],
});

type Stage = { client: Client; taskQueue: string; serverVersion: string };

const workerMain = fileURLToPath(new URL('./worker.ts', import.meta.url));

async function openStage(
  hosts: number,
  play: Omit<PlayedHosts, 'failing'> & { failing: readonly string[] },
): Promise<Stage> {
  const { stateDir, temporal, connection, client, serverVersion, codePath } = await benchTemporal();
  const { address } = temporal;
  const platformFile = join(stateDir, 'platform.yaml');
  writeFileSync(platformFile, fleetPlatform(stateDir, hosts));
  const taskQueue = 'fleet';
  const polls = async (): Promise<boolean> => {
    const { pollers } = await connection.workflowService.describeTaskQueue({
      ...{ namespace: 'default', taskQueue: { name: domainQueue(taskQueue, 'host', region) }, taskQueueType: 2 },
    });
    return (pollers?.length ?? 0) > 0;
  };
  const worker = await startProcess({
    ...{ stateDir, name: 'worker', part: 'workers', command: process.execPath },
    args: [...runsWorker, workerMain, address, taskQueue, codePath, platformFile, JSON.stringify(play)],
    readyWithinMs: 240_000,
    ready: polls,
  });
  atEnd(() => worker.stop());
  return { client, taskQueue, serverVersion };
}

/** The time of a host with nothing beside it. */
async function measureAlone({ client, taskQueue }: Stage, hosts: number, say: Say): Promise<number> {
  const took: number[] = [];
  for (let at = 0; at < aloneHosts; at += 1) {
    const input = { serial: serialOf(hosts + at) };
    const from = monotonicMs();
    const handle = await client.workflow.start('hostOnboard', {
      ...{ workflowId: lockId('host', input.serial), taskQueue, args: [input] },
    });
    // Alone it is asked for like any other run.
    await approve(handle);
    await ended(handle);
    took.push(monotonicMs() - from);
  }
  say(`a host alone: ${took.map((ms) => rounded(ms, 0)).join(', ')} ms`);
  return p50(took);
}

/** A host that parks waits for people: the bench has none. */
async function ended(handle: WorkflowHandle): Promise<void> {
  let over = false;
  const result = handle.result().finally(() => (over = true));
  result.catch(() => undefined);
  while (!over) {
    await Promise.race([result.catch(() => undefined), pause(2_000)]);
    const { parked } = await handle.query<RunStatus>('status');
    if (parked) throw new Error(`${handle.workflowId} is parked: ${parked.trouble.code}: ${parked.trouble.message}`);
  }
  await result;
}

async function approve(handle: WorkflowHandle): Promise<void> {
  for (;;) {
    const { state, plan } = await handle
      .query<RunStatus>('status')
      .catch(() => ({ state: 'planning', plan: undefined }));
    if (state === 'awaiting-approval' && plan) {
      await handle.executeUpdate('approve', { args: [{ planHash: plan.hash, by: 'bench' }] });
      return;
    }
    await pause(20);
  }
}

type Fleet = { hosts: number; window: number; failing: readonly string[] };

async function measureFleet({ client, taskQueue }: Stage, { hosts, window, failing }: Fleet, say: Say) {
  const input: HostFleetOnboardInput = { ...pool, window, maxFailures: Math.min(150, failing.length + 10) };
  const workflowId = lockId('host', `${pool.zone}/${pool.class}`);
  const from = monotonicMs();
  const handle = await client.workflow.start('hostFleetOnboard', { workflowId, taskQueue, args: [input] });
  let mostUnderWay = 0;
  let parked: RunStatus['parked'];
  for (let looks = 0; !parked; looks += 1) {
    await pause(500);
    const now = await handle.query<RunStatus>('status').catch(() => undefined);
    const list = now?.steps[0]?.list;
    mostUnderWay = Math.max(mostUnderWay, list?.underWay ?? 0);
    if (looks % 20 === 0 && list)
      say(`${list.done} of ${list.total} done, ${list.failures} failed, ${list.underWay} under way`);
    parked = now?.parked;
    if (now?.state === 'refused' || now?.state === 'failed') throw new Error(`the fleet is ${now.state}`);
  }
  const passMs = monotonicMs() - from;
  if (parked.trouble.code !== 'LIST_NOT_DONE')
    throw new Error(`parked with ${parked.trouble.code}: ${parked.trouble.message}`);
  say(`the pass took ${rounded(passMs / 1_000, 1)} s: ${parked.trouble.message}`);
  const { after: seen } = (await handle.query<RunStatus>('status')).steps[0] ?? {};
  const failedFirst = (seen as { failures: number }).failures;
  const before = await runsPerHost(client, hosts);
  const retriedAt = monotonicMs();
  await handle.executeUpdate('resolve', { args: [{ action: 'retry', park: parked.id, by: 'bench' }] });
  const report = (await handle.result()) as RunReport;
  const retryMs = monotonicMs() - retriedAt;
  const after = await runsPerHost(client, hosts);
  const again = [...after].filter(([serial, runs]) => runs > (before.get(serial) ?? 0)).map(([serial]) => serial);
  const wrong = again.filter((serial) => !failing.includes(serial));
  if (wrong.length > 0) throw new Error(`hosts that had not failed ran again: ${wrong.join(', ')}`);
  if (report.outcome !== 'done' || report.measurements['hostsDone'] !== hosts)
    throw new Error(`the fleet ended as ${report.outcome} with ${report.measurements['hostsDone']} hosts done`);
  return {
    passMs: rounded(passMs, 0),
    retryMs: rounded(retryMs, 0),
    mostUnderWay,
    parentEvents: await eventsOf(client, { workflowId }),
    ...(await runnerFigures(client, listRunnerId(workflowId, 1))),
    hostEvents: await eventsOf(client, { workflowId: lockId('host', serialOf(0)) }),
    failedFirst,
    failedThenRetried: again.length,
    runs: [...after.values()].reduce((sum, runs) => sum + runs, 0),
  };
}

/** Every run of the hosts of the pool, by serial number, once the server lists them all. */
async function runsPerHost(client: Client, hosts: number): Promise<Map<string, number>> {
  for (;;) {
    const runs = new Map<string, number>();
    for await (const { workflowId } of client.workflow.list({ query: 'WorkflowType = "hostOnboard"' })) {
      const serial = workflowId.slice('host/'.length);
      // Not those that were measured alone.
      if (serial < serialOf(hosts)) runs.set(serial, (runs.get(serial) ?? 0) + 1);
    }
    if (runs.size === hosts) return runs;
    await pause(500);
  }
}

async function runnerFigures(client: Client, workflowId: string) {
  let [runnerEvents, runnerHistories] = [0, 0];
  for await (const { runId } of client.workflow.list({ query: `WorkflowId = "${workflowId}"` })) {
    runnerEvents = Math.max(runnerEvents, await eventsOf(client, { workflowId, runId }));
    runnerHistories += 1;
  }
  return { runnerEvents, runnerHistories };
}

async function eventsOf(
  client: Client,
  { workflowId, runId }: { workflowId: string; runId?: string },
): Promise<number> {
  return (await client.workflow.getHandle(workflowId, runId).describe()).historyLength;
}
