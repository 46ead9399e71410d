import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalJson, sealPlan } from '../../../activities/run/seal-plan.ts';
import type { PlanCall, PlanDraft } from '../../../src/runs/index.ts';
import { defaultPolicy } from '../../../src/runs/index.ts';

const draft: PlanDraft<{ group: string; to: string }> = {
  title: 'a plan',
  actions: [{ step: 'one', what: 'do it', reversible: true }],
  facts: [{ label: 'offset', value: '1' }],
  warnings: ['careful'],
  irreversible: [],
  voidIf: [],
  data: { group: 'sessions', to: 'r2' },
};
const call: PlanCall<object> = {
  input: {},
  kind: 'redis.switchover',
  target: 'sessions',
  policy: defaultPolicy,
  platformDigest: 'abc',
};

describe('the hash of a plan', () => {
  test('has 16 hexadecimal digits and is the same for the same plan', () => {
    expect(sealPlan(draft, call).hash).toMatch(/^[0-9a-f]{16}$/);
    expect(sealPlan(structuredClone(draft), structuredClone(call)).hash).toBe(sealPlan(draft, call).hash);
  });

  test('does not move with facts and warnings, which move by themselves', () => {
    const moved = { ...draft, facts: [{ label: 'offset', value: '2' }], warnings: [] };
    expect(sealPlan(moved, call).hash).toBe(sealPlan(draft, call).hash);
    expect(sealPlan(moved, call)).toMatchObject({ facts: moved.facts, warnings: [] });
  });

  test.each([
    ['the data', { ...draft, data: { group: 'sessions', to: 'r3' } }, call],
    ['an action', { ...draft, actions: [] }, call],
    ['what can not be undone', { ...draft, irreversible: ['x'] }, call],
    ['the target', draft, { ...call, target: 'other' }],
    ['the platform file', draft, { ...call, platformDigest: 'def' }],
    ['the policy', draft, { ...call, policy: { ...defaultPolicy, remindEveryMs: 1 } }],
  ] as const)('changes with %s', (_, otherDraft, otherCall) => {
    expect(sealPlan(otherDraft, otherCall).hash).not.toBe(sealPlan(draft, call).hash);
  });

  test('does not depend on the order in which keys were written', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const turned = Object.fromEntries(Object.entries(value).reverse());
        expect(canonicalJson(turned)).toBe(canonicalJson(value));
      }),
    );
  });
});
