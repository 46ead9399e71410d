import { z } from 'zod';
import { count, name, text } from '../schema/names.ts';
import { always } from '../schema/relaxed.ts';

/** A column as SQL names it, without quotes. */
const column = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,126}$/, { error: 'a column is letters, digits, underscore' });

const level = z.strictObject({
  table: text.describe('Its full name, as under `tables`: `metrics.samples_m5`.'),
  retention: name.describe('How long it is kept and on which tier: one of `retentions`.'),
  time: column.default('time').describe('When: the start of the span that a row stands for.'),
  count: column
    .exactOptional()
    .describe('How many rows of the first level a row stands for. The first level has none: each row is one.'),
  columns: z
    .record(column, column)
    .default({})
    .describe('What this level calls a column of `sums` or `keys`, where it is another name.'),
});

const backup = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('command'),
    confirm: z
      .array(text)
      .min(1)
      .describe(
        'Exits with 0 only when a backup of the partition exists that can be restored; `{cluster}`, `{database}`, `{table}` and `{partition}` stand for it.',
      ),
  }),
  z.strictObject({
    kind: z.literal('archive'),
    archive: name.describe(
      'One of `archive.archives`: its newest backup that can be trusted must have exactly the rows that each shard has now.',
    ),
  }),
  z.strictObject({
    kind: z.literal('none'),
    accepted: text.describe('Why partitions without a known backup may be expired. Every plan shows it.'),
  }),
]);

/** A series of data on several levels, each adding up the one before, and what proves that they do. */
export const clickhouseFamily = z
  .strictObject({
    levels: z.array(level).min(1).describe('From the finest, whose rows come from outside, to the coarsest.'),
    sums: z
      .array(column)
      .default([])
      .describe('What is billed: whole numbers whose sums must be equal on every level, beside the count.'),
    keys: z
      .array(column)
      .default([])
      .describe('Whom or what it is billed to: the sums must be equal for each of them, not in total alone.'),
    backup: backup.describe('How Gantry knows, before it expires a partition, that it can be restored.'),
    storagePolicy: text
      .exactOptional()
      .describe(
        'The storage policy that its tables are to have, on servers that have policies. A server accepts only a policy that has all volumes of the former one.',
      ),
    maxExpiries: count.max(100).default(20).describe('The most partitions that one run expires.'),
    maxMoves: count.max(100).default(20).describe('The most partitions that one run moves to another volume.'),
    reserve: z
      .number()
      .min(0)
      .max(0.9)
      .default(0.1)
      .describe('Part of each volume that is kept free: a move that would go below is left.'),
  })
  .superRefine(({ levels, sums, keys }, context) => {
    if (!Array.isArray(levels)) return;
    // Whatever is no list has a finding of its own.
    const names = new Set([sums, keys].filter((list) => Array.isArray(list)).flat());
    for (const [index, one] of levels.entries()) {
      const wanted = index > 0;
      if ((one?.count !== undefined) !== wanted) {
        const message = wanted ? 'a roll-up says how many rows a row stands for' : 'each row of the first level is one';
        context.addIssue({ code: 'custom', message, path: ['levels', index, 'count'] });
      }
      for (const called of Object.keys(one?.columns ?? {})) {
        if (names.has(called)) continue;
        const message = `${called} is in neither sums nor keys`;
        context.addIssue({ code: 'custom', message, path: ['levels', index, 'columns', called] });
      }
    }
  }, always);

export type ClickHouseFamily = z.output<typeof clickhouseFamily>;
export type ClickHouseBackup = ClickHouseFamily['backup'];
