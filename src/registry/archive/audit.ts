import { z } from 'zod';
import type { ArchiveAuditInput } from '../../runs/index.ts';
import { defineKind } from '../entry.ts';
import { runFields } from '../fields.ts';
import { archive, target } from './fields.ts';

/** Whether the backups of an archive are there, signed, whole and young enough. */
export const archiveAudit = defineKind<ArchiveAuditInput>()({
  kind: 'archive.audit',
  summary: 'Look whether the backups of an archive are there, signed, whole and young enough; change nothing',
  input: z.strictObject({
    archive,
    seed: z
      .int()
      .min(0)
      .max(2 ** 32 - 1)
      .exactOptional()
      .describe('Takes the same sample of objects as the audit whose report has this seed.'),
    ...runFields,
  }),
  example: { archive: 'main', reason: 'every day', requestedBy: 'schedule' },
  docs: 'docs/archive/audit.md',
  target,
  options: [{ flags: '--seed <number>', field: 'seed', help: 'the sample of an earlier audit again', number: true }],
});
