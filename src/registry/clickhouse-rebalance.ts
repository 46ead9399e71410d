import { z } from 'zod';
import type { ClickHouseRebalanceInput } from '../runs/index.ts';
import type { KindEntry } from './entry.ts';
import { name, runFields } from './fields.ts';

/** The partitions of a table go where the shares by weight want them. */
export const clickhouseRebalance: KindEntry<ClickHouseRebalanceInput> = {
  kind: 'clickhouse.rebalance',
  domain: 'clickhouse',
  verb: 'rebalance',
  summary: 'Move partitions of a table between the shards of its cluster until every shard has its share',
  input: z.strictObject({
    cluster: name.describe('The ClickHouse cluster, by its name in the platform file.'),
    table: name.describe('The table’s full name, `database.table`, as in the platform file.'),
    maxMoves: wholeNumber(200).exactOptional().describe('Moves of this run at most. Default: the table’s `maxMoves`.'),
    window: wholeNumber(8)
      .exactOptional()
      .describe('Moves at once; two never share a shard. Default: the table’s `window`.'),
    ...runFields,
  }),
  example: {
    cluster: 'metrics',
    table: 'metrics.samples',
    reason: 'shard 2 is new since March, CHG-1203',
    requestedBy: 'ann@example.com',
  },
  docs: 'docs/clickhouse/rebalance.md',
  target: { name: 'cluster', help: 'the ClickHouse cluster, by its name in the platform file' },
  second: { name: 'table', field: 'table', help: 'the table, `database.table`' },
  options: [
    { flags: '--max-moves <count>', field: 'maxMoves', help: 'moves of this run at most', number: true },
    { flags: '--window <count>', field: 'window', help: 'moves at once; two never share a shard', number: true },
  ],
};

function wholeNumber(max: number) {
  return z.int().min(1).max(max);
}
