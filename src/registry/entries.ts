import type { Kind } from '../runs/index.ts';
import { clickhouseKeyReshard, clickhouseSplit } from './clickhouse-key-reshard.ts';
import { clickhouseMove, clickhouseUndoMove } from './clickhouse-move.ts';
import { clickhouseRebalance } from './clickhouse-rebalance.ts';
import { clickhouseAddShard, clickhouseDrainShard } from './clickhouse-shard.ts';
import type { KindEntry } from './entry.ts';
import { clickhouseTier } from './clickhouse-tier.ts';
import { redisFailover } from './redis-failover.ts';
import { redisRejoin, redisRestoreRedundancy } from './redis-rejoin.ts';
import { redisSwitchover } from './redis.ts';

/** One entry per kind of run. A new kind is added to src/runs/kinds.ts and here; a test compares. */
export const entries: Readonly<Record<Kind, KindEntry>> = {
  'redis.switchover': redisSwitchover,
  'redis.failover': redisFailover,
  'redis.rejoin': redisRejoin,
  'redis.restore-redundancy': redisRestoreRedundancy,
  'clickhouse.move': clickhouseMove,
  'clickhouse.tier': clickhouseTier,
  'clickhouse.undo-move': clickhouseUndoMove,
  'clickhouse.key-reshard': clickhouseKeyReshard,
  'clickhouse.split': clickhouseSplit,
  'clickhouse.rebalance': clickhouseRebalance,
  'clickhouse.add-shard': clickhouseAddShard,
  'clickhouse.drain-shard': clickhouseDrainShard,
};
