import { z } from 'zod';
import type { ClickHouseTierInput } from '../runs/index.ts';
import type { KindEntry } from './entry.ts';
import { name, runFields } from './fields.ts';

/** Partitions of a table to their tier, and proven ones expired. */
export const clickhouseTier: KindEntry<ClickHouseTierInput> = {
  kind: 'clickhouse.tier',
  domain: 'clickhouse',
  verb: 'tier',
  summary: 'Move the partitions of a table to their tier, and expire those whose roll-up is proven equal',
  input: z.strictObject({
    cluster: name.describe('The ClickHouse cluster, by its name in the platform file.'),
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
  target: { name: 'cluster', help: 'the ClickHouse cluster, by its name in the platform file' },
  second: { name: 'table', field: 'table', help: 'the table, a level of one of its families' },
  options: [],
};
