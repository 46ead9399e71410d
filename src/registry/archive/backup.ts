import { z } from 'zod';
import type { ArchiveBackupInput } from '../../runs/index.ts';
import { defineKind } from '../entry.ts';
import { runFields } from '../fields.ts';
import { archive, target } from './fields.ts';

/** A backup, read back and signed. */
export const archiveBackup = defineKind<ArchiveBackupInput>()({
  kind: 'archive.backup',
  summary: 'Back up what an archive holds, read every new object back, and sign the manifest',
  input: z.strictObject({
    archive,
    sources: z
      .array(z.string().regex(/^(clickhouse(\/[^/\s]+){0,2}|redis(\/[^/\s]+)?|platform-file)$/))
      .min(1)
      .max(100)
      .exactOptional()
      .describe(
        'What is read now: `clickhouse`, `clickhouse/<cluster>`, `clickhouse/<cluster>/<database.table>`, `redis`, `redis/<group>`, `platform-file`. The rest is carried over from the newest backup. Default: all.',
      ),
    full: z.boolean().exactOptional().describe('Export everything, changed or not.'),
    ...runFields,
  }),
  example: { archive: 'main', reason: 'before the migration of CHG-1101', requestedBy: 'ann@example.com' },
  docs: 'docs/archive/backup.md',
  target,
  options: [{ flags: '--full', field: 'full', help: 'export everything, changed or not' }],
});
