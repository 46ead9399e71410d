import type { RegionMetric } from '../../../runs/index.ts';

/** From when to when a metric is evaluated, by the server's clock, and how far from one evaluation to the next. Milliseconds. */
export type EvaluatedWindow = { fromMs: number; toMs: number; stepMs: number };

type Series = { labels: Readonly<Record<string, string>>; points: readonly (readonly [number, number])[] };
/** What a server answered to an expression over a window. */
export type Evaluated = { series: readonly Series[]; warnings: readonly string[] };

/** What a metric says, and what that rests on: evidence of a gate. */
export type MetricReading = {
  metric: string;
  query: string;
  /** `unknown`: there is nothing to go by. */
  value: 'pass' | 'fail' | 'unknown';
  words: string;
  /** When it was asked, by the clock of Prometheus. */
  at?: string;
  series?: number;
  lowest?: number;
  highest?: number;
  /** Of the oldest sample that the newest value rests on. Seconds. */
  sampleAge?: number;
};

/** Evaluations in a window, at the most. */
const mostSteps = 60;
/** Nothing is scraped more often. Milliseconds. */
const shortestStepMs = 1_000;
/** Labels of a series in words. Characters. */
const labelsLimit = 120;

/** What is to be evaluated at a time of the server: as long as the metric must hold, and nothing from before the component was ready. */
export function windowOf({ holdsForMs }: RegionMetric, nowMs: number, sinceMs = -Infinity): EvaluatedWindow {
  const stepMs = Math.max(shortestStepMs, Math.ceil(holdsForMs / mostSteps));
  const lengthMs = Math.min(holdsForMs, Math.max(0, nowMs - sinceMs));
  return { fromMs: nowMs - Math.ceil(lengthMs / stepMs) * stepMs, toMs: nowMs, stepMs };
}

/** The age of the oldest sample that a selector gives: of the server's samples, by the server's clock. Seconds. */
export function ageQuery(selector: string): string {
  return `max(time() - timestamp(${selector}))`;
}

/**
 * Three values. A fresh value out of bounds is a failure, which may still turn. No series, a number that is none, a gap, an old sample,
 * one from before the component was ready, or an answer that the server itself calls incomplete is nothing to go by. Pure.
 */
export function judgeMetric(
  metric: RegionMetric,
  window: EvaluatedWindow,
  { values, ages }: { values: Evaluated; ages: readonly Evaluated[] },
  sinceMs = -Infinity,
): MetricReading {
  const { name, query, holdsForMs, freshnessMs } = metric;
  const all = values.series.flatMap(({ points }) => points.map(([, value]) => value));
  const real = all.filter((value) => !Number.isNaN(value));
  const age = ages.flatMap(({ series }) => series.flatMap(({ points }) => points.filter(([at]) => at === window.toMs)));
  const newestAge = age.length > 0 ? Math.max(...age.map(([, seconds]) => seconds)) : undefined;
  const reading = (value: MetricReading['value'], words: string): MetricReading => ({
    ...{ metric: name, query, value, words: `${name}: ${words}`, at: new Date(window.toMs).toISOString() },
    series: values.series.length,
    ...(real.length > 0 ? { lowest: Math.min(...real), highest: Math.max(...real) } : {}),
    ...(newestAge === undefined ? {} : { sampleAge: newestAge }),
  });
  const unknown = (words: string): MetricReading => reading('unknown', words);

  const [warning] = [values, ...ages].flatMap(({ warnings }) => warnings);
  if (warning !== undefined) return unknown(`Prometheus calls its answer incomplete: ${warning}`);
  if (window.toMs < sinceMs) return unknown('the clock of Prometheus went back');
  if (newestAge === undefined) return unknown('no series has a sample');
  if (values.series.length === 0) return unknown('the query gives no series');
  if (newestAge * 1000 > freshnessMs)
    return unknown(`a sample is ${inSeconds(newestAge * 1000)} old, more than ${inSeconds(freshnessMs)}`);
  const wrong = outOfBounds(metric, values.series);
  if (wrong) return reading('fail', wrong);
  if (real.length < all.length) return unknown('a value is no number (NaN)');
  const steps = Math.round((window.toMs - window.fromMs) / window.stepMs) + 1;
  const gaps = values.series.filter(({ points }) => points.length < steps).length;
  if (window.toMs - sinceMs < holdsForMs)
    return unknown(`within its bounds, for ${inSeconds(window.toMs - sinceMs)} of ${inSeconds(holdsForMs)} as yet`);
  if (gaps > 0) return unknown(`${gaps} of ${values.series.length} series do not span ${inSeconds(holdsForMs)}`);
  const doubt = oldSamples(window, steps, ages, freshnessMs, sinceMs);
  if (doubt !== undefined) return unknown(doubt);
  const held = holdsForMs > 0 ? ` for ${inSeconds(holdsForMs)}` : '';
  return reading('pass', `${range(real)}, ${boundsInWords(metric)}${held}`);
}

/** All of a component's: one that fails is a failure, one that says nothing leaves it unknown. */
export function metricsTogether(all: readonly MetricReading[]): Pick<MetricReading, 'value' | 'words'> {
  for (const value of ['fail', 'unknown'] as const) {
    const found = all.filter((one) => one.value === value);
    if (found.length > 0) return { value, words: found.map(({ words }) => words).join('; ') };
  }
  return { value: 'pass', words: all.map(({ words }) => words).join('; ') };
}

/** `within 0.1 and 0.9`, as plans and gates say it. */
export function boundsInWords({ min, max }: Pick<RegionMetric, 'min' | 'max'>): string {
  if (min === undefined) return `at most ${max ?? Infinity}`;
  return max === undefined ? `at least ${min}` : `from ${min} to ${max}`;
}

function outOfBounds(metric: RegionMetric, series: readonly Series[]): string | undefined {
  const { min = -Infinity, max = Infinity } = metric;
  for (const { labels, points } of series) {
    const found = points.findLast(([, value]) => value < min || value > max);
    if (!found) continue;
    const [at, value] = found;
    const named = Object.entries(labels).map(([key, held]) => `${key}=${held}`);
    const of = named.length > 0 ? ` (${named.join(', ').slice(0, labelsLimit)})` : '';
    return `${value}${of} at ${new Date(at).toISOString()}, not ${boundsInWords(metric)}`;
  }
  return undefined;
}

/** What in the window rests on no sample, on an old one, or on one from before the component was ready. */
function oldSamples(
  { fromMs, stepMs }: EvaluatedWindow,
  steps: number,
  ages: readonly Evaluated[],
  freshnessMs: number,
  sinceMs: number,
): string | undefined {
  const points = ages.flatMap(({ series }) => series.flatMap((one) => one.points));
  const covered = new Set(points.map(([at]) => at));
  if (Array.from({ length: steps }, (_, step) => fromMs + step * stepMs).some((at) => !covered.has(at)))
    return 'there is a time without a sample';
  const oldest = Math.max(...points.map(([, seconds]) => seconds * 1000));
  if (oldest > freshnessMs)
    return `samples are missing: one was ${inSeconds(oldest)} old, more than ${inSeconds(freshnessMs)}`;
  if (points.some(([at, seconds]) => at - seconds * 1000 < sinceMs))
    return 'it rests on samples from before the component was ready';
  return undefined;
}

function range(values: readonly number[]): string {
  const [lowest, highest] = [Math.min(...values), Math.max(...values)];
  return lowest === highest ? `${lowest}` : `${lowest} to ${highest}`;
}

function inSeconds(ms: number): string {
  return `${Math.round(ms / 100) / 10} s`;
}
