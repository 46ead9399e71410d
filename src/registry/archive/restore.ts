import { z } from 'zod';
import type { ArchiveRestoreInput } from '../../runs/index.ts';
import { defineKind } from '../entry.ts';
import { name, runFields } from '../fields.ts';

const what = name.describe('`all`, a table in full (`database.table`), or a Redis group.');

/** From a cold backup to proven, promoted data. */
export const archiveRestore = defineKind<ArchiveRestoreInput>()({
  kind: 'archive.restore',
  summary: 'Restore a backup: thaw, copy out, prove, stage, verify, and promote after a second approval',
  input: z.strictObject({
    archive: name.describe('The archive, by its name in the platform file.'),
    what,
    backup: name.exactOptional().describe('The backup; the newest that can be trusted unless given.'),
    lostAt: z.iso
      .datetime({ offset: true })
      .exactOptional()
      .describe(
        'When the data was lost: what the restore loses is counted to this instant, to the start of the run unless given.',
      ),
    declined: z
      .enum(['keep', 'destroy'])
      .exactOptional()
      .describe('What becomes of staging if the promotion is declined: `destroy` unless given.'),
    ...runFields,
  }),
  example: {
    archive: 'main',
    what: 'all',
    reason: 'both replicas of shard 1 lost their disks, INC-733',
    requestedBy: 'ann@example.com',
  },
  docs: 'docs/archive/restore.md',
  target: { name: 'archive', help: 'the archive, by its name in the platform file' },
  second: { name: 'what', field: 'what', help: '`all`, a table in full, or a Redis group' },
  options: [
    { flags: '--backup <id>', field: 'backup', help: 'this backup instead of the newest that can be trusted' },
    { flags: '--lost-at <time>', field: 'lostAt', help: 'when the data was lost, ISO' },
    {
      flags: '--declined <what>',
      field: 'declined',
      help: 'what becomes of staging if the promotion is declined',
      choices: ['keep', 'destroy'],
    },
  ],
});
