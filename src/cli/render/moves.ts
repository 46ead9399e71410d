import type { RunUnder } from '../../client/index.ts';
import type { CopyProgress, RunStatus, StepName, StepRecord } from '../../runs/index.ts';
import { bytes } from './size.ts';
import { duration } from './time.ts';

const copyStep: StepName = 'clickhouse.copy';
/** What a copy must have taken before its rate says anything. */
const rateAfterMs = 1_000;
const measured = { bytes: 'clickhouse.copy.fetchedBytes', ms: 'clickhouse.copy.fetchMs' } as const;

/** A finished move, from what its run measured: rows, bytes, throughput; undefined for what is none. */
export function movedWords({ step, after }: StepRecord): string | undefined {
  const figures = step === 'clickhouse.move' ? figuresOf(after) : {};
  const { movedRows, lateRows } = figures;
  if (movedRows === undefined) return undefined;
  const [size, ms] = [figures[measured.bytes], figures[measured.ms]];
  return [
    `${movedRows.toLocaleString('en')} rows`,
    ...(size === undefined || ms === undefined ? [] : [`${bytes(size)} at ${rate(size, ms)}`]),
    ...(lateRows ? [`${lateRows.toLocaleString('en')} rows came late and stay`] : []),
  ].join(', ');
}

/** A run under way beneath another one: the step that it is at, and how far its copy is. */
export function underWords({ status, copy }: RunUnder): string {
  const at = status.steps.findLast(({ state }) => state === 'running' || state === 'looking' || state === 'undoing');
  const step = at ? at.title : status.state;
  return copy && at && at.step === copyStep ? `${step}: ${copyWords(copy)}` : step;
}

function copyWords({ bytes: size, fetchedBytes, ms }: CopyProgress): string {
  if (fetchedBytes === undefined) return `${bytes(size)} for ${duration(ms)}; this server cannot say how far`;
  const far = `${bytes(fetchedBytes)} of ${bytes(size)}`;
  if (ms < rateAfterMs || fetchedBytes === 0) return far;
  const leftMs = (Math.max(0, size - fetchedBytes) / fetchedBytes) * ms;
  return `${far}, ${rate(fetchedBytes, ms)}, about ${duration(leftMs)} left`;
}

/** All moves of a run together: how many of how many, bytes, throughput, how long the rest takes at this pace. */
export function movesLine({ plan, steps, state }: RunStatus, now: number): string | undefined {
  const planned = plan?.picture?.plan;
  if (!planned || planned.moves.length === 0 || state === 'awaiting-approval' || state === 'planned') return undefined;
  const moves = steps.filter(({ step }) => step === 'clickhouse.move');
  const ended = moves.flatMap((step, at) =>
    step.state === 'done' ? [{ ...step, size: planned.moves[at]?.bytes ?? 0 }] : [],
  );
  const size = sum(ended.map((one) => one.size));
  const figures = ended.map(({ after }) => figuresOf(after));
  const [copied, ms] = [measured.bytes, measured.ms].map((name) => sum(figures.map((one) => one[name] ?? 0)));
  const begun = Math.min(...moves.flatMap(({ startedAt }) => (startedAt === undefined ? [] : [Date.parse(startedAt)])));
  const left = planned.movedBytes - size;
  const running = moves.some((step) => step.state === 'running');
  return [
    `moved ${ended.length} of ${planned.moves.length} partitions, ${bytes(size)} of ${bytes(planned.movedBytes)}`,
    ...(copied && ms ? [`copied at ${rate(copied, ms)}`] : []),
    ...(running && size > 0 && left > 0 ? [`about ${duration(((now - begun) / size) * left)} left`] : []),
  ].join(', ');
}

/** `measurements` of a run as its line in the report keeps them. */
function figuresOf(after: unknown): Readonly<Record<string, number>> {
  const measurements = (after as { measurements?: unknown } | null | undefined)?.measurements;
  if (typeof measurements !== 'object' || measurements === null) return {};
  return Object.fromEntries(
    Object.entries(measurements).flatMap(([name, value]: [string, unknown]) =>
      typeof value === 'number' ? [[name, value]] : [],
    ),
  );
}

function rate(size: number, ms: number): string {
  return `${bytes((size / Math.max(1, ms)) * 1_000)}/s`;
}

function sum(list: readonly number[]): number {
  return list.reduce((total, one) => total + one, 0);
}
