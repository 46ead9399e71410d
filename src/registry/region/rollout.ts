import { z } from 'zod';
import type { RegionRolloutInput } from '../../runs/index.ts';
import { defineKind } from '../entry.ts';
import { name, runFields } from '../fields.ts';

/** One region: its network, its components along their graph, and its edge. */
export const regionRollout = defineKind<RegionRolloutInput>()({
  kind: 'region.rollout',
  summary:
    'Bring one region up, or to what the platform file says: network, components along their graph, edge at weight 0',
  input: z.strictObject({
    region: name.describe('As `rollout.regions` of the platform file names it.'),
    ...runFields,
  }),
  example: {
    region: 'eu-west-1',
    reason: 'second region, PLAT-311',
    requestedBy: 'ann@example.com',
  },
  docs: 'docs/region/rollout.md',
  target: { name: 'region', help: 'the region, by its name in `rollout.regions` of the platform file' },
  options: [],
});
