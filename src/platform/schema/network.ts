import { z } from 'zod';
import { parseCidr } from '../region/cidr.ts';
import { mapOf, name, port, text } from './names.ts';

const segment = z.strictObject({
  members: z.array(name).min(1).describe('What is in the segment.'),
  purpose: text.exactOptional(),
});

/** One TCP port, or a range of them: `9464-9467`. */
const ports = z
  .array(
    z.union([port, z.string().regex(/^\d{1,5}-\d{1,5}$/, { error: 'a port, or a range of ports such as 9464-9467' })]),
  )
  .min(1)
  .superRefine((list, context) => {
    for (const [index, one] of list.entries()) {
      if (typeof one === 'number') continue;
      const [from = 0, to = 0] = one.split('-').map(Number);
      if (from >= 1 && from <= to && to <= 65_535) continue;
      context.addIssue({ code: 'custom', message: `${one} is no range of ports`, path: [index] });
    }
  });

const flow = z.strictObject({
  from: name.describe('Segment that opens the connection.'),
  source: name.describe('Member of that segment.'),
  to: name.describe('Segment that accepts it.'),
  target: name.describe('Member of that segment.'),
  ports: ports.exactOptional().describe('TCP. Needed where regions are rolled out: security groups are made of them.'),
  purpose: z.enum(['traffic', 'administration', 'monitoring']).default('traffic'),
});

const entry = z.strictObject({
  to: name.describe('Segment that accepts it.'),
  target: name.describe('Member of that segment.'),
  sources: z
    .array(z.string().refine((value) => parseCidr(value) !== undefined, { error: 'a range such as 203.0.113.0/24' }))
    .min(1),
  ports,
});

/** Network segments and who may open a connection to whom. What is not listed is not allowed. */
export const network = z.strictObject({
  segments: mapOf(segment),
  flows: z.array(flow).default([]),
  entries: z.array(entry).default([]).describe('Who may come in from outside the platform.'),
});

export type Network = z.output<typeof network>;
