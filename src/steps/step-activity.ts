import { Context } from '@temporalio/activity';
import { GantryError, toFailure } from '../errors/index.ts';
import type { StepActivity, StepCall, StepReport } from '../runs/index.ts';
import { startHeartbeat } from './heartbeat.ts';
import { watchStandstills } from './standstill.ts';
import type { Probe, StepContext, StepDefinition } from './step.ts';
import { wait } from './wait.ts';

/** What the worker knows that every step is checked against. */
export type StepRuntime = { platformDigest: string };

const defaultSettleMs = 10_000;
const defaultSettleEveryMs = 50;
/**
 * A step definition and its drivers → the Temporal activity. The runner probes before and after, heartbeats by itself,
 * turns every error into a catalogue failure and an aborted wait into the cancellation that it is.
 */
export function stepActivity<I, O, D>(
  step: StepDefinition<I, O, D>,
  deps: D,
  runtime: StepRuntime,
): StepActivity<I, O> {
  watchStandstills();
  return async (call) => {
    const activity = Context.current();
    const { cancellationSignal } = activity;
    const heartbeat = startHeartbeat(activity);
    const signal = AbortSignal.any([cancellationSignal, heartbeat.outlived]);
    const measurements: Record<string, number> = {};
    const context: StepContext = {
      signal,
      mustBeOurs: heartbeat.mustBeOurs,
      unit: call.unit,
      attempt: activity.info.attempt,
      resumed: activity.info.heartbeatDetails,
      progress: heartbeat.set,
      measure: (name, value) => {
        measurements[name] = Math.round(value * 1000) / 1000;
      },
    };
    const started = Date.now();
    try {
      heartbeat.mustBeOurs();
      checkPlatform(call.platformDigest, runtime.platformDigest);
      const result = await modes[call.mode](step, call, deps, context);
      return {
        step: step.name,
        ...result,
        ...(Object.keys(measurements).length ? { measurements } : {}),
        startedAt: new Date(started).toISOString(),
        ms: Date.now() - started,
        attempts: activity.info.attempt,
      };
    } catch (error) {
      // A step that was told to stop has been cancelled, whatever its last client call made of it.
      if (cancellationSignal.aborted) throw cancellationSignal.reason;
      throw toFailure(heartbeat.outlived.aborted ? heartbeat.outlived.reason : error);
    } finally {
      heartbeat.stop();
    }
  };
}

type Result<O> = Pick<StepReport<O>, 'verdict' | 'begun' | 'summary' | 'changed' | 'before' | 'after' | 'blockedBy'>;
type Mode = <I, O, D>(
  step: StepDefinition<I, O, D>,
  call: StepCall<I, O>,
  deps: D,
  context: StepContext,
) => Promise<Result<O>>;

const inspect: Mode = async (step, call, deps, context) => {
  const seen = await step.probe(call.input, deps, context);
  return { ...look(seen), changed: false, before: call.before ?? seen.observed, after: seen.observed };
};

const ensure: Mode = async (step, call, deps, context) => {
  const first = await step.probe(call.input, deps, context);
  const before = call.before ?? first.observed;
  if (first.verdict === 'done') return { ...look(first), changed: false, before, after: first.observed };
  if (first.verdict === 'blocked')
    throw new GantryError(first.code, first.summary, { evidence: { seen: first.observed } });
  if (!step.apply) throw notDone(step.name, first);
  await step.apply(call.input, first.observed, deps, context);
  const last = await settle(step, call.input, deps, context);
  if (last.verdict !== 'done') throw toFailure(notDone(step.name, last), { final: last.verdict === 'blocked' });
  return { ...look(last), changed: true, before, after: last.observed };
};

const undo: Mode = async (step, call, deps, context) => {
  if (!step.undo || call.before === undefined) {
    throw new GantryError('UNDO_FAILED', `${step.name} has no way back`, { evidence: { before: call.before } });
  }
  await step.undo(call.input, call.before, deps, context);
  const seen = await step.probe(call.input, deps, context);
  return { ...look(seen), changed: true, before: call.before, after: seen.observed };
};

const modes = { inspect, ensure, undo };

async function settle<I, O, D>(
  step: StepDefinition<I, O, D>,
  input: I,
  deps: D,
  context: StepContext,
): Promise<Probe<O>> {
  const deadline = Date.now() + (step.settleMs ?? defaultSettleMs);
  for (;;) {
    const seen = await step.probe(input, deps, context);
    if (seen.verdict !== 'todo' || Date.now() >= deadline) return seen;
    await wait(step.settleEveryMs ?? defaultSettleEveryMs, context.signal);
  }
}

function look<O>(seen: Probe<O>): Pick<StepReport<O>, 'verdict' | 'begun' | 'summary' | 'blockedBy'> {
  return {
    verdict: seen.verdict,
    begun: seen.verdict === 'todo' && seen.begun,
    summary: seen.summary,
    ...(seen.verdict === 'blocked' ? { blockedBy: seen.code } : {}),
  };
}

function notDone<O>(name: string, seen: Probe<O>): GantryError {
  if (seen.verdict === 'blocked')
    return new GantryError(seen.code, seen.summary, { evidence: { seen: seen.observed } });
  return new GantryError('STEP_NOT_DONE', `${name}: ${seen.summary}`, { evidence: { seen: seen.observed } });
}

function checkPlatform(planned: string, mine: string): void {
  if (planned === mine) return;
  throw new GantryError('PLATFORM_CHANGED', 'this worker has another platform file than the plan was made with', {
    evidence: { planned, worker: mine },
  });
}
