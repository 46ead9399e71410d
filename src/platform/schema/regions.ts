import { z } from 'zod';
import { mapOf, text } from './names.ts';

const zone = z.strictObject({
  runs: z
    .array(z.enum(['gateway', 'app-services', 'vm-hosts']))
    .describe('What the zone carries. A region none of whose zones lists vm-hosts runs no VMs.'),
});

/** Regions by name, each with its availability zones. */
export const regions = mapOf(
  z.strictObject({
    title: text.exactOptional().describe('The name that people use.'),
    zones: mapOf(zone),
  }),
).refine((map) => Object.keys(map).length > 0, { error: 'a platform has at least one region' });
