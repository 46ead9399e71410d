import { z } from 'zod';
import type { ClickHouseTierInput } from '../../runs/index.ts';
import { defineKind } from '../entry.ts';
import { name, runFields } from '../fields.ts';
import { cluster, target } from './fields.ts';

/** Partitions of a table to their tier, and proven ones expired. */
export const clickhouseTier = defineKind<ClickHouseTierInput>()({
  kind: 'clickhouse.tier',
  summary: 'Move the partitions of a table to their tier, and expire those whose roll-up is proven equal',
  input: z.strictObject({
    cluster,
    table: name.describe('The table, `database.table`: a level of one of the cluster’s families.'),
    ...runFields,
  }),
  example: {
    cluster: 'metrics',
    table: 'metrics.samples',
    reason: 'NVMe of shard 1 is 85 % full, INC-402',
    requestedBy: 'ann@example.com',
  },
  docs: 'docs/clickhouse/tier.md',
  target,
  second: { name: 'table', field: 'table', help: 'the table, a level of one of its families' },
  options: [],
});
