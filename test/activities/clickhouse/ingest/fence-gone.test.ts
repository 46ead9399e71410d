import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { expect, test } from 'vitest';
import type { ClickHouseClusterAccess } from '../../../../activities/clickhouse/access/access.ts';
import { createClickHouseActivities } from '../../../../activities/clickhouse/index.ts';
import type { ClickHouseMoveData } from '../../../../src/planning/clickhouse/index.ts';
import type { StepMode } from '../../../../src/runs/index.ts';
import { createLog } from '../../../../src/telemetry/log.ts';
import { oneDigest } from '../../../support/one-digest.ts';

// The plan was made with programs that hold the writers; the workers have another file by now, which names none.
const side = { server: 's1r1', others: [], zookeeperPath: '/x' };
const move: ClickHouseMoveData = {
  ...{ cluster: 'metrics', table: 'usage.events', partition: '202601', final: false, wayBack: 'undo-move' },
  ...{ name: { database: 'usage', table: 'events' }, source: { shard: 1, ...side }, target: { shard: 2, ...side } },
};

function quietCluster(): ClickHouseClusterAccess {
  const tables = { 'usage.events': { fence: { kind: 'quiet', forMs: 600_000 } } };
  return { config: { tables } } as unknown as ClickHouseClusterAccess; // The fence reads nothing but the tables.
}

function carryOut(mode: StepMode, step: 'clickhouseHoldIngest' | 'clickhouseOpenIngest', input: ClickHouseMoveData) {
  const activities = createClickHouseActivities({
    clusters: () => quietCluster(),
    runtime: oneDigest('of another file'),
    log: createLog('silent'),
  });
  const call = { mode, input, unit: 'u/r/1', platformDigest: 'planned', anyPlatform: true };
  const environment = new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR') });
  const before = { held: false, evidence: '' };
  return environment.run(activities[step], { ...call, before }).catch((error: unknown) => error);
}

test.each([
  ['undo', 'clickhouseHoldIngest'],
  ['ensure', 'clickhouseOpenIngest'],
] as const)('writers that stay held are told of, and "nobody is held back" is not: %s of %s', async (mode, step) => {
  expect(await carryOut(mode, step, { ...move, fenced: true })).toMatchObject({
    type: 'CLICKHOUSE_FENCE_GONE',
    message: expect.stringMatching(
      /names none for usage\.events.* is not the one that the run was planned with/,
    ) as string,
  });
});

test('a run that was planned to hold nobody goes on', async () => {
  expect(await carryOut('ensure', 'clickhouseOpenIngest', move)).toMatchObject({ verdict: 'done', changed: false });
});
