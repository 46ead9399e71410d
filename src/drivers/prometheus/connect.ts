import { z } from 'zod';
import { GantryError } from '../../errors/index.ts';
import type { ErrorCode } from '../../errors/index.ts';
import { ask } from './request.ts';
import type { Prometheus, PrometheusOptions, PrometheusTarget } from './types.ts';

/** A time in seconds, and a number as text: `NaN`, `+Inf` and `-Inf` are none of JSON's. */
const point = z.tuple([z.number(), z.string()]).transform(([seconds, text]): readonly [number, number] => {
  return [Math.round(seconds * 1000), numberOf(text)];
});

const answerOf = <T extends z.ZodType>(data: T) =>
  z.object({ status: z.literal('success'), data, warnings: z.array(z.string()).default([]) });

const scalar = answerOf(z.object({ resultType: z.literal('scalar'), result: point }));
const matrix = answerOf(
  z.object({
    resultType: z.literal('matrix'),
    // Native histograms have no value of their own, and come under another name: a series without values is refused.
    result: z.array(z.object({ metric: z.record(z.string(), z.string()), values: z.array(point) })),
  }),
);
const refusal = z.object({ status: z.literal('error'), errorType: z.string(), error: z.string() });

/** Longest part of a server's own words that is kept. Characters. */
const saidLimit = 500;

/** Questions to a Prometheus. Nothing is kept open. */
export function connectPrometheus(target: PrometheusTarget, options: PrometheusOptions = {}): Prometheus {
  const { host } = new URL(target.url);
  const read = async <T>(path: string, form: Readonly<Record<string, string>>, shape: z.ZodType<T>): Promise<T> => {
    const { status, text } = await ask(target, options, path, form);
    const content = parsed(text);
    const answer = status === 200 ? shape.safeParse(content) : undefined;
    if (answer?.success) return answer.data;
    const refused = refusal.safeParse(content);
    const said = refused.success ? refused.data.error : answer ? 'another shape than this API has' : `HTTP ${status}`;
    throw new GantryError(codeOf(status), `${host}: ${said.slice(0, saidLimit)}`, {
      evidence: { server: host, status, ...(refused.success ? { type: refused.data.errorType } : {}) },
    });
  };
  return {
    now: async () => (await read('api/v1/query', { query: 'time()' }, scalar)).data.result[0],
    evaluate: async (query, { fromMs, toMs, stepMs }) => {
      const form = { query, start: seconds(fromMs), end: seconds(toMs), step: seconds(stepMs) };
      const { data, warnings } = await read('api/v1/query_range', form, matrix);
      const series = data.result.map(({ metric: labels, values: points }) => ({ labels, points }));
      return { series, warnings };
    },
  };
}

/** https://prometheus.io/docs/prometheus/latest/querying/api/: 400 and 422 speak of the query, 503 of a timeout. */
function codeOf(status: number): ErrorCode {
  if (status === 400 || status === 422) return 'PROMETHEUS_REFUSED';
  if (status === 401 || status === 403) return 'PROMETHEUS_FORBIDDEN';
  if (status === 429 || status >= 500) return 'PROMETHEUS_UNREACHABLE';
  return 'PROMETHEUS_UNEXPECTED_ANSWER';
}

function numberOf(text: string): number {
  if (text === '+Inf') return Infinity;
  if (text === '-Inf') return -Infinity;
  return text.trim() === '' ? NaN : Number(text);
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
