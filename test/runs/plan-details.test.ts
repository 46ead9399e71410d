import { expect, test } from 'vitest';
import type { PlanView, RunStatus, StepRecord } from '../../src/runs/index.ts';
import { detailsMarkdown } from '../../workflows/run/details.ts';
import { detailsBytes } from '../../workflows/run/details-page.ts';

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
  return detailsMarkdown(statusOf(change), []);
}

function statusOf(change: Partial<RunStatus>): RunStatus {
  const status = {
    ...{ kind: 'redis.switchover', target: 'sessions', workflowId: 'redis/sessions', runId: 'r', dryRun: false },
    ...{ state: 'awaiting-approval', since: '', startedAt: '', steps: [], pending: [], pastNoReturn: false },
    ...{ actions: [], measurements: {}, plan },
    ...change,
  };
  return status as unknown as RunStatus;
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
  const actions = Array.from({ length: 300 }, (_, at) => ({ step: 's', what: `act ${at}`, reversible: true }));
  const shown = details({ approval, plan: { ...plan, actions } });
  const last = Number(/act (\d+)\n1\. and (\d+) more: query `status`/.exec(shown)?.[1]);
  expect(last).toBeGreaterThan(50);
  expect(shown).toContain(`and ${299 - last} more: query`);
  // What cannot be undone stands before what may be left out.
  expect(shown).toContain('- the handover');
});

const long = 'ein sehr länger Text | 👁✓ und so fort, '.repeat(80);
const trouble = { code: 'REDIS_LAGS', message: long, hint: long, problems: [], evidence: {} };
const worst: Partial<RunStatus>[] = [
  { approval: { ...approval, signed: true, given: Array.from({ length: 50 }, (_, at) => `${at}@example.com`) } },
  {
    state: 'parked',
    parked: {
      id: '1-ab12',
      title: long,
      step: 's',
      trouble,
      since: '',
      options: ['retry', 'skip', 'abort'],
      reminders: 0,
    },
  },
  { state: 'failed', problem: trouble, pastNoReturn: true },
  { state: 'running', dryRun: true },
].map((one) => one as unknown as Partial<RunStatus>);

test.each(worst)('the details of %j fit into a URL', (change) => {
  const texts = Array.from({ length: 40 }, () => long);
  const longPlan: PlanView = {
    ...plan,
    title: long,
    actions: texts.map((what, at) => ({ step: 's', what, reversible: at < 20 })),
    facts: texts.map((value) => ({ label: 'l', value })),
    ...{ warnings: texts, irreversible: texts, voidIf: texts },
  };
  const steps = texts.map(
    (title, at) => ({ name: 's', title, state: 'done', summary: long, ms: at }) as unknown as StepRecord,
  );
  const ledger = texts.map((name) => ({ name: name.slice(0, 30), ms: 1, stoodMs: 0 }));
  const status = { ...statusOf({ plan: longPlan, ...change }), target: long, ledger } as unknown as RunStatus;
  const shown = detailsMarkdown(status, steps, `Carried out by [x](${'y'.repeat(200)})`);
  const bytes = Buffer.byteLength(shown);
  expect(bytes).toBeLessThanOrEqual(detailsBytes);
  // It uses its room.
  expect(bytes).toBeGreaterThan(detailsBytes / 2);
  if (change.parked) expect(shown).toContain('{"action":"retry","park":"1-ab12","by":"…"}');
  if (change.approval) expect(shown).toContain('POST /v1/runs/');
});

test('of many steps the newest are shown', () => {
  const steps = Array.from(
    { length: 90 },
    (_, at) => ({ name: 's', title: `step ${at}`, state: 'done', ms: at }) as unknown as StepRecord,
  );
  const shown = detailsMarkdown(statusOf({ state: 'running' }), steps);
  expect(shown).toContain('| ✓ | step 89 |');
  const earlier = Number(/\| (\d+) earlier steps/.exec(shown)?.[1]);
  expect(shown).toContain(`step ${earlier} `);
  expect(shown).not.toContain(`step ${earlier - 1} `);
});
