import { z } from 'zod';
import type { ClickHouseRebalanceInput } from '../../runs/index.ts';
import { defineKind } from '../entry.ts';
import { runFields } from '../fields.ts';
import { cluster, table, target } from './fields.ts';

/** The partitions of a table go where the shares by weight want them. */
export const clickhouseRebalance = defineKind<ClickHouseRebalanceInput>()({
  kind: 'clickhouse.rebalance',
  summary: 'Move partitions of a table between the shards of its cluster until every shard has its share',
  input: z.strictObject({
    cluster,
    table,
    maxMoves: wholeNumber(200).exactOptional().describe('The most moves of this run. Default: the table’s `maxMoves`.'),
    window: wholeNumber(8)
      .exactOptional()
      .describe('How many moves run at the same time; two never share a shard. Default: the table’s `window`.'),
    ...runFields,
  }),
  example: {
    cluster: 'metrics',
    table: 'metrics.samples',
    reason: 'shard 2 is new since March, CHG-1203',
    requestedBy: 'ann@example.com',
  },
  docs: 'docs/clickhouse/rebalance.md',
  target,
  second: { name: 'table', field: 'table', help: 'the table, `database.table`' },
  options: [
    { flags: '--max-moves <count>', field: 'maxMoves', help: 'the most moves of this run', number: true },
    {
      flags: '--window <count>',
      field: 'window',
      help: 'how many moves run at the same time; two never share a shard',
      number: true,
    },
  ],
});

function wholeNumber(max: number) {
  return z.int().min(1).max(max);
}
