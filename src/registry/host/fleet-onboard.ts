import { z } from 'zod';
import type { HostFleetOnboardInput } from '../../runs/index.ts';
import { fleetHosts, listLimits } from '../../runs/index.ts';
import { defineKind } from '../entry.ts';
import { name, runFields } from '../fields.ts';

/** The hosts of a pool, each by a run of host.onboard. */
export const hostFleetOnboard = defineKind<HostFleetOnboardInput>()({
  kind: 'host.fleet-onboard',
  summary: 'Take the hosts of a pool into the platform, a window of them at once',
  input: z.strictObject({
    zone: name.describe('The zone of the pool, as `hosts.inventory` names it.'),
    class: name.describe('The class of its hosts, as `hosts.classes` names it.'),
    serials: z
      .array(name)
      .min(1)
      .max(fleetHosts)
      .readonly()
      .exactOptional()
      .describe('Only these hosts of the pool, by serial number. Default: all of them.'),
    window: z
      .int()
      .min(1)
      .max(listLimits.window)
      .exactOptional()
      .describe('How many hosts at once. Default: `hosts.fleet.window`.'),
    maxFailures: z
      .int()
      .min(0)
      .max(listLimits.failed)
      .exactOptional()
      .describe('So many may fail; when one more has, no further one is started. Default: `hosts.fleet.maxFailures`.'),
    ...runFields,
  }),
  example: {
    zone: 'us-east-1a',
    class: 'm6-large',
    reason: 'new racks a3 and a4, DC-1180',
    requestedBy: 'ann@example.com',
  },
  docs: 'docs/host/fleet-onboard.md',
  target: { name: 'zone', help: 'the zone of the pool, as the inventory names it' },
  second: { name: 'class', field: 'class', help: 'the class of its hosts' },
  options: [
    { flags: '--serials <serials>', field: 'serials', list: true, help: 'only these hosts, separated by commas' },
    { flags: '--window <count>', field: 'window', help: 'how many hosts at once', number: true },
    {
      flags: '--max-failures <count>',
      field: 'maxFailures',
      help: 'so many may fail; when one more has, no further one is started',
      number: true,
    },
  ],
});
