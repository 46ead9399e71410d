import { z } from 'zod';
import type { ClickHouseMoveInput, ClickHouseUndoMoveInput } from '../runs/index.ts';
import type { KindEntry } from './entry.ts';
import { name, runFields } from './fields.ts';

const cluster = name.describe('The ClickHouse cluster, by its name in the platform file.');
const table = name.describe('The table in full, `database.table`, as in the platform file.');
const target = { name: 'cluster', help: 'the ClickHouse cluster, by its name in the platform file' };
const shard = z.int().min(1);
const block = z.int().min(0);

/** One partition goes from a shard to another. A part of a rebalance: the command line doesn't offer it. */
export const clickhouseMove: KindEntry<ClickHouseMoveInput> = {
  kind: 'clickhouse.move',
  domain: 'clickhouse',
  verb: 'move',
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
      .describe('It takes a former move back, and what is known of that one: set by `undo-move`.'),
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
};

/** The way back of a finished move. */
export const clickhouseUndoMove: KindEntry<ClickHouseUndoMoveInput> = {
  kind: 'clickhouse.undo-move',
  domain: 'clickhouse',
  verb: 'undo-move',
  summary:
    'Take the last move of a partition back: by what the source kept, or by a move in the other direction where that is not safe',
  input: z.strictObject({
    cluster,
    table,
    partition: name.describe('The partition that was moved, by its id.'),
    reverse: z
      .boolean()
      .exactOptional()
      .describe('By a move in the other direction, also where the source could attach what it kept.'),
    ...runFields,
  }),
  example: {
    cluster: 'metrics',
    table: 'metrics.samples',
    partition: '20260105',
    reason: 'shard 2 is to be rebuilt, CHG-1102',
    requestedBy: 'ann@example.com',
  },
  docs: 'docs/clickhouse/undo-move.md',
  target,
  second: { name: 'table', field: 'table', help: 'the table in full, `database.table`' },
  options: [
    { flags: '--partition <id>', field: 'partition', help: 'the partition that was moved, by its id' },
    {
      flags: '--reverse',
      field: 'reverse',
      help: 'by a move in the other direction, also where the source kept its parts',
    },
  ],
};
