import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import type { ClickHouseActivities } from '../../../../activities/clickhouse/index.ts';
import { createClickHouseActivities } from '../../../../activities/clickhouse/index.ts';
import { clickhouseClusterAccess } from '../../../../activities/clickhouse/access/access.ts';
import type { ClickHouseNode } from '../../../../src/drivers/clickhouse/index.ts';
import type { TierData } from '../../../../src/planning/clickhouse/index.ts';
import { clickhouseCluster, parsePlatform } from '../../../../src/platform/index.ts';
import type { Plan, StepActivity, StepMode, StepReport } from '../../../../src/runs/index.ts';
import { defaultPolicy } from '../../../../src/runs/index.ts';
import { createLog } from '../../../../src/telemetry/log.ts';
import { oneDigest } from '../../../support/one-digest.ts';
import type { PlacedServer } from '../../../support/tier-platform.ts';
import { tierCluster, tierPlatform } from '../../../support/tier-platform.ts';

const platformDigest = 'digest-of-the-test';

/** Wraps a connection: a test fails or stops single verbs of single servers. */
export type Wrap = (server: string, node: ClickHouseNode) => ClickHouseNode;

/** The activities over servers that have the shipped roll-ups. */
export function tierScene(servers: readonly PlacedServer[], family: Record<string, unknown> = {}, wrap?: Wrap) {
  const { platform } = parsePlatform(JSON.stringify(tierPlatform({ servers, family })), 'test.yaml');
  const real = clickhouseClusterAccess(tierCluster, clickhouseCluster(platform, tierCluster), () => '');
  const access = wrap
    ? {
        ...real,
        connect: async (...given: Parameters<typeof real.connect>) => wrap(given[0], await real.connect(...given)),
      }
    : real;
  const activities = createClickHouseActivities({
    clusters: () => access,
    runtime: oneDigest(platformDigest),
    log: createLog('silent'),
  });
  return { access, activities, plan: (table: string) => planOf(activities, table) };
}

async function planOf(activities: ClickHouseActivities, table: string): Promise<Plan<TierData>> {
  const input = { cluster: tierCluster, table: `metrics.${table}` };
  const call = { input, kind: 'clickhouse.tier', target: table, policy: defaultPolicy };
  return quiet().run(activities.clickhousePlanTier, call);
}

/** A step activity, run as Temporal would. */
export function run<I, O>(
  step: StepActivity<I, O>,
  mode: StepMode,
  input: I,
  { before, attempt = 1 }: { before?: O; attempt?: number } = {},
): Promise<StepReport<O>> {
  return quiet(attempt).run(step, {
    ...{ mode, input, unit: 'clickhouse/metrics/run-1/3', platformDigest },
    ...(before === undefined ? {} : { before }),
  });
}

function quiet(attempt = 1): MockActivityEnvironment {
  return new MockActivityEnvironment({ attempt }, { logger: new DefaultLogger('ERROR') });
}
