import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalJson } from '../../src/runs/index.ts';
import { sealPlan as seal } from '../../src/steps/seal-plan.ts';
import type { PlanCall, PlanDraft } from '../../src/runs/index.ts';
import { defaultPolicy } from '../../src/runs/index.ts';
import { oneDigest } from '../support/one-digest.ts';

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
};
const sealPlan = <D>(of: PlanDraft<D>, by: PlanCall<object>, digest = 'abc') => seal(of, by, oneDigest(digest));

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

  test('does not move with the platform file, which the plan names', () => {
    const other = sealPlan(draft, call, 'def');
    expect(other.hash).toBe(sealPlan(draft, call).hash);
    expect(other.platformDigest).toBe('def');
  });

  test.each([
    ['the data', { ...draft, data: { group: 'sessions', to: 'r3' } }, call],
    ['an action', { ...draft, actions: [] }, call],
    ['what cannot be undone', { ...draft, irreversible: ['x'] }, call],
    ['the target', draft, { ...call, target: 'other' }],
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
