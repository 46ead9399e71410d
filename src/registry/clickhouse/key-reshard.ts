import { z } from 'zod';
import type { ClickHouseKeyReshardInput } from '../../runs/index.ts';
import { defineKind } from '../entry.ts';
import { runFields } from '../fields.ts';
import { cluster, table, target } from './fields.ts';

/** The rows of a table that is sharded by a key go where their keys say. */
export const clickhouseKeyReshard = defineKind<ClickHouseKeyReshardInput>()({
  kind: 'clickhouse.key-reshard',
  summary: 'Move every row of a table that is sharded by a key to the shard of its key',
  input: z.strictObject({ cluster, table, ...runFields }),
  example: {
    cluster: 'metrics',
    table: 'usage.events',
    reason: 'shard 3 is new, CHG-1231',
    requestedBy: 'ann@example.com',
  },
  docs: 'docs/clickhouse/key-reshard.md',
  target,
  second: { name: 'table', field: 'table', help: 'the table, `database.table`' },
  options: [],
});
