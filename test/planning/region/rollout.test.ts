import { describe, expect, it } from 'vitest';
import type { RolloutFacts, MeantRegion } from '../../../src/planning/region/index.ts';
import { mermaid, planRollout } from '../../../src/planning/region/index.ts';

const intent: MeantRegion = {
  ...{ region: 'r1', cidr: '10.1.0.0/16' },
  pools: [],
  stores: { of: [], withinMs: 600_000 },
  zones: { z1: { public: '10.1.0.0/24', app: '10.1.1.0/24' }, z2: { public: '10.1.2.0/24', app: '10.1.3.0/24' } },
  network: {
    segments: { public: { members: ['balancers', 'nat-gateways'] }, app: { members: ['services'] } },
    flows: [{ from: 'app', source: 'services', to: 'public', target: 'nat-gateways', ports: [443] }],
    entries: [],
  },
  components: [
    { name: 'a', after: [], wave: 1, readyWithinMs: 60_000, rendered: { digest: 'd1', objects: ['Deployment/a'] } },
    { name: 'b', after: ['a'], wave: 1, readyWithinMs: 60_000, rendered: { digest: 'd2', objects: ['StatefulSet/b'] } },
    { name: 'dns', after: [], wave: 1, readyWithinMs: 60_000, external: 'its operator' },
  ],
};
const facts: RolloutFacts = {
  vpcs: [],
  subnets: [],
  addresses: { quota: 5, there: 3, own: 0 },
  standing: {},
  edge: [],
  findings: [],
};
const own = { id: 'vpc-1', cidr: '10.1.0.0/16', isDefault: false, own: true };

function planned(change: Partial<RolloutFacts> = {}) {
  const plan = planRollout(intent, { ...facts, ...change });
  if (!plan.ok) throw new Error(plan.findings.map(({ message }) => message).join());
  return plan.draft;
}
function codes(change: Partial<RolloutFacts>): string[] {
  const plan = planRollout(intent, { ...facts, ...change });
  return plan.ok ? [] : plan.findings.map(({ code, message }) => `${code}: ${message}`);
}

describe('the plan of a region', () => {
  it('says what will be done in the order of the graph, and what stays when it is undone', () => {
    const { actions, data } = planned();
    expect(data.zones.map(({ natIn }) => natIn)).toEqual(['public', 'public']);
    expect(data.components.map(({ component, after }) => [component, after])).toEqual([
      ['a', []],
      ['b', ['a']],
    ]);
    const applied = actions.filter(({ step }) => step === 'region.apply-component');
    expect(applied.map(({ reversible }) => reversible)).toEqual([true, false]);
  });

  it('is the same however far an earlier run has come, so that it is approved once', () => {
    const { facts: before, ...rest } = planned();
    const standing = { a: { missing: 0, different: 0, same: 1, untried: 0 } };
    const { facts: after, ...same } = planned({ vpcs: [own], standing, addresses: { quota: 5, there: 3, own: 2 } });
    expect(same).toEqual(rest);
    expect(after).not.toEqual(before);
  });

  it.each([
    [
      'a VPC of another one with its addresses',
      { vpcs: [{ ...own, own: false, cidr: '10.1.128.0/20' }] },
      'REGION_ADDRESSES_TAKEN: 10.1.0.0/16 overlaps 10.1.128.0/20 of vpc-1',
    ],
    ['two VPCs with its tags', { vpcs: [own, { ...own, id: 'vpc-2' }] }, 'REGION_DUPLICATE'],
    ['its VPC with another range', { vpcs: [{ ...own, cidr: '10.9.0.0/16' }] }, 'REGION_NETWORK_DIFFERS'],
    [
      'a subnet by hand in the way',
      { vpcs: [own], subnets: [{ id: 's', cidr: '10.1.1.128/25', zone: 'z1' }] },
      'REGION_ADDRESSES_TAKEN: 10.1.1.0/24 (app in z1) overlaps the subnet s',
    ],
    [
      'its own subnet with another range',
      { vpcs: [own], subnets: [{ id: 's', cidr: '10.1.9.0/24', zone: 'z1', segment: 'app' }] },
      'REGION_NETWORK_DIFFERS: s (app in z1) has 10.1.9.0/24, the file says 10.1.1.0/24',
    ],
    ['too few addresses', { addresses: { quota: 4, there: 3, own: 0 } }, 'REGION_QUOTA: 2 more elastic addresses'],
  ])('is refused by %s', (_what, change, said) => {
    expect(codes(change)).toEqual([expect.stringContaining(said)]);
  });

  it('is not refused by the default VPC, by what is as it should be, or by addresses of its own', () => {
    const there = [{ id: 's', cidr: '10.1.1.0/24', zone: 'z1', segment: 'app' }];
    expect(codes({ vpcs: [{ ...own, own: false, isDefault: true }] })).toEqual([]);
    expect(codes({ vpcs: [own], subnets: there, addresses: { quota: 3, there: 3, own: 2 } })).toEqual([]);
  });

  it('tells every finding at once', () => {
    const more = codes({ vpcs: [{ ...own, own: false }], addresses: { quota: 1, there: 1, own: 0 } });
    expect(more.map((one) => one.split(':')[0])).toEqual(['REGION_ADDRESSES_TAKEN', 'REGION_QUOTA']);
  });

  it('draws the graph without the edges that another way says', () => {
    const after = { a: [], b: ['a'], c: ['a', 'b'] };
    expect(mermaid(Object.entries(after).map(([component, one]) => ({ component, after: one })))).toBe(
      'graph LR\nnetwork --> a\na --> b\nb --> c',
    );
  });
});
