import { describe, expect, it } from 'vitest';
import type { EdgeIntent, MeantRegion } from '../../../src/planning/region/index.ts';
import { planDrift, planRollout, regionAsMeant } from '../../../src/planning/region/index.ts';

const edge: EdgeIntent = {
  balancer: { name: 'edge-r1', type: 'application', segment: 'public', member: 'balancers', port: 443 },
  targets: { port: 8000 },
  dns: { zone: 'Z1', name: 'r1.api.example', group: 'g.api.example', geoAlias: 'api.example' },
  servedWithinMs: 60_000,
};

function region(own: EdgeIntent | undefined): MeantRegion {
  return {
    ...{ region: 'r1', cidr: '10.1.0.0/16', components: [], pools: [], stores: { of: [], withinMs: 600_000 } },
    zones: { z1: { public: '10.1.0.0/24' }, z2: { public: '10.1.2.0/24' } },
    network: { segments: { public: { members: ['balancers'] } }, flows: [], entries: [] },
    ...(own ? { edge: own } : {}),
  };
}
const meant = (change: Partial<EdgeIntent>) => regionAsMeant(region({ ...edge, ...change })).edge;
const facts = { vpcs: [], subnets: [], addresses: { there: 0, own: 0 }, standing: {}, edge: [], findings: [] };

describe('the edge as the file means it', () => {
  it('stands in every zone, in the security group of its member', () => {
    expect(meant({})?.balancer).toMatchObject({ zones: ['z1', 'z2'], group: 'public.balancers' });
  });

  it.each([
    ['application', undefined, 'HTTP', { protocol: 'HTTP', port: 8000, path: '/' }],
    ['application', 'arn', 'HTTPS', { protocol: 'HTTP', port: 8000, path: '/' }],
    ['network', undefined, 'TCP', { protocol: 'TCP', port: 8000 }],
    ['network', 'arn', 'TLS', { protocol: 'TCP', port: 8000 }],
  ] as const)('%s with the certificate %s speaks %s', (type, certificate, protocol, targets) => {
    const balancer = { ...edge.balancer, type, ...(certificate === undefined ? {} : { certificate }) };
    expect(meant({ balancer })).toMatchObject({ balancer: { protocol }, targets });
    expect(meant({ balancer })?.targets).toEqual(targets);
  });

  it('is asked from outside by a connection, or at a path by what it speaks there', () => {
    expect(meant({})?.health).toBeUndefined();
    expect(meant({ healthCheck: {} })?.health).toEqual({ protocol: 'TCP', port: 443 });
    expect(meant({ healthCheck: { path: '/r' } })?.health).toEqual({ protocol: 'HTTPS', port: 443, path: '/r' });
    const balancer = { ...edge.balancer, port: 80 };
    expect(meant({ balancer, healthCheck: { path: '/r' } })?.health).toMatchObject({ protocol: 'HTTP', port: 80 });
  });
});

describe('the plan of a region with an edge', () => {
  const stepsOf = (own: EdgeIntent | undefined): string[] => {
    const plan = planRollout(region(own), facts);
    return plan.ok ? plan.draft.actions.map(({ step }) => step) : [];
  };

  it('ends with the edge; what the file does not name is not announced', () => {
    expect(stepsOf(edge).slice(-5)).toEqual(
      ['make-target-group', 'make-load-balancer', 'make-listener', 'set-edge-records', 'edge-served'].map(
        (one) => `region.${one}`,
      ),
    );
    const whole = stepsOf({ ...edge, webAcl: 'arn', healthCheck: {} });
    expect(whole).toEqual(expect.arrayContaining(['region.attach-web-acl', 'region.make-health-check']));
    expect(stepsOf(undefined).some((step) => /edge|balancer|listener/.test(step))).toBe(false);
  });

  it('how it stands is among the facts, and none of what is approved', () => {
    const standing = { ...facts, edge: [{ place: 'records', words: 'r1 has weight 25' }] };
    const [before, after] = [planRollout(region(edge), facts), planRollout(region(edge), standing)];
    if (!before.ok || !after.ok) throw new Error('nothing is in the way');
    expect(after.draft.facts).toContainEqual({ label: 'edge: records', value: 'r1 has weight 25' });
    expect({ ...after.draft, facts: [] }).toEqual({ ...before.draft, facts: [] });
  });

  it('a drift compares it where there is one', () => {
    const steps = (own: EdgeIntent | undefined): string[] => {
      const plan = planDrift(region(own), []);
      return plan.ok ? plan.draft.actions.map(({ step }) => step) : [];
    };
    expect(steps(edge)).toContain('region.compare-edge');
    expect(steps(undefined)).not.toContain('region.compare-edge');
  });
});
