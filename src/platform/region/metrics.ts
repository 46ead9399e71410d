import { parser } from '@prometheus-io/lezer-promql';
import { z } from 'zod';
import { text, url } from '../schema/names.ts';
import { secretRef } from '../schema/secret.ts';
import { duration, rename } from '../schema/units.ts';

/** Where the metrics of a region are asked for. */
export const prometheusAccess = z.strictObject({
  url,
  ca: text.exactOptional().describe('File with the certificates that are trusted for it; the system’s unless given.'),
  token: secretRef.exactOptional(),
});

/** A gate of a component: what its metrics must say. */
export const metricGate = z
  .strictObject({
    query: z
      .string()
      .refine((query) => (selectorsOf(query)?.length ?? 0) > 0, {
        error: 'a PromQL expression over at least one metric: without one there is nothing to go by',
      })
      .describe('A PromQL expression. Every series that it gives must be within the bounds.'),
    min: z.number().exactOptional().describe('The lowest value that passes.'),
    max: z.number().exactOptional().describe('The highest value that passes.'),
    holdsFor: duration
      .default(0)
      .describe(
        'It must have been within the bounds for so long, since the component is ready. Once is enough unless given.',
      ),
    freshness: duration
      .default(60_000)
      .describe('No sample that the query rests on may be older, by the clock of Prometheus itself.'),
  })
  .refine(({ min, max }) => min !== undefined || max !== undefined, { error: 'a gate has a min, a max or both' })
  .refine(({ min = -Infinity, max = Infinity }) => min <= max, { error: 'no value is above min and below max' })
  .transform(rename({ holdsFor: 'holdsForMs', freshness: 'freshnessMs' }));

export type MetricGate = z.output<typeof metricGate>;
export type PrometheusAccess = z.output<typeof prometheusAccess>;

/** The metrics that an expression is made of, as it selects them; undefined when it is no PromQL. */
export function selectorsOf(query: string): string[] | undefined {
  const found = new Set<string>();
  let broken = false;
  parser.parse(query).iterate({
    enter: ({ name, type, from, to }) => {
      if (type.isError) broken = true;
      if (name === 'VectorSelector') found.add(query.slice(from, to));
    },
  });
  return broken ? undefined : [...found];
}
