import { z } from 'zod';
import type { ArchiveLifecycleInput } from '../../runs/index.ts';
import { defineKind } from '../entry.ts';
import { runFields } from '../fields.ts';
import { archive, target } from './fields.ts';

/** The age rules of an archive's bucket. */
export const archiveLifecycle = defineKind<ArchiveLifecycleInput>()({
  kind: 'archive.lifecycle',
  summary: 'Bring the age rules of an archive’s bucket to what the platform file says, and keep the rules of others',
  input: z.strictObject({ archive, ...runFields }),
  example: { archive: 'main', reason: 'backups to Glacier after 60 days, CHG-1120', requestedBy: 'ann@example.com' },
  docs: 'docs/archive/lifecycle.md',
  target,
  options: [],
});
