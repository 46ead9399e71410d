import { z } from 'zod';
import type { RegionRetireInput } from '../../runs/index.ts';
import { defineKind } from '../entry.ts';
import { name, runFields } from '../fields.ts';

/** One region, taken away in the reverse order: its edge, its components, its network. */
export const regionRetire = defineKind<RegionRetireInput>()({
  kind: 'region.retire',
  summary:
    'Take one region away again, in reverse order: edge, components, network; each stage is approved, data stays unless asked for',
  input: z.strictObject({
    region: name.describe('As `rollout.regions` of the platform file names it.'),
    withData: z
      .boolean()
      .exactOptional()
      .describe(
        'Also what holds data, after a third approval: stateful sets, volume claims, the namespace, and the network under them.',
      ),
    ...runFields,
  }),
  example: {
    region: 'eu-west-1',
    reason: 'second region is given up, PLAT-402',
    requestedBy: 'ann@example.com',
  },
  docs: 'docs/region/retire.md',
  target: { name: 'region', help: 'the region, by its name in `rollout.regions` of the platform file' },
  options: [{ flags: '--with-data', field: 'withData', help: 'also what holds data, after a third approval' }],
});
