import { monotonicMs, pause } from '../../lab/clock.ts';
import { temporalSettings } from '../../lab/temporal/temporal.ts';
import type { Say } from '../bench.ts';
import { defineBench } from '../bench.ts';
import { countOf } from '../gantry.ts';
import { oneMinuteLoad, p50, quantile, rounded } from '../statistics.ts';
import type { Start } from './clients.ts';
import { readStatuses, startRun } from './clients.ts';
import type { ApiStage } from './stage.ts';
import { openStage } from './stage.ts';

const clients = 200;
const openBefore = 500;
const measured = 120;
const defaultRate = 2;
const readMs = 15_000;
/** Opens the runs that are there before anything is measured, so many at a time. */
const atOnce = 10;

const settings = [
  'Temporal dev server of the lab (lab/temporal/temporal.ts), SQLite on a file: journal_mode=wal, synchronous=off',
  ...Object.entries(temporalSettings).map(([key, value]) => `${key}=${value}`),
  'one worker process with the engine of production and steps in memory; one process of `gantry api`, with a signing key and an audit',
  `${openBefore} runs that wait for an approval are open before anything is measured`,
  `${clients} clients, each with a token of its own; starts come at random moments, --rate of them a second`,
  'the API is killed (SIGKILL) halfway and started again; clients send again with their key after 250 ms',
];

/** What the API does under load. */
export type ApiResult = {
  bench: 'api';
  /** From the first attempt to the answer, of starts that did not meet the kill. Milliseconds. */
  startP50Ms: number;
  startP99Ms: number;
  /** The longest, the kill included. */
  startMaxMs: number;
  statusPerSecond: number;
  /** Starts that were answered and have no run; groups and requests with more than one. */
  lostStarts: number;
  doubledStarts: number;
  clients: number;
  openRuns: number;
  starts: number;
  startsPerSecond: number;
  /** Starts that met the kill, and those of them that had already begun a run when they were sent again. */
  metTheKill: number;
  answeredAgain: number;
  apiAwayMs: number;
  settings: readonly string[];
  serverVersion: string;
  node: string;
  load: readonly [number, number];
};

export const api = defineBench<ApiResult>({
  name: 'api',
  summary: 'the HTTP API: how long a start takes, statuses a second, and what a killed API loses',
  settings,
  options: {
    rate: { type: 'string', help: `starts a second (default ${defaultRate})` },
    starts: { type: 'string', help: `how many starts are measured (default ${measured})` },
    open: { type: 'string', help: `runs that are open before (default ${openBefore})` },
  },
  run: async (options, say) => {
    const rate = countOf(options, 'rate', defaultRate);
    const count = countOf(options, 'starts', measured);
    const before = countOf(options, 'open', openBefore);
    const loadBefore = oneMinuteLoad();
    const stage = await openStage(clients);
    say('server, workers and API are up');
    const opened = await openRuns(stage, before, say);
    const { starts, killedAt, backAt } = await startUnderLoad(stage, count, rate, say);
    const calm = starts.filter(({ at, ms }) => at + ms < killedAt || at > backAt);
    const met = starts.filter((start) => !calm.includes(start));
    const groups = [...opened, ...starts.map(({ group }) => group)];
    const { lost, doubled } = await audit(stage, groups);
    say(`${starts.length} starts, ${met.length} met the kill; lost ${lost}, doubled ${doubled}`);
    const answered = await readStatuses(stage, groups, readMs);
    say(`${answered} statuses in ${readMs / 1_000} s`);
    return {
      bench: 'api',
      startP50Ms: rounded(p50(calm.map(({ ms }) => ms))),
      startP99Ms: rounded(
        quantile(
          calm.map(({ ms }) => ms),
          0.99,
        ),
      ),
      startMaxMs: rounded(Math.max(...starts.map(({ ms }) => ms))),
      statusPerSecond: rounded(answered / (readMs / 1_000)),
      lostStarts: lost,
      doubledStarts: doubled,
      ...{ clients, openRuns: before, starts: starts.length, startsPerSecond: rate },
      metTheKill: met.length,
      answeredAgain: met.filter(({ again }) => again).length,
      apiAwayMs: rounded(backAt - killedAt),
      ...{ settings, serverVersion: stage.serverVersion, node: process.version },
      load: [loadBefore, oneMinuteLoad()],
    };
  },
  table: (result) =>
    Object.entries(result)
      .filter(([field]) => field !== 'settings')
      .map(([field, value]) => `${field.padEnd(18)} ${JSON.stringify(value)}`),
});

async function openRuns(stage: ApiStage, count: number, say: Say): Promise<string[]> {
  const groups = Array.from({ length: count }, (_, at) => `open-${at}`);
  for (let from = 0; from < count; from += atOnce)
    await Promise.all(
      groups.slice(from, from + atOnce).map((group, at) => startRun(stage, (from + at) % clients, group)),
    );
  say(`${count} runs are open`);
  return groups;
}

/** Starts at random moments; the API is killed when half of them have begun. */
async function startUnderLoad(
  stage: ApiStage,
  count: number,
  rate: number,
  say: Say,
): Promise<{ starts: Start[]; killedAt: number; backAt: number }> {
  const spanMs = (count / rate) * 1_000;
  const begin = monotonicMs();
  const moments = Array.from({ length: count }, () => Math.random() * spanMs);
  const starting = moments.map(async (moment, at) => {
    await pause(moment);
    return startRun(stage, at % clients, `start-${at}`);
  });
  await pause(spanMs / 2 - (monotonicMs() - begin));
  const killedAt = monotonicMs();
  await stage.killApi();
  const backAt = monotonicMs();
  say(`the API was killed, and away for ${Math.round(backAt - killedAt)} ms`);
  return { starts: await Promise.all(starting), killedAt, backAt };
}

/** What Temporal has of them, once its visibility store has settled: each group one run, and one request. */
async function audit({ client }: ApiStage, groups: readonly string[]): Promise<{ lost: number; doubled: number }> {
  const look = async (): Promise<{ lost: number; doubled: number }> => {
    const times = new Map<string, number>();
    for await (const { workflowId } of client.workflow.list({
      query: "WorkflowType = 'redisSwitchover'",
      pageSize: 1_000,
    }))
      times.set(workflowId, (times.get(workflowId) ?? 0) + 1);
    const requests = [...times.keys()].filter((id) => id.startsWith('request/')).length;
    const doubled = [...times.values()].filter((count) => count > 1).length + Math.max(0, requests - groups.length);
    return { lost: groups.filter((group) => !times.has(`redis/${group}`)).length, doubled };
  };
  // A run is listed a moment after it has begun; one that is really lost never is.
  for (let turn = 0; turn < 60; turn += 1) {
    const seen = await look();
    if (seen.lost === 0) return seen;
    await pause(500);
  }
  return look();
}
