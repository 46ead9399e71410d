import type { Client, WorkflowHandle } from '@temporalio/client';
import { expect, test } from 'vitest';
import { outcomeOf } from './outcome.ts';

/** A run as the server knows it: `events` of its history at each look; queries of its worker get no answer. */
function played(events: () => number) {
  let end: (value: unknown) => void = () => undefined;
  const result = new Promise((resolve) => (end = resolve));
  const ended: string[] = [];
  const handle = {
    result: () => result,
    describe: async () => ({ historyLength: events(), typedSearchAttributes: { getAll: () => [] } }),
    query: () => Promise.reject(new Error('no answer')),
    terminate: async (why: string) => {
      ended.push(why);
      end({ outcome: 'terminated' });
    },
  } as unknown as WorkflowHandle;
  const client = { connection: { withDeadline: (_at: number, ask: () => Promise<unknown>) => ask() } };
  return { handle, client: client as unknown as Client, ended, done: () => end({ outcome: 'done' }) };
}

const options = { silenceMs: 100, approves: true };

test('a run whose history grows is waited for, whether or not its worker answers', async () => {
  let looks = 0;
  const run = played(() => {
    looks += 1;
    // Each look comes long after the bound.
    if (looks === 4) run.done();
    return looks;
  });
  expect(await outcomeOf(run.client, run.handle, run.handle, options)).toBe('done');
  expect(run.ended).toEqual([]);
});

test('a run whose history stands still is ended, and that is said', async () => {
  const run = played(() => 7);
  expect(await outcomeOf(run.client, run.handle, run.handle, options)).toBe('unheard of, and nothing new for 0.1 s');
  expect(run.ended).toHaveLength(1);
});
