import { z } from 'zod';
import type { ClickHouseShardInput } from '../../runs/index.ts';
import { defineKind } from '../entry.ts';
import { runFields } from '../fields.ts';
import { cluster, shard, target } from './fields.ts';

/** A shard of the platform file becomes one of the cluster. */
export const clickhouseAddShard = defineKind<ClickHouseShardInput>()({
  kind: 'clickhouse.add-shard',
  summary: 'Add a shard to a cluster: its tables first, then its place in every server’s list, its share, its weight',
  input: z.strictObject({
    cluster,
    shard: shard.describe('The new shard, by its number in the platform file: the last one.'),
    ...runFields,
  }),
  example: { cluster: 'metrics', shard: 3, reason: 'disks at 78 %, CHG-1340', requestedBy: 'ann@example.com' },
  docs: 'docs/clickhouse/add-shard.md',
  target,
  options: [{ flags: '--shard <number>', field: 'shard', help: 'the new shard, by its number', number: true }],
});
