import { expect, test } from 'vitest';
import type { PlanView, RunStatus } from '../../src/runs/index.ts';
import { detailsMarkdown } from '../../workflows/run/details.ts';

const plan: PlanView = {
  title: 'Hand the primary of sessions over from r1 to r2',
  actions: [
    { step: 'redis.prepare', what: 'prepare r2', reversible: true },
    { step: 'redis.handover', what: 'demote r1,\npromote r2', reversible: false },
    { step: 'redis.prove', what: 'prove the roles', reversible: false },
  ],
  facts: [{ label: 'lag of r2', value: '0 bytes' }],
  warnings: ['r3 is behind'],
  irreversible: ['the handover'],
  voidIf: ['the primary changes'],
  hash: '9eaa1654076dc156',
  platformDigest: 'd',
};

function details(change: Partial<RunStatus>): string {
  const status = {
    ...{ kind: 'redis.switchover', target: 'sessions', workflowId: 'redis/sessions', runId: 'r', dryRun: false },
    ...{ state: 'awaiting-approval', since: '', startedAt: '', steps: [], pending: [], pastNoReturn: false },
    ...{ actions: [], measurements: {}, plan },
    ...change,
  };
  return detailsMarkdown(status as unknown as RunStatus, []);
}

const approval = { expiresAt: '2026-12-01T09:55:15Z', needed: 1 };

test('a person who is to approve reads in the UI what will be done, and what to paste', () => {
  const shown = details({ approval });
  expect(shown).toContain('1. prepare r2\n1. demote r1, promote r2 (**no undo from here on**)\n1. prove the roles\n');
  for (const part of ['- the handover', '- r3 is behind', '- lag of r2: 0 bytes', '- the primary changes']) {
    expect(shown).toContain(part);
  }
  expect(shown).toContain('the update `approve` with `{"planHash":"9eaa1654076dc156","by":"…"}`');
});

test('the plan of a dry run is all that there is to read', () => {
  expect(details({ state: 'done', dryRun: true })).toContain('1. prepare r2');
});

test('a plan that is carried out gives way to its steps', () => {
  expect(details({ state: 'running' })).not.toContain('prepare r2');
});

test('a long plan is cut, and says where the rest is', () => {
  const actions = Array.from({ length: 45 }, (_, at) => ({ step: 's', what: `act ${at}`, reversible: true }));
  const shown = details({ approval, plan: { ...plan, actions } });
  expect(shown).toContain('1. act 29\n1. and 15 more: query `status`');
  expect(shown).not.toContain('act 30');
});
