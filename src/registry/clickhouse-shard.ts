import { z } from 'zod';
import type { ClickHouseShardInput } from '../runs/index.ts';
import type { KindEntry } from './entry.ts';
import { name, runFields } from './fields.ts';

const input = (what: string) =>
  z.strictObject({
    cluster: name.describe('The ClickHouse cluster, by its name in the platform file.'),
    shard: z.int().min(1).describe(what),
    ...runFields,
  });
const target = { name: 'cluster', help: 'the ClickHouse cluster, by its name in the platform file' };

/** A shard of the platform file becomes one of the cluster. */
export const clickhouseAddShard: KindEntry<ClickHouseShardInput> = {
  kind: 'clickhouse.add-shard',
  domain: 'clickhouse',
  verb: 'add-shard',
  summary: 'Add a shard to a cluster: its tables first, then its place in every server’s list, its share, its weight',
  input: input('The new shard, by its number in the platform file: the last one.'),
  example: { cluster: 'metrics', shard: 3, reason: 'disks at 78 %, CHG-1340', requestedBy: 'ann@example.com' },
  docs: 'docs/clickhouse/add-shard.md',
  target,
  options: [{ flags: '--shard <number>', field: 'shard', help: 'the new shard, by its number', number: true }],
};

/** A shard gives all that it has to the others. */
export const clickhouseDrainShard: KindEntry<ClickHouseShardInput> = {
  kind: 'clickhouse.drain-shard',
  domain: 'clickhouse',
  verb: 'drain-shard',
  summary: 'Empty a shard with verified moves, and prove that it is empty; its servers stay',
  input: input('The shard that is to be emptied, by its number.'),
  example: { cluster: 'metrics', shard: 2, reason: 'its hosts are returned, CHG-1371', requestedBy: 'ann@example.com' },
  docs: 'docs/clickhouse/drain-shard.md',
  target,
  options: [
    { flags: '--shard <number>', field: 'shard', help: 'the shard that is emptied, by its number', number: true },
  ],
};
