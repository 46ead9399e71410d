import { Context } from '@temporalio/activity';
import { GantryError, toFailure, troubleOf } from '../errors/index.ts';
import type { KeptEvidence, PayloadStore, StepActivity, StepCall, StepMode, StepReport } from '../runs/index.ts';
import { boundedFailure } from './bounded-failure.ts';
import { startHeartbeat } from './heartbeat.ts';
import { keepAfterwards, keepAnswer, keepEvidence, readBack } from './keep.ts';
import { watchStandstills } from './standstill.ts';
import type { Probe, StepContext, StepDefinition } from './step.ts';
import { wait } from './wait.ts';

/** What the worker's platform file says, as digests: every plan is made from it and every step is checked against it. */
export type StepRuntime = {
  /** Of what a run of `kind` over `target` depends on. */
  digestOf: (kind: string, target: string) => string;
  /** Whether the file has a part with this digest. */
  hasDigest: (digest: string) => boolean;
  /** Where evidence goes that is too large for the history. */
  payloads: PayloadStore;
};

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
  const { payloads } = runtime;
  return async (call) => {
    const activity = Context.current();
    const { cancellationSignal } = activity;
    const heartbeat = startHeartbeat(activity);
    const signal = AbortSignal.any([cancellationSignal, heartbeat.outlived]);
    const measurements: Record<string, number> = {};
    const counts: Record<string, number> = {};
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
      count: (name, by = 1) => {
        counts[name] = (counts[name] ?? 0) + by;
      },
    };
    const started = Date.now();
    try {
      heartbeat.mustBeOurs();
      checkPlatform(call, activity.info.attempt, runtime);
      const given = { ...call, input: await readBack(payloads, call.input) };
      const result = await modes[call.mode](step, given, deps, context, payloads);
      return {
        step: step.name,
        ...result,
        ...(await keepResult(payloads, call.mode, result)),
        ...(Object.keys(measurements).length ? { measurements } : {}),
        ...(Object.keys(counts).length ? { counts } : {}),
        startedAt: new Date(started).toISOString(),
        ms: Date.now() - started,
        attempts: activity.info.attempt,
      };
    } catch (error) {
      // A step that was told to stop has been cancelled, whatever its last client call made of it.
      if (cancellationSignal.aborted) throw cancellationSignal.reason;
      if (heartbeat.outlived.aborted) throw await boundedFailure(heartbeat.outlived.reason, payloads);
      throw await boundedFailure(runtime.hasDigest(call.platformDigest) ? error : underAnotherFile(error), payloads);
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
  payloads: PayloadStore,
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
  if (first.verdict === 'unknown')
    throw new GantryError('GATE_INCONCLUSIVE', first.summary, { evidence: { seen: first.observed } });
  if (!step.apply) throw notDone(step.name, first);
  await step.apply(call.input, first.observed, deps, context);
  const last = await settle(step, call.input, deps, context);
  if (last.verdict !== 'done') throw toFailure(notDone(step.name, last), { final: last.verdict === 'blocked' });
  return { ...look(last), changed: true, before, after: last.observed };
};

const undo: Mode = async (step, call, deps, context, payloads) => {
  if (!step.undo || call.before === undefined) {
    throw new GantryError('UNDO_FAILED', `${step.name} has no undo`, { evidence: { before: call.before } });
  }
  await step.undo(call.input, await readBack(payloads, call.before), deps, context);
  const seen = await step.probe(call.input, deps, context);
  return { ...look(seen), changed: true, before: call.before, after: seen.observed };
};

const modes = { inspect, ensure, undo };

/**
 * Evidence that fits. What an undo will need must be safe before anything is changed; what is seen after an act is kept as well
 * as can be, since it has been done.
 */
async function keepResult<O>(
  payloads: PayloadStore,
  mode: StepMode,
  { before, after }: Result<O>,
): Promise<{ before: O; after: O; kept?: KeptEvidence<O> }> {
  const keep = mode === 'inspect' ? keepEvidence : keepAfterwards;
  const kept = await keep(payloads, after);
  return {
    // References go where the thing itself would: the runner that gets them reads them back.
    before: (await keep(payloads, before)) as O,
    after: await keepAnswer(payloads, after),
    ...(kept === after ? {} : { kept: kept as KeptEvidence<O> }),
  };
}

async function settle<I, O, D>(
  step: StepDefinition<I, O, D>,
  input: I,
  deps: D,
  context: StepContext,
): Promise<Probe<O>> {
  const deadline = Date.now() + (step.settleMs ?? defaultSettleMs);
  for (;;) {
    const seen = await step.probe(input, deps, context);
    if (seen.verdict === 'done' || seen.verdict === 'blocked' || Date.now() >= deadline) return seen;
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

/**
 * A plan is carried out by the file that it was made from. Two things are done by any worker: what must be brought to its end,
 * and a later attempt at what a former one may have begun, since one that is declined would leave the target in between.
 */
function checkPlatform<I, O>(call: StepCall<I, O>, attempt: number, { hasDigest }: StepRuntime): void {
  if (call.anyPlatform || call.mode === 'undo' || (call.mode === 'ensure' && attempt > 1)) return;
  if (hasDigest(call.platformDigest)) return;
  throw new GantryError(
    'PLATFORM_CHANGED',
    'the platform file of this worker differs in what it says about the target',
    {
      evidence: { planned: call.platformDigest },
    },
  );
}

/** A name or an address that is gone from the file fails like one that never was: the failure says where to look. */
function underAnotherFile(error: unknown): unknown {
  const { code, message, problems, evidence } = troubleOf(error);
  if (code === 'PLATFORM_CHANGED' || !(error instanceof GantryError)) return error;
  const why = `${message} (the platform file of this worker is not the one that the run was planned with)`;
  return new GantryError(code, why, { problems, evidence, cause: error });
}
