import type { PlanView, RunReport, RunStatus, StepRecord, TroubleRecord } from '../../src/runs/index.ts';

// Hand-made runs for the renderers.

export const now = Date.parse('2026-03-01T10:00:10.000Z');

export const plan: PlanView = {
  title: 'Hand the primary of sessions over from r1 to r2 (fast)',
  hash: '4f0c9a1be2d37a55',
  platformDigest: '26fcde635242aaaaaaaaaaaaaaaa',
  actions: [
    { step: 'redis.prepare-candidate', what: 'let r2 take writes', reversible: true },
    { step: 'redis.handover', what: 'hold writes on r1, swap', reversible: false, estimateMs: 50 },
    { step: 'redis.check-replication', what: 'watch for 900 s', reversible: false, estimateMs: 900_000 },
  ],
  facts: [{ label: 'r1 now', value: 'primary, offset 42' }],
  warnings: ['the backlog of r1 is small'],
  irreversible: ['From the demotion of r1 on there is no undo'],
  voidIf: ['the platform file changes'],
};

export const trouble: TroubleRecord = {
  code: 'HANDOVER_NOT_EQUAL',
  message: 'r2 is at 41, r1 at 42',
  hint: 'Look at the load.',
  problems: [{ code: 'HANDOVER_NOT_EQUAL', message: 'r2 is at 41, r1 at 42', hint: 'Look at the load.' }],
  evidence: { primaryOffset: 42, candidateOffset: 41 },
};

export const prepared: StepRecord = {
  title: 'prepare the candidate',
  step: 'redis.prepare-candidate',
  state: 'done',
  changed: true,
  before: { minReplicasToWrite: 1 },
  after: { minReplicasToWrite: 0 },
  summary: 'min-replicas-to-write of r2 is 0',
  startedAt: '2026-03-01T10:00:05.000Z',
  ms: 12,
  attempts: 1,
};

/** As the runtime records a step under way: by its activity. */
export const handingOver: StepRecord = {
  title: 'hand over',
  step: 'redis.handover',
  state: 'running',
  changed: true,
  startedAt: '2026-03-01T10:00:08.000Z',
};

export function status(over: Partial<RunStatus> = {}): RunStatus {
  return {
    kind: 'redis.switchover',
    target: 'sessions',
    workflowId: 'redis/sessions',
    runId: '0190-run',
    dryRun: false,
    state: 'running',
    since: '2026-03-01T10:00:04.000Z',
    startedAt: '2026-03-01T10:00:00.000Z',
    requestedBy: 'ann@host',
    steps: [prepared, handingOver],
    plan,
    pending: [],
    pastNoReturn: false,
    actions: [{ at: '2026-03-01T10:00:04.000Z', action: 'approve', by: 'bob', note: 'go' }],
    ...over,
  };
}

export function parked(over: Partial<RunStatus> = {}): RunStatus {
  return status({
    state: 'parked',
    steps: [prepared, { ...handingOver, state: 'failed' }],
    parked: {
      id: '1-9f3c',
      title: 'hand over',
      step: 'redis.handover',
      trouble,
      since: '2026-03-01T10:00:09.000Z',
      options: ['retry', 'skip', 'abort'],
      reminders: 0,
    },
    ...over,
  });
}

export function report(over: Partial<RunReport> = {}): RunReport {
  return {
    kind: 'redis.switchover',
    target: 'sessions',
    workflowId: 'redis/sessions',
    runId: '0190-run',
    outcome: 'done',
    startedAt: '2026-03-01T10:00:00.000Z',
    endedAt: '2026-03-01T10:16:00.000Z',
    ms: 960_000,
    plan,
    steps: [prepared],
    phases: [
      { state: 'planning', at: '2026-03-01T10:00:00.000Z', ms: 900 },
      { state: 'running', at: '2026-03-01T10:00:04.000Z', ms: 956_000 },
      { state: 'done', at: '2026-03-01T10:16:00.000Z', ms: 0 },
    ],
    actions: [],
    measurements: { 'redis.handover.pausedMs': 7.5 },
    pastNoReturn: true,
    leftBehind: [],
    published: 'file:///srv/reports/a.json',
    ...over,
  };
}
