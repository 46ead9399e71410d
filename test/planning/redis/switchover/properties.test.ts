import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalJson } from '../../../../src/runs/index.ts';
import type { NodeReading } from '../../../../src/planning/redis/index.ts';
import { addresses, facts, intent, plan } from '../facts.ts';

/** Anything that may be wrong, or move, with a node. */
const reading: fc.Arbitrary<Partial<NodeReading>> = fc.record(
  {
    version: fc.constantFrom('7.0.15', '7.2.4', '6.0.9'),
    role: fc.constantFrom('primary', 'replica'),
    follows: fc.constantFrom(addresses.r1, addresses.r2, addresses.r3),
    linkUp: fc.boolean(),
    syncInProgress: fc.boolean(),
    offset: fc.integer({ min: 0, max: 6_000_000 }),
    priority: fc.integer({ min: 0, max: 100 }),
    loading: fc.boolean(),
    savingRdb: fc.boolean(),
    aofEnabled: fc.boolean(),
    hasConfigFile: fc.boolean(),
    sentinelListens: fc.boolean(),
    readOnlyAsReplica: fc.boolean(),
  },
  { requiredKeys: [] },
);

const change = fc.record({ r1: reading, r2: reading, r3: reading }, { requiredKeys: [] });

/** Offsets that stay within a quarter of the lag limit: what a minute of load does. */
const jitter = fc.record({
  r1: fc.constant(0),
  r2: fc.integer({ min: 0, max: intent.lagLimitBytes / 4 - 1 }),
  r3: fc.integer({ min: 0, max: intent.lagLimitBytes / 4 - 1 }),
});

describe('whatever the facts', () => {
  test('there is either a plan or at least one reason, never neither', () => {
    fc.assert(
      fc.property(change, (given) => {
        const planned = plan(facts(given));
        if (!planned.ok) expect(planned.findings.length).toBeGreaterThan(0);
      }),
    );
  });

  test('a plan leads from the one primary to a linked, promotable, persisting replica, and every node has one part', () => {
    fc.assert(
      fc.property(change, (given) => {
        const seen = facts(given);
        const planned = plan(seen);
        if (!planned.ok) return;
        const { primary, candidate, siblings } = planned.draft.data;
        const of = (name: string) => seen.nodes.find((node) => node.name === name)?.reading;
        expect(seen.nodes.filter((node) => node.reading?.role === 'primary').map(({ name }) => name)).toEqual([
          primary.name,
        ]);
        expect(of(candidate.name)).toMatchObject({
          role: 'replica',
          syncInProgress: false,
          loading: false,
          hasConfigFile: true,
        });
        expect(of(candidate.name)?.priority).not.toBe(0);
        expect([primary, candidate, ...siblings].map(({ name }) => name).sort()).toEqual(['r1', 'r2', 'r3']);
      }),
    );
  });

  test('the same facts give the same plan', () => {
    fc.assert(
      fc.property(change, (given) => {
        expect(plan(facts(given))).toEqual(plan(facts(given)));
      }),
    );
  });

  test('the order in which nodes are listed does not matter', () => {
    fc.assert(
      fc.property(change, (given) => {
        const seen = facts(given);
        const turned = plan({ ...seen, nodes: [...seen.nodes].reverse() });
        const straight = plan(seen);
        expect(turned.ok).toBe(straight.ok);
        if (!turned.ok || !straight.ok) return;
        expect(turned.draft.data.candidate).toEqual(straight.draft.data.candidate);
        expect(turned.draft.data.procedure).toBe(straight.draft.data.procedure);
      }),
    );
  });

  test('offsets that move under load change nothing that is hashed', () => {
    const steady = plan(facts());
    fc.assert(
      fc.property(jitter, fc.integer({ min: 0, max: 1_000_000 }), (lag, written) => {
        const offset = 5_000_000 + written;
        const moved = plan(facts({ r1: { offset }, r2: { offset: offset - lag.r2 }, r3: { offset: offset - lag.r3 } }));
        if (!moved.ok || !steady.ok) throw new Error('both have a plan');
        expect(hashedPart(moved.draft)).toBe(hashedPart(steady.draft));
      }),
    );
  });
});

/** What the hash covers, as text. */
function hashedPart(draft: object): string {
  return canonicalJson({ ...draft, facts: undefined, warnings: undefined });
}
