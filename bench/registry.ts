import type { Bench } from './bench.ts';
import { clickhouseMove } from './clickhouse-move.ts';
import { engine } from './engine.ts';
import { redisSentinel } from './redis-sentinel.ts';
import { redisFailover } from './redis-failover.ts';
import { redisFailoverFrozen } from './redis-failover-frozen.ts';
import { redisSwitchover } from './redis-switchover.ts';

/** Every bench, in the order in which `--help` lists them. */
export const benches: readonly Bench[] = [
  engine,
  redisSwitchover,
  redisSentinel,
  redisFailover,
  redisFailoverFrozen,
  clickhouseMove,
];
