import { z } from 'zod';
import type { ArchiveDrillInput } from '../../runs/index.ts';
import { defineKind } from '../entry.ts';
import { name, runFields } from '../fields.ts';

/** A restore up to its proof. */
export const archiveDrill = defineKind<ArchiveDrillInput>()({
  kind: 'archive.drill',
  summary: 'Prove that a backup can be restored, in staging; a backup that fails is marked as bad',
  input: z.strictObject({
    archive: name.describe('The archive, by its name in the platform file.'),
    what: name.describe('`all`, a table in full (`database.table`), or a Redis group.'),
    backup: name.exactOptional().describe('The backup; the newest that can be trusted unless given.'),
    ...runFields,
  }),
  example: { archive: 'main', what: 'all', reason: 'the drill of the week' },
  docs: 'docs/archive/drill.md',
  target: { name: 'archive', help: 'the archive, by its name in the platform file' },
  second: { name: 'what', field: 'what', help: '`all`, a table in full, or a Redis group' },
  options: [{ flags: '--backup <id>', field: 'backup', help: 'this backup instead of the newest that can be trusted' }],
});
