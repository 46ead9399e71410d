import fc from 'fast-check';
import { expect, test } from 'vitest';
import { mayQuarantine, planConformance } from '../../../src/planning/host/index.ts';

const plan = (serials: readonly string[], quarantine: 'report' | 'taint' = 'taint') => {
  const made = planConformance({ hosts: 'z1', serials, quarantine });
  if (!made.ok) throw new Error('refused');
  return made.draft;
};

test('every host is looked at once, in pieces of 25 at most', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 300 }), (serials) => {
      const { chunks } = plan(serials).data;
      expect(chunks.flat()).toEqual(serials);
      expect(Math.max(...chunks.map(({ length }) => length))).toBeLessThanOrEqual(25);
    }),
  );
});

test('a run quarantines one host, or a tenth of all', () => {
  expect([1, 9, 10, 25, 10_000].map(mayQuarantine)).toEqual([1, 1, 1, 2, 1_000]);
  expect(plan(['a', 'b']).data).toMatchObject({ quarantine: true, mostQuarantined: 1 });
});

test('no Node is tainted where the platform file says to report', () => {
  const draft = plan(['a'], 'report');
  expect(draft.data.quarantine).toBe(false);
  expect(draft.actions.map(({ step }) => step)).toEqual(['host.inspect-hosts']);
});

test('a name that is neither a host nor a zone with hosts is refused', () => {
  expect(planConformance({ hosts: 'x', serials: [], quarantine: 'taint' })).toMatchObject({
    ok: false,
    findings: [{ code: 'HOST_UNKNOWN', place: 'hosts' }],
  });
});
