import { z } from 'zod';
import type { RegionRolloutInput } from '../../runs/index.ts';
import { defineKind } from '../entry.ts';
import { name, runFields } from '../fields.ts';

/** One region: its network, its components along their graph, and its edge. */
export const regionRollout = defineKind<RegionRolloutInput>()({
  kind: 'region.rollout',
  summary:
    'Bring one region up, or to what the platform file says: network, components along their graph, hosts, edge at weight 0',
  input: z.strictObject({
    region: name.describe('As `rollout.regions` of the platform file names it.'),
    throughWave: z
      .int()
      .min(1)
      .exactOptional()
      .describe('Only the network and the components up to this wave. Default: all of them.'),
    withHosts: z
      .boolean()
      .exactOptional()
      .describe(
        'Also take in the hosts of its pools, each pool by a run of `host.fleet-onboard` that this approval covers.',
      ),
    ...runFields,
  }),
  example: {
    region: 'eu-west-1',
    reason: 'second region, PLAT-311',
    requestedBy: 'ann@example.com',
  },
  docs: 'docs/region/rollout.md',
  target: { name: 'region', help: 'the region, by its name in `rollout.regions` of the platform file' },
  alsoStarts: [{ kind: 'host.fleet-onboard', field: 'withHosts' }],
  options: [
    { flags: '--through-wave <wave>', field: 'throughWave', help: 'only up to this wave of components', number: true },
    { flags: '--with-hosts', field: 'withHosts', help: "also take in the hosts of the region's pools" },
  ],
});
