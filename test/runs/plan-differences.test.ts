import { describe, expect, it } from 'vitest';
import type { Plan } from '../../src/runs/index.ts';
import { defaultPolicy, planDifferences } from '../../src/runs/index.ts';

const plan: Plan<unknown> = {
  title: 'hand over',
  actions: [{ step: 'redis.handover', what: 'hand over', reversible: false }],
  facts: [{ label: 'offset', value: '1' }],
  warnings: ['careful'],
  irreversible: [],
  voidIf: [],
  data: { group: 'sessions', handover: { pauseMs: 3000 }, siblings: ['r3'] },
  kind: 'redis.switchover',
  target: 'sessions',
  policy: defaultPolicy,
  platformDigest: 'abc',
  hash: '1',
};

describe('what two plans would do otherwise', () => {
  it('is nothing for the same plan, whatever was read and whichever platform file it was made from', () => {
    const again = { ...plan, facts: [], warnings: [], platformDigest: 'def', hash: '2' };
    expect(planDifferences(plan, again)).toEqual([]);
  });

  it('names each place with what was there and what is', () => {
    const data = { group: 'sessions', handover: { pauseMs: 5000 }, siblings: ['r3', 'r4'], sentinel: true };
    expect(planDifferences(plan, { ...plan, title: 'fail over', data })).toEqual([
      'title: "hand over" → "fail over"',
      'data.handover.pauseMs: 3000 → 5000',
      'data.siblings.1: nothing → "r4"',
      'data.sentinel: nothing → true',
    ]);
  });

  it('stays short, however much differs, and never takes two long texts for one', () => {
    const many = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`part${index}`, index]));
    const lines = planDifferences({ ...plan, data: {} }, { ...plan, data: many });
    expect([lines.length, lines.at(-1)]).toEqual([13, 'and 18 more']);
    const long = 'x'.repeat(200);
    expect(planDifferences({ ...plan, title: `${long}a` }, { ...plan, title: `${long}b` })).toHaveLength(1);
  });
});
