import { z } from 'zod';
import type { ClickHouseKeyReshardInput, ClickHouseSplitInput } from '../runs/index.ts';
import type { KindEntry } from './entry.ts';
import { name, runFields } from './fields.ts';

const cluster = name.describe('The ClickHouse cluster, by its name in the platform file.');
const table = name.describe('The table in full, `database.table`, as in the platform file.');
const target = { name: 'cluster', help: 'the ClickHouse cluster, by its name in the platform file' };
const shard = z.int().min(1);

/** The rows of a table that is sharded by a key go where their keys say. */
export const clickhouseKeyReshard: KindEntry<ClickHouseKeyReshardInput> = {
  kind: 'clickhouse.key-reshard',
  domain: 'clickhouse',
  verb: 'key-reshard',
  summary: 'Bring every row of a table that is sharded by a key to the shard that its key says',
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
};

/** Rows of one partition change their shard. A part of a key-reshard: the command line doesn't offer it. */
export const clickhouseSplit: KindEntry<ClickHouseSplitInput> = {
  kind: 'clickhouse.split',
  domain: 'clickhouse',
  verb: 'split',
  summary: 'Move the rows of some buckets of one partition from a shard to another one, proven row by row',
  input: z.strictObject({
    cluster,
    table,
    partition: name.describe('The partition’s id, `partition_id` of system.parts.'),
    from: shard.describe('The shard that gives rows away, by its number.'),
    to: shard.describe('The shard that gets them, by its number.'),
    buckets: z
      .array(z.int().min(0).max(1023))
      .min(1)
      .max(1024)
      .describe('The buckets whose rows go: `hash(column) % buckets` of the table’s `keys`.'),
    ...runFields,
  }),
  example: {
    cluster: 'metrics',
    table: 'usage.events',
    partition: '20260105',
    from: 1,
    to: 3,
    buckets: [4, 10, 16],
    dryRun: true,
    requestedBy: 'ann@example.com',
  },
  docs: 'docs/clickhouse/key-reshard.md',
  target,
  options: [],
};
