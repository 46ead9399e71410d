import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { expect, test } from 'vitest';
import { defineStep, stepActivity, todo, wait } from '../../src/steps/index.ts';
import { oneDigest } from '../support/one-digest.ts';
import { standStill } from '../support/stand-still.ts';

/** Runs a step that freezes for a while and then would act; answers whether it did, and what came out. */
async function frozenFor(ms: number, heartbeatTimeoutMs: number | undefined) {
  let acted = false;
  const step = defineStep<null, null, null>({
    name: 'test.frozen',
    settleMs: 0,
    probe: () => Promise.resolve(todo(null, 'nothing is done')),
    apply: async (_input, _seen, _deps, { signal }) => {
      await wait(10, signal);
      standStill(ms);
      await wait(200, signal);
      acted = true;
    },
  });
  const environment = new MockActivityEnvironment(
    { heartbeatTimeoutMs: heartbeatTimeoutMs as number },
    { logger: new DefaultLogger('ERROR') },
  );
  const activity = stepActivity(step, null, oneDigest('d'));
  const call = { mode: 'ensure', input: null, unit: 'w/r/1', platformDigest: 'd' } as const;
  const error: unknown = await environment.run(activity, call).catch((thrown: unknown) => thrown);
  return { acted, error };
}

test('a step whose process stood still past the heartbeat timeout acts no more, and may be tried again', async () => {
  const { acted, error } = await frozenFor(500, 300);
  expect(acted).toBe(false);
  expect(error).toMatchObject({ type: 'ATTEMPT_OUTLIVED', nonRetryable: false });
});

test.each([
  [200, 600],
  [500, undefined],
])('one that stood still for %j ms with a timeout of %j goes on', async (ms, timeout) => {
  expect(await frozenFor(ms, timeout)).toMatchObject({ acted: true, error: { type: 'STEP_NOT_DONE' } });
});

/** Runs a step that asks whether its attempt is still ours, after `before` has run outside of it and `within` inside. */
async function asksAfter(before: () => void, within: () => void): Promise<unknown> {
  const step = defineStep<null, null, null>({
    name: 'test.asks',
    settleMs: 0,
    probe: () => Promise.resolve(todo(null, 'nothing is done')),
    apply: (_input, _seen, _deps, { mustBeOurs }) => {
      within();
      mustBeOurs();
      return Promise.resolve();
    },
  });
  const activity = stepActivity(step, null, oneDigest('d'));
  const environment = new MockActivityEnvironment(
    { heartbeatTimeoutMs: 300, currentAttemptScheduledTimestampMs: Date.now() },
    { logger: new DefaultLogger('ERROR') },
  );
  before();
  const call = { mode: 'ensure', input: null, unit: 'w/r/1', platformDigest: 'd' } as const;
  return environment.run(activity, call).catch((thrown: unknown) => thrown);
}
const nothing = (): void => undefined;

test('a process knows that it stood still before any timer of it has run', async () => {
  expect(await asksAfter(nothing, () => standStill(500))).toMatchObject({ type: 'ATTEMPT_OUTLIVED' });
  expect(await asksAfter(nothing, () => standStill(150))).toMatchObject({ type: 'STEP_NOT_DONE' });
});

test('an attempt that was handed out before the process stood still does not begin', async () => {
  expect(await asksAfter(() => standStill(500), nothing)).toMatchObject({ type: 'ATTEMPT_OUTLIVED' });
  // One that comes afterwards does.
  expect(await asksAfter(nothing, nothing)).toMatchObject({ type: 'STEP_NOT_DONE' });
});
