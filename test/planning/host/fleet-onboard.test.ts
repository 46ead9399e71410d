import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FleetHost, FleetIntent } from '../../../src/planning/host/index.ts';
import { planFleetOnboard } from '../../../src/planning/host/index.ts';

const intent: FleetIntent = {
  ...{ zone: 'z1', class: 'small', window: 10, maxFailures: 3, perRack: 2, perLink: 4, hostMs: 3_600_000 },
};
const host = (rack: string, at: number, link?: string): FleetHost => ({
  ...{ serial: `${rack}${at}`, node: `n-${rack}${at}`, rack },
  ...(link ? { link } : {}),
});
const planned = (pool: readonly FleetHost[], change: Partial<FleetIntent> = {}) => {
  const planning = planFleetOnboard({ ...intent, ...change }, pool);
  if (!planning.ok) throw new Error(planning.findings.map(({ message }) => message).join());
  return planning;
};
const fact = (pool: readonly FleetHost[], label: string, change: Partial<FleetIntent> = {}): string | undefined =>
  planned(pool, change).draft.facts.find((one) => one.label === label)?.value;

describe('the plan of a fleet', () => {
  it('starts the racks in turn, so that the limit of one holds none of the others up', () => {
    const pool = [host('a', 1), host('a', 2), host('a', 3), host('b', 1), host('b', 2), host('c', 1)];
    expect(planned(pool).items.map(({ name }) => name)).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'a3']);
  });

  it('gives each host a share of its rack and of its link, and the limits of the platform file', () => {
    const { items, data } = planned([host('a', 1, 'l1'), host('b', 1)]);
    expect(items.map(({ input, shares }) => [input, shares])).toEqual([
      [{ serial: 'a1' }, ['rack/a', 'link/l1']],
      [{ serial: 'b1' }, ['rack/b']],
    ]);
    expect(data).toMatchObject({ window: 10, maxFailures: 3, limits: { rack: 2, link: 4 } });
  });

  it('estimates by whatever is the narrowest, and warns where that is not the window', () => {
    const spread = Array.from({ length: 20 }, (_, at) => host(`r${at}`, 1));
    const oneRack = Array.from({ length: 20 }, (_, at) => host('r', at));
    expect(fact(spread, 'all together')).toBe('about 2.0 h');
    expect(planned(spread).draft.warnings).toEqual([]);
    expect(fact(oneRack, 'all together')).toBe('about 10.0 h');
    expect(planned(oneRack).draft.warnings).toEqual([
      expect.stringMatching(/10\.0 h; the window alone would allow 2\.0 h/),
    ]);
  });

  it('names some hosts and counts the others; takes only those that were asked for', () => {
    const pool = Array.from({ length: 100 }, (_, at) => host(`r${at}`, 1));
    const { draft } = planned(pool);
    expect(draft.actions).toHaveLength(41);
    expect(draft.actions.at(-1)?.what).toBe('and 60 more hosts');
    expect(planned(pool, { serials: ['r71', 'r31'] }).items.map(({ name }) => name)).toEqual(['r31', 'r71']);
  });

  it('refuses an empty pool, and names every host that is not in it', () => {
    expect(planFleetOnboard(intent, [])).toMatchObject({ ok: false, findings: [{ code: 'HOST_POOL_EMPTY' }] });
    const asked = planFleetOnboard({ ...intent, serials: ['x', 'a1', 'y'] }, [host('a', 1)]);
    expect(asked).toMatchObject({ ok: false, findings: [{ code: 'HOST_NOT_IN_POOL' }, { code: 'HOST_NOT_IN_POOL' }] });
  });

  it('has every host once, in the same order whatever the order of the file', () => {
    const pools = fc.uniqueArray(fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.nat(50)), {
      minLength: 1,
      selector: ([rack, at]) => `${rack}${at}`,
    });
    fc.assert(
      fc.property(pools, (list) => {
        const pool = list.map(([rack, at]) => host(rack, at));
        const names = planned(pool).items.map(({ name }) => name);
        expect(names.toSorted()).toEqual(pool.map(({ serial }) => serial).toSorted());
        expect(planned(pool.toReversed()).items.map(({ name }) => name)).toEqual(names);
      }),
    );
  });
});
