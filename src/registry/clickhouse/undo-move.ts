import { z } from 'zod';
import type { ClickHouseUndoMoveInput } from '../../runs/index.ts';
import { defineKind } from '../entry.ts';
import { name, runFields } from '../fields.ts';
import { cluster, table, target } from './fields.ts';

/** The undo of a finished move. */
export const clickhouseUndoMove = defineKind<ClickHouseUndoMoveInput>()({
  kind: 'clickhouse.undo-move',
  summary:
    'Undo the last move of a partition: from what the source kept, or by a move in the other direction where that is not safe',
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
});
