import { z } from 'zod';
import type { ClickHouseShardInput } from '../../runs/index.ts';
import { defineKind } from '../entry.ts';
import { runFields } from '../fields.ts';
import { cluster, shard, target } from './fields.ts';

/** A shard gives all that it has to the others. */
export const clickhouseDrainShard = defineKind<ClickHouseShardInput>()({
  kind: 'clickhouse.drain-shard',
  summary: 'Empty a shard with verified moves, and prove that it is empty; its servers stay',
  input: z.strictObject({
    cluster,
    shard: shard.describe('The shard that is to be emptied, by its number.'),
    ...runFields,
  }),
  example: { cluster: 'metrics', shard: 2, reason: 'its hosts are returned, CHG-1371', requestedBy: 'ann@example.com' },
  docs: 'docs/clickhouse/drain-shard.md',
  target,
  options: [
    { flags: '--shard <number>', field: 'shard', help: 'the shard that is emptied, by its number', number: true },
  ],
});
