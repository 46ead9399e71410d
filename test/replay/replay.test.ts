import { fileURLToPath } from 'node:url';
import { historyFromJSON, historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { DefaultLogger, makeTelemetryFilterString, Runtime, Worker } from '@temporalio/worker';
import { DeterminismViolationError } from '@temporalio/workflow';
import { describe, expect, test } from 'vitest';
import { buildBundle } from '../../workers/bundle.ts';
import type { Fixture } from './fixtures.ts';
import { fixtures } from './fixtures.ts';

// A replay that fails on purpose is no news.
Runtime.install({
  logger: new DefaultLogger('ERROR'),
  telemetryOptions: { logging: { filter: makeTelemetryFilterString({ core: 'ERROR', other: 'ERROR' }) } },
});

/** Replays histories against a bundle; answers the error of each that doesn't replay, by its name. */
async function failures(codePath: string, histories: readonly Fixture[]): Promise<Record<string, unknown>> {
  const found: Record<string, unknown> = {};
  for (const { name, ...one } of histories) {
    for await (const { error } of Worker.runReplayHistories({ workflowBundle: { codePath } }, [one])) {
      if (error) found[name] = error;
    }
  }
  return found;
}

const all = fixtures();

describe('the recorded histories', () => {
  const outcomes = ['done', 'planned', 'aborted', 'parked-retried', 'proxy'];
  test.each([
    ['redisSwitchover', [...outcomes, 'refused-input', 'refused-unknown-group', 'paused', 'done-failover']],
    ['redisFailover', [...outcomes, 'refused-alive', 'lease']],
    ['redisRejoin', outcomes],
    ['redisRestoreRedundancy', ['done', 'planned', 'idle']],
    ['clickhouseMove', ['done', 'planned', 'orphan', 'refused-unknown-partition', 'aborted', 'parked-retried']],
    ['clickhouseUndoMove', ['done', 'refused-unknown-move', 'planned-reverse', 'done-reverse']],
    ['clickhouseRebalance', ['done', 'planned', 'idle']],
    ['clickhouseKeyReshard', ['done', 'planned', 'idle']],
    ['clickhouseSplit', ['done', 'orphan', 'parked-retried']],
    ['clickhouseAddShard', ['done', 'planned', 'aborted', 'idle']],
    ['clickhouseDrainShard', ['done', 'planned']],
    ['clickhouseTier', [...outcomes, 'done-moves', 'idle', 'paused']],
    ['archiveBackup', ['done', 'planned', 'done-increment']],
    ['archiveRestore', ['done', 'planned', 'aborted', 'parked-retried']],
    ['archiveDrill', ['done', 'planned', 'aborted']],
    ['archiveAudit', ['done', 'planned', 'failed-nothing']],
    ['regionRollout', ['done', 'done-edge', 'done-metrics', 'planned', 'idle', 'aborted', 'parked-retried']],
    ['regionRolloutAll', ['done', 'planned']],
    ['regionRetire', ['planned', 'done', 'idle', 'aborted', 'done-data', 'parked-retried']],
    ['regionDrift', ['done', 'done-edge', 'failed-differs']],
    ['redisGuard', ['stopped', 'observed', 'failed-over']],
    ['hostOnboard', ['planned', 'done', 'idle', 'aborted']],
    ['hostConformance', ['done-drifted']],
    ['hostFleetOnboard', ['planned', 'parked-retried', 'done']],
    ['listRunner', ['continued', 'done']],
  ])('hold a %s of every outcome', (workflow, wanted) => {
    for (const name of wanted) {
      expect(all.map((fixture) => fixture.name)).toContainEqual(expect.stringMatching(`^${workflow}@.*-${name}$`));
    }
  });

  test('replay with the workflows as they are now', async () => {
    expect(await failures(await buildBundle(), all)).toEqual({});
  });

  test('do not replay with a workflow that has lost a step', async () => {
    const changed = await buildBundle(fileURLToPath(new URL('./changed-workflow.ts', import.meta.url)));
    const done = all.filter(({ name }) => /^redisSwitchover@.*-done$/.test(name));
    const found = await failures(changed, done);
    expect(Object.keys(found)).toEqual(done.map(({ name }) => name));
    for (const error of Object.values(found)) expect(error).toBeInstanceOf(DeterminismViolationError);
  });

  // A protobufjs older than the SDK's own makes this throw "type must be a Type" (docs/decisions).
  test('survive the way through JSON and back', () => {
    for (const { history } of all) {
      const there = historyToJSON(historyFromJSON(history));
      expect((JSON.parse(there) as Fixture['history']).events).toHaveLength(history.events.length);
    }
  });

  test('name no folder, host or process of the machine that they were recorded on', () => {
    const decoded = JSON.stringify(all, (_key, value: unknown) =>
      typeof value === 'string' && value.startsWith('eyJ') ? Buffer.from(value, 'base64').toString('utf8') : value,
    );
    expect(decoded).not.toMatch(/\/(home|root|work|tmp|Users|var)\/|\d+@[\w-]+/);
  });
});
