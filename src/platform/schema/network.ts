import { z } from 'zod';
import { mapOf, name, text } from './names.ts';

const segment = z.strictObject({
  members: z.array(name).min(1).describe('What stands in the segment.'),
  purpose: text.exactOptional(),
});

const flow = z.strictObject({
  from: name.describe('Segment that opens the connection.'),
  source: name.describe('Member of that segment.'),
  to: name.describe('Segment that accepts it.'),
  target: name.describe('Member of that segment.'),
  purpose: z.enum(['traffic', 'administration', 'monitoring']).default('traffic'),
});

/** Network segments and who may open a connection to whom. What is not listed is not allowed. */
export const network = z.strictObject({ segments: mapOf(segment), flows: z.array(flow).default([]) });
