import { z } from 'zod';
import type { ClickHouseMoveInput } from '../../runs/index.ts';
import { defineKind } from '../entry.ts';
import { name, runFields } from '../fields.ts';
import { cluster, shard, table, target } from './fields.ts';

const block = z.int().min(0);

/** One partition goes from a shard to another. A part of a rebalance: the command line doesn't offer it. */
export const clickhouseMove = defineKind<ClickHouseMoveInput>()({
  kind: 'clickhouse.move',
  summary: 'Move one partition of a table from a shard to another one, proven row by row',
  input: z.strictObject({
    cluster,
    table,
    partition: name.describe('The partition’s id, `partition_id` of system.parts.'),
    from: shard.describe('The shard that it leaves, by its number.'),
    to: shard.describe('The shard that it goes to, by its number.'),
    back: z
      .strictObject({ moved: z.strictObject({ from: block, to: block, rows: block }).exactOptional() })
      .exactOptional()
      .describe('Set by `undo-move`: what is known of the earlier move that this one undoes.'),
    ...runFields,
  }),
  example: {
    cluster: 'metrics',
    table: 'metrics.samples',
    partition: '20260105',
    from: 1,
    to: 2,
    dryRun: true,
    requestedBy: 'ann@example.com',
  },
  docs: 'docs/clickhouse/move.md',
  target,
  options: [],
});
