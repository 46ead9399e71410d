import { describe, expect, it } from 'vitest';
import type { MeantRegion, RetireFacts, StandingComponent } from '../../../src/planning/region/index.ts';
import { planRetire } from '../../../src/planning/region/index.ts';
import type { RegionRetireData, RetireStage, RetiredObject } from '../../../src/runs/index.ts';

const at = { readyWithinMs: 60_000, wave: 1 } as const;
const rendered = { digest: 'd', objects: [] };
/** b comes after the store, the store after a: so b comes after a, also where the store stays. */
const intent: MeantRegion = {
  ...{ region: 'r1', cidr: '10.1.0.0/16', pools: [], stores: { of: [], withinMs: 600_000 }, zones: {} },
  network: { segments: {}, flows: [], entries: [] },
  components: [
    { name: 'ns', after: [], ...at, rendered },
    { name: 'a', after: ['ns'], ...at, rendered },
    { name: 'store', after: ['a'], ...at, rendered },
    { name: 'b', after: ['store'], ...at, rendered },
  ],
};
const object = (kind: string, name: string): RetiredObject => ({
  ...{ apiVersion: 'v1', kind, name, namespace: 'n', uid: `${kind}-${name}`, content: 'c' },
});
const component = (name: string, objects: RetiredObject[], change: Partial<StandingComponent> = {}) => ({
  ...{ component: name, digest: 'd', objects, edited: [], foreign: [], claims: [] },
  ...change,
});
const store = [object('Service', 'store'), object('StatefulSet', 'store')];
const facts: RetireFacts = {
  ...{ edge: [], targets: [], otherClaims: [], inNamespaces: {}, inNetwork: [], findings: [] },
  components: [
    component('ns', [object('Namespace', 'n')]),
    component('a', [object('Deployment', 'a')]),
    component('store', store, { claims: [object('PersistentVolumeClaim', 'data-store-0')] }),
    component('b', [object('Deployment', 'b')]),
  ],
  network: { vpc: { region: 'r1', cidr: '10.1.0.0/16', id: 'vpc-1' }, zones: [] },
};
const empty = facts.components.filter((one) => one.component !== 'store');

function draft(stage: RetireStage, withData: boolean, change: Partial<RetireFacts> = {}) {
  const plan = planRetire(intent, { ...facts, ...change }, { stage, withData });
  if (!plan.ok) throw new Error(plan.findings.map(({ message }) => message).join());
  return plan.draft;
}
const namesOf = ({ components }: RegionRetireData): string[] => components.map((one) => one.component);

describe('the plan of a retirement', () => {
  it('takes what came last first, also where what lies between stays', () => {
    const { data } = draft('components', false);
    expect(namesOf(data)).toEqual(['b', 'a']);
    expect(data.components.map(({ after }) => after)).toEqual([[], ['b']]);
  });

  it('keeps a store with all that is beside it, and the network under it', () => {
    const { data, facts: shown } = draft('components', false);
    expect(data.network).toBeUndefined();
    expect(data.kept).toEqual([
      ...['Service/store', 'StatefulSet/store', 'PersistentVolumeClaim/data-store-0', 'Namespace/n', 'the network'],
    ]);
    expect(shown.find(({ label }) => label === 'to remove that later')?.value).toContain('--with-data');
  });

  it('takes the network with the components where no data is', () => {
    expect(draft('components', false, { components: empty }).data.network).toBeDefined();
  });

  it('leaves the network to the third approval where that is to come', () => {
    expect(draft('components', true, { components: empty }).data.network).toBeUndefined();
    const { data, needsApproval } = draft('data', true);
    expect([namesOf(data), data.claims.length, data.namespaces.length, data.network !== undefined]).toEqual([
      ...[['store'], 1, 1, true],
    ]);
    expect(needsApproval).toHaveLength(1);
  });

  it('takes volumes whose stateful set is gone, and keeps the network while they stay', () => {
    const left = component('store', [], { claims: [object('PersistentVolumeClaim', 'data-store-0')] });
    const components = [...empty, left];
    expect(draft('components', false, { components }).data.network).toBeUndefined();
    expect(draft('data', true, { components }).data.claims).toHaveLength(1);
  });

  it('keeps the network under a volume of another one, whatever is asked for', () => {
    const { data } = draft('data', true, { otherClaims: ['theirs'] });
    expect(data.network).toBeUndefined();
    expect(data.kept).toEqual(['PersistentVolumeClaim/theirs', 'the network']);
  });

  it('never takes a resource definition', () => {
    const definition = component('a', [object('CustomResourceDefinition', 'x'), object('Deployment', 'a')]);
    const { data } = draft('data', true, { components: [definition] });
    expect([namesOf(data), data.kept]).toEqual([[], ['CustomResourceDefinition/x']]);
    const plain = draft('components', true, { components: [definition] }).data;
    expect(plain.components[0]?.objects.map(({ kind }) => kind)).toEqual(['Deployment']);
  });

  it('asks for nothing where nothing is, and has no plan where something is in the way', () => {
    const rest: RetireFacts = { ...facts, components: [] };
    delete rest.network;
    const plan = planRetire(intent, rest, { stage: 'components', withData: false });
    expect(plan).toMatchObject({ ok: true, draft: { actions: [], needsApproval: [] } });
    const findings = [{ code: 'REGION_IN_USE' as const, message: 'redis.groups.g' }];
    expect(planRetire(intent, { ...facts, findings }, { stage: 'edge', withData: false })).toEqual({
      ok: false,
      findings,
    });
  });
});
