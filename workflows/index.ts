// Every workflow type that a worker offers. The bundle is made of this file.
export { clickhouseAddShard } from './clickhouse/add-shard.ts';
export { clickhouseDrainShard } from './clickhouse/drain-shard.ts';
export { clickhouseMove } from './clickhouse/move.ts';
export { clickhouseTier } from './clickhouse/tier.ts';
export { clickhouseKeyReshard } from './clickhouse/key-reshard.ts';
export { clickhouseSplit } from './clickhouse/split.ts';
export { clickhouseUndoMove } from './clickhouse/undo-move.ts';
export { clickhouseHealth } from './clickhouse/health.ts';
export { clickhouseRebalance } from './clickhouse/rebalance.ts';
export { redisAudit } from './redis/audit.ts';
export { redisFailover } from './redis/failover.ts';
export { redisRejoin } from './redis/rejoin.ts';
export { redisRestoreRedundancy } from './redis/restore-redundancy.ts';
export { redisGuard } from './redis/guard.ts';
export { redisSwitchover } from './redis/switchover.ts';
