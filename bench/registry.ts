import { api } from './api/index.ts';
import type { Bench } from './bench.ts';
import { archiveRestore } from './archive/restore.ts';
import { clickhouseMove } from './clickhouse/move.ts';
import { engine } from './engine.ts';
import { hostFleet } from './host/fleet.ts';
import { hostOnboard } from './host/onboard.ts';
import { redisSentinel } from './redis/sentinel.ts';
import { redisFailover } from './redis/failover.ts';
import { redisFailoverFrozen } from './redis/failover-frozen.ts';
import { regionRollout } from './region/rollout.ts';
import { redisSwitchover } from './redis/switchover.ts';

/** Every bench, in the order in which `--help` lists them. */
export const benches: readonly Bench[] = [
  engine,
  api,
  redisSwitchover,
  redisSentinel,
  redisFailover,
  redisFailoverFrozen,
  clickhouseMove,
  hostFleet,
  hostOnboard,
  archiveRestore,
  regionRollout,
];
