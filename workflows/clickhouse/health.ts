import type { ClickHouseActivities } from '../../activities/clickhouse/index.ts';
import type { ClickHouseHealth, ClickHouseHealthInput } from '../../src/runs/index.ts';
import { defaultPolicy } from '../../src/runs/index.ts';
import { callDomain, domainRefs } from '../run/call.ts';

const clickhouse = domainRefs<ClickHouseActivities, 'clickhouse'>('clickhouse');

/** Reads how a ClickHouse cluster stands. An observer: it changes nothing and holds no lock. */
export async function clickhouseHealth(input: ClickHouseHealthInput): Promise<ClickHouseHealth> {
  return callDomain(clickhouse.health, input, defaultPolicy.profiles.quick, `health of ${input.cluster}`);
}
