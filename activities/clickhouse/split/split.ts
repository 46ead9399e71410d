import type { BucketRule } from '../../../src/drivers/clickhouse/index.ts';
import type { ClickHouseMoveData } from '../../../src/planning/clickhouse/index.ts';
import type { ClickHouseClusterAccess } from '../access/access.ts';
import { tableOf } from '../access/access.ts';
import type { Manifest, ManifestPart, Move } from '../partition/move.ts';
import { keysOf } from '../keys/buckets.ts';

/** A split under way: two copies of one partition, the rows that go beside the target and those that stay beside the source. */
export type Split = {
  go: Move;
  /** Its target is the source's own shard. */
  stay: Move;
  /** Whose rows go. */
  buckets: readonly number[];
};

/** Both copies, verified: together they are the partition. */
export type SplitCopies = { go: Copied; stay: Copied };
export type Copied = { parts: readonly ManifestPart[]; digest: Manifest['digest'] };

/** By what the table's rows are placed. @throws CLICKHOUSE_NOT_KEY_SHARDED */
export function ruleOfTable(access: ClickHouseClusterAccess, { table }: ClickHouseMoveData): BucketRule {
  return keysOf(tableOf(access, table), table).keys;
}
