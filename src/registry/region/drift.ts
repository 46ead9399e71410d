import { z } from 'zod';
import type { RegionDriftInput } from '../../runs/index.ts';
import { defineKind } from '../entry.ts';
import { name, runFields } from '../fields.ts';

/** Whether a region is as the platform file says. */
export const regionDrift = defineKind<RegionDriftInput>()({
  kind: 'region.drift',
  summary: 'Compare a region with the platform file: network, components, whether they are ready, edge; change nothing',
  input: z.strictObject({
    region: name.describe('As `rollout.regions` of the platform file names it.'),
    ...runFields,
  }),
  example: { region: 'eu-west-1', reason: 'every morning', requestedBy: 'schedule' },
  docs: 'docs/region/drift.md',
  target: { name: 'region', help: 'the region, by its name in `rollout.regions` of the platform file' },
  options: [],
});
