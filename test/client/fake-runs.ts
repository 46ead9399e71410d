// A workflow that speaks the run protocol without doing anything, so that the client is tested apart from the runtime.
// `reason` says how it behaves: `fail` fails after the approval, `hold` waits for more.
import { ApplicationFailure, defineSearchAttributeKey } from '@temporalio/common';
import {
  CancellationScope,
  condition,
  defineQuery,
  defineUpdate,
  setHandler,
  startChild,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type {
  AbortRequest,
  ApproveRequest,
  PlanView,
  RunInput,
  RunReport,
  RunState,
  RunStatus,
} from '../../src/runs/index.ts';

// Its worker is asked by the doctor like any other.
export { checkWorkers } from '../../workflows/check-workers.ts';

const at = '2026-01-01T00:00:00.000Z';
const plan: PlanView = {
  title: 'hand nothing over',
  hash: 'good',
  platformDigest: 'none',
  actions: [{ step: 'redis.handover', what: 'nothing', reversible: false }],
  facts: [],
  warnings: [],
  irreversible: [],
  voidIf: [],
};
const stateKey = defineSearchAttributeKey('GantryState', 'KEYWORD');

export async function redisSwitchover(input: RunInput & { group: string }): Promise<RunReport> {
  const { workflowId, runId } = workflowInfo();
  const own = `redis/${input.group}`;
  const steps: RunStatus['steps'] = [
    { title: 'hand over', step: 'redis.handover', state: 'done', changed: true, before: {}, after: {} },
  ];
  const seen = { state: 'planning' as RunState, abort: false, approved: false };
  const status = (): RunStatus => ({
    kind: 'redis.switchover',
    target: input.group,
    workflowId,
    runId,
    dryRun: input.dryRun === true,
    state: seen.state,
    since: at,
    startedAt: at,
    steps,
    pending: [],
    pastNoReturn: false,
    actions: [],
    plan,
    ...(input.requestedBy ? { requestedBy: input.requestedBy } : {}),
  });
  const report = (outcome: RunReport['outcome']): RunReport => {
    const { kind, target, actions, pastNoReturn } = status();
    const phases = [{ state: outcome, at, ms: 0 }];
    const ends = { startedAt: at, endedAt: at, ms: 0, phases, measurements: {}, leftBehind: [] };
    return { kind, target, workflowId, runId, outcome, steps, actions, pastNoReturn, ...ends };
  };
  const enter = (state: RunState): void => {
    seen.state = state;
    upsertSearchAttributes([
      { key: stateKey, value: state },
      { key: defineSearchAttributeKey('GantryKind', 'KEYWORD'), value: 'redis.switchover' },
      { key: defineSearchAttributeKey('GantryTarget', 'KEYWORD'), value: input.group },
    ]);
  };

  if (!input.dryRun && workflowId !== own) {
    setHandler(defineQuery<RunStatus>('status'), () => ({ ...status(), proxyFor: own, state: 'running' }));
    const child = await startChild<(input: unknown) => Promise<RunReport>>('redisSwitchover', {
      workflowId: own,
      args: [input],
    });
    return await child.result();
  }
  setHandler(defineQuery<RunStatus>('status'), status);
  setHandler(
    defineUpdate<RunStatus, [ApproveRequest]>('approve'),
    () => {
      seen.approved = true;
      return status();
    },
    {
      validator: ({ planHash }: ApproveRequest) => {
        if (planHash !== 'good') {
          const problems = [{ code: 'APPROVAL_REJECTED', message: 'another hash', hint: 'look' }];
          throw ApplicationFailure.nonRetryable('another hash', 'APPROVAL_REJECTED', {
            problems,
            evidence: { planHash },
          });
        }
      },
    },
  );
  setHandler(defineUpdate<RunStatus, [AbortRequest]>('abort'), () => {
    seen.abort = true;
    return status();
  });
  enter('planning');
  if (input.dryRun) {
    enter('planned');
    return report('planned');
  }
  enter('awaiting-approval');
  try {
    await condition(() => seen.approved || seen.abort);
    if (input.reason === 'hold') await condition(() => seen.abort);
  } catch (error) {
    CancellationScope.nonCancellable(async () => enter('cancelled')).catch(() => undefined);
    throw error;
  }
  if (seen.abort) {
    enter('aborted');
    return report('aborted');
  }
  if (input.reason === 'fail') {
    enter('failed');
    const details = { problems: [], evidence: {} };
    throw ApplicationFailure.nonRetryable('it did not hold', 'SOAK_FAILED', details, report('failed'));
  }
  enter('done');
  return report('done');
}
