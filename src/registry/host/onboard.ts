import { z } from 'zod';
import type { HostOnboardInput } from '../../runs/index.ts';
import { defineKind } from '../entry.ts';
import { name, runFields } from '../fields.ts';

/** A disk's serial number and the digest of what was seen on it. */
const wipeToken = z.string().regex(/^\S{1,80}@[0-9a-f]{12}$/, {
  error: 'a disk to wipe is <serial>@<12 hex digits>, as the refusal printed it',
});

/** One bare host to a node that VMs are placed on. */
export const hostOnboard = defineKind<HostOnboardInput>()({
  kind: 'host.onboard',
  summary: 'Take one bare host into the platform: disks, network, hardening, services, burn-in, admission',
  input: z.strictObject({
    serial: name.describe('The serial number of the host, as its firmware and the platform file’s inventory have it.'),
    wipe: z
      .array(wipeToken)
      .min(1)
      .max(64)
      .readonly()
      .exactOptional()
      .describe(
        'Disks whose foreign contents may be wiped, `<serial>@<digest>`, as the refusal printed them. Without it nothing is ever wiped.',
      ),
    ...runFields,
  }),
  example: {
    serial: '7CQ3XY2',
    reason: 'new host of rack a3, DC-1180',
    requestedBy: 'ann@example.com',
  },
  docs: 'docs/host/onboard.md',
  target: { name: 'serial', help: 'the serial number of the host, as the platform file’s inventory has it' },
  options: [
    {
      flags: '--wipe <tokens>',
      field: 'wipe',
      list: true,
      help: 'disks whose contents may be wiped, separated by commas, as the refusal printed them: S4EVNX0R1@3f9c2a1b77de',
    },
  ],
});
