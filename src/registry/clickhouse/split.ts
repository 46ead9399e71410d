import { z } from 'zod';
import type { ClickHouseSplitInput } from '../../runs/index.ts';
import { defineKind } from '../entry.ts';
import { name, runFields } from '../fields.ts';
import { cluster, shard, table, target } from './fields.ts';

/** Rows of one partition change their shard. A part of a key-reshard: the command line doesn't offer it. */
export const clickhouseSplit = defineKind<ClickHouseSplitInput>()({
  kind: 'clickhouse.split',
  summary: 'Move the rows of some buckets of one partition from a shard to another one, proven row by row',
  input: z.strictObject({
    cluster,
    table,
    partition: name.describe('The partition’s id, `partition_id` of system.parts.'),
    from: shard.describe('The shard that gives rows away, by its number.'),
    to: shard.describe('The shard that gets them, by its number.'),
    buckets: z
      .array(z.int().min(0).max(1023))
      .min(1)
      .max(1024)
      .describe('The buckets whose rows go: `hash(column) % buckets` of the table’s `keys`.'),
    ...runFields,
  }),
  example: {
    cluster: 'metrics',
    table: 'usage.events',
    partition: '20260105',
    from: 1,
    to: 3,
    buckets: [4, 10, 16],
    dryRun: true,
    requestedBy: 'ann@example.com',
  },
  docs: 'docs/clickhouse/key-reshard.md',
  target,
  options: [],
});
