import { expect, test } from 'vitest';
import { statusFromReport } from '../../src/client/status-from-report.ts';
import type { RunReport } from '../../src/runs/index.ts';

const at = '2026-01-01T00:00:00.000Z';
const report: RunReport = {
  kind: 'redis.switchover',
  target: 'sessions',
  workflowId: 'redis/sessions',
  runId: 'r1',
  outcome: 'done',
  startedAt: at,
  endedAt: at,
  ms: 0,
  steps: [{ title: 'prove the roles', step: 'redis.prove-roles', state: 'unchanged', changed: false }],
  phases: [],
  actions: [],
  measurements: {},
  pastNoReturn: true,
  leftBehind: [],
};

test('a status that is made of a report says what the report had no room for', () => {
  expect(statusFromReport({ ...report, stepsBefore: 40, evidenceLeftOut: 3 })).toMatchObject({
    state: 'done',
    stepsBefore: 40,
    evidenceLeftOut: 3,
  });
  expect(statusFromReport(report)).not.toHaveProperty('stepsBefore');
});
