import { z } from 'zod';
import { chosen, mapOf, name, text, url } from './names.ts';
import { secretRef } from './secret.ts';

const source = z.strictObject({ signals: z.array(text).default([]), to: z.array(name).min(1) });

const system = z.strictObject({
  role: z.enum(['collection', 'processing', 'storage', 'analysis', 'alerting']),
  ...chosen.shape,
  url: url.exactOptional().describe('Where Gantry reads it, if it does.'),
  token: secretRef.exactOptional(),
  to: z.array(name).default([]).describe('Systems that it hands its data to.'),
});

/** What produces signals and through which systems they go: the same form for metrics and for logs. */
export const pipeline = z.strictObject({ sources: mapOf(source), systems: mapOf(system) });
