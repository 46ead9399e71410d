import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ItemUnderWay, PlacedItem } from '../../src/runs/index.ts';
import { freshList } from '../../src/runs/index.ts';
import { countedFailures, nextToStart, withEnd } from '../../workflows/run/list-places.ts';

const placed = (at: number, ...shares: string[]): PlacedItem => ({ at, item: { name: `n${at}`, input: {}, shares } });
const underWay = (at: number, ...shares: string[]): ItemUnderWay => ({
  ...{ at, name: `n${at}`, workflowId: `id/${at}`, runId: 'r', shares, state: 'running', sinceMs: 0 },
});
const idOf = (item: { name: string }): string => `id/${item.name.slice(1)}`;
const rules = { window: 3, maxFailures: 0, limits: {}, parkedKeepsPlaceMs: 1_000 };

describe('the next item to start', () => {
  test('is the first, as long as there is a place', () => {
    const loaded = [placed(7), placed(8)];
    expect(nextToStart(loaded, [underWay(1), underWay(2)], idOf, rules, 0)?.at).toBe(7);
    expect(nextToStart(loaded, [underWay(1), underWay(2), underWay(3)], idOf, rules, 0)).toBeUndefined();
  });

  test('passes those by that share what is at its limit, or whose target is under way', () => {
    const limited = { ...rules, limits: { rack: 1 } };
    const now = [underWay(1, 'rack/a')];
    expect(nextToStart([placed(2, 'rack/a'), placed(3, 'rack/b')], now, idOf, limited, 0)?.at).toBe(3);
    expect(nextToStart([placed(2, 'rack/a')], now, idOf, limited, 0)).toBeUndefined();
    expect(nextToStart([placed(1, 'rack/c')], now, idOf, limited, 0)).toBeUndefined();
    expect(nextToStart([placed(2, 'rack/a')], now, idOf, { ...limited, limits: { 'rack/a': 2, rack: 1 } }, 0)?.at).toBe(
      2,
    );
  });

  test('has the place of a parked one when that has had its time, and counts that one as failed meanwhile', () => {
    const parked = { ...underWay(1), parked: { sinceMs: 0, code: 'X' } };
    const narrow = { ...rules, window: 1 };
    expect(nextToStart([placed(2)], [parked], idOf, narrow, 999)).toBeUndefined();
    expect(nextToStart([placed(2)], [parked], idOf, narrow, 1_000)?.at).toBe(2);
    expect(countedFailures(1, [parked, underWay(2)])).toBe(2);
  });

  test('never breaks the window or a limit, whatever ends first', () => {
    const racks = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(
        racks,
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 1, max: 3 }),
        fc.infiniteStream(fc.nat()),
        (list, window, perRack, picks) => {
          const loaded = list.map((rack, at) => placed(at, `rack/${rack}`));
          const now: ItemUnderWay[] = [];
          let ended = 0;
          while (loaded.length > 0 || now.length > 0) {
            const next = nextToStart(loaded, now, idOf, { ...rules, window, limits: { rack: perRack } }, 0);
            if (next) {
              loaded.splice(loaded.indexOf(next), 1);
              now.push(underWay(next.at, ...(next.item.shares ?? [])));
            } else {
              // Nothing may start: something must be under way, or the list would stand still.
              expect(now.length).toBeGreaterThan(0);
              now.splice(picks.next().value % now.length, 1);
              ended += 1;
            }
            expect(now.length).toBeLessThanOrEqual(window);
            for (const rack of [0, 1, 2, 3])
              expect(now.filter(({ shares }) => shares.includes(`rack/${rack}`)).length).toBeLessThanOrEqual(perRack);
          }
          expect(ended).toBe(list.length);
        },
      ),
      { numRuns: 60 },
    );
  });
});

test('an end is counted, summed and, where it is not done, kept for another run', () => {
  const end = { changed: true, ms: 10, measurements: { gib: 2 } } as const;
  const one = withEnd(freshList, underWay(4), { ...end, outcome: 'done' });
  const two = withEnd(one, underWay(5), { ...end, outcome: 'done', changed: false });
  const three = withEnd(two, underWay(6), { ...end, outcome: 'failed', code: 'X', message: 'm'.repeat(900) });
  expect(three).toMatchObject({
    done: 2,
    changed: 2,
    failures: 1,
    again: [6],
    msOfEnded: 30,
    measurements: { gib: 4 },
  });
  expect(three.failed[0]).toMatchObject({ at: 6, code: 'X', outcome: 'failed' });
  expect(three.failed[0]?.message.length).toBeLessThan(300);
});
