import { z } from 'zod';
import type { RegionRolloutAllInput } from '../../runs/index.ts';
import { allRegions } from '../../runs/index.ts';
import { defineKind } from '../entry.ts';
import { name, runFields } from '../fields.ts';

const mostAtOnce = 16;

/** Every region, with a barrier after each wave. */
export const regionRolloutAll = defineKind<RegionRolloutAllInput>()({
  kind: 'region.rollout-all',
  summary: 'Bring all regions up wave by wave: every region reaches a wave before any goes beyond it',
  input: z.strictObject({
    regions: z.literal(allRegions).describe('`all`: those of `rollout.regions` of the platform file.'),
    only: z
      .array(name)
      .min(1)
      .max(100)
      .readonly()
      .exactOptional()
      .describe('Only these regions, in this order. Default: all, in the order of the file.'),
    window: z.int().min(1).max(mostAtOnce).exactOptional().describe('Regions at once within a wave. Default: 1.'),
    withHosts: z.boolean().exactOptional().describe('Also take in the hosts of their pools, after the last wave.'),
    ...runFields,
  }),
  example: {
    regions: allRegions,
    only: ['ap-southeast-1', 'eu-west-1', 'us-east-1'],
    reason: 'gatewayd 2.4, PLAT-340',
    requestedBy: 'ann@example.com',
  },
  docs: 'docs/region/rollout-all.md',
  target: { name: 'regions', help: '`all`' },
  options: [
    { flags: '--only <regions>', field: 'only', list: true, help: 'only these, in this order, separated by commas' },
    { flags: '--window <count>', field: 'window', help: 'regions at once within a wave', number: true },
    { flags: '--with-hosts', field: 'withHosts', help: 'also take in the hosts of their pools, after the last wave' },
  ],
});
