import { z } from 'zod';
import type { HostConformanceInput } from '../../runs/index.ts';
import { defineKind } from '../entry.ts';
import { name, runFields } from '../fields.ts';

/** Hosts compared with what the platform file wants of them. */
export const hostConformance = defineKind<HostConformanceInput>()({
  kind: 'host.conformance',
  summary: 'Compare hosts with what the platform file wants of them; change none',
  input: z.strictObject({
    hosts: name.describe('A host by its serial number, or a zone: every host of the inventory there.'),
    ...runFields,
  }),
  example: {
    hosts: 'us-east-1a',
    reason: 'every night',
    requestedBy: 'schedule',
  },
  docs: 'docs/host/conformance.md',
  target: { name: 'hosts', help: 'a serial number, or a zone: every host of the inventory there' },
  options: [],
});
