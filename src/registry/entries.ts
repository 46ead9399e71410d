import type { Kind } from '../runs/index.ts';
import { archiveAudit } from './archive/audit.ts';
import { archiveBackup } from './archive/backup.ts';
import { archiveDrill } from './archive/drill.ts';
import { archiveRestore } from './archive/restore.ts';
import { archiveLifecycle } from './archive/lifecycle.ts';
import { clickhouseKeyReshard } from './clickhouse/key-reshard.ts';
import { clickhouseSplit } from './clickhouse/split.ts';
import { clickhouseMove } from './clickhouse/move.ts';
import { clickhouseUndoMove } from './clickhouse/undo-move.ts';
import { clickhouseRebalance } from './clickhouse/rebalance.ts';
import { clickhouseAddShard } from './clickhouse/add-shard.ts';
import { clickhouseDrainShard } from './clickhouse/drain-shard.ts';
import { hostConformance } from './host/conformance.ts';
import { hostFleetOnboard } from './host/fleet-onboard.ts';
import { hostOnboard } from './host/onboard.ts';
import type { KindEntry } from './entry.ts';
import { clickhouseTier } from './clickhouse/tier.ts';
import { regionDrift } from './region/drift.ts';
import { regionRetire } from './region/retire.ts';
import { regionRolloutAll } from './region/rollout-all.ts';
import { regionRollout } from './region/rollout.ts';
import { redisFailover } from './redis/failover.ts';
import { redisRejoin } from './redis/rejoin.ts';
import { redisRestoreRedundancy } from './redis/restore-redundancy.ts';
import { redisSwitchover } from './redis/switchover.ts';

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
  'host.conformance': hostConformance,
  'host.onboard': hostOnboard,
  'host.fleet-onboard': hostFleetOnboard,
  'archive.backup': archiveBackup,
  'archive.restore': archiveRestore,
  'archive.drill': archiveDrill,
  'archive.lifecycle': archiveLifecycle,
  'archive.audit': archiveAudit,
  'region.rollout': regionRollout,
  'region.rollout-all': regionRolloutAll,
  'region.retire': regionRetire,
  'region.drift': regionDrift,
};
