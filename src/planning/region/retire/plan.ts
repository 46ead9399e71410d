import type {
  ActionOf,
  DraftOf,
  PlannedEdge,
  RegionEdge,
  RegionRetireData,
  RetireStage,
  RetiredObject,
} from '../../../runs/index.ts';
import { regionAsMeant } from '../meant/region.ts';
import type { MeantRegion } from '../meant/types.ts';
import type { Finding } from '../types.ts';
import { actionsOf } from './actions.ts';
import { goesAfter, goingOrder } from './order.ts';
import type { RetireFacts, StandingComponent } from './types.ts';

export type RetirePlanning =
  { ok: true; draft: DraftOf<'region.retire', RegionRetireData> } | { ok: false; findings: readonly Finding[] };

/** Kinds that hold data: a component that has one goes, or stays, as a whole. What is beside a store is what it cannot run without. */
const dataKinds: readonly string[] = ['StatefulSet', 'PersistentVolumeClaim'];
/** It goes with every object of its kind, in all namespaces: by hand alone. */
const neverGoes = 'CustomResourceDefinition';

/**
 * What is there of a region, by Gantry's own marks → what one stage of its retirement takes away, or everything that is in the way. Each stage
 * is planned by itself, from what is there then. Pure. Runbook: docs/region/retire.md.
 */
export function planRetire(
  intent: MeantRegion,
  facts: RetireFacts,
  { stage, withData }: { stage: RetireStage; withData: boolean },
): RetirePlanning {
  if (facts.findings.length > 0) return { ok: false, findings: facts.findings };
  const all = stagesOf(intent, facts, withData);
  const data = all[stage];
  const { region } = intent;
  const actions = actionsOf(data);
  const { kept } = stage === 'edge' ? all.components : data;
  const later = (['components', 'data'] as const).filter((one) => stage === 'edge' && (withData || one !== 'data'));
  return {
    ok: true,
    draft: {
      title: titleOf(data, actions),
      actions,
      facts: [
        ...(stage === 'edge' ? facts.edge.map(({ place, words }) => ({ label: `edge: ${place}`, value: words })) : []),
        ...later.flatMap((name) => shownLater(name, all[name])),
        ...(kept.length > 0 ? [{ label: 'stays', value: kept.join(', ') }] : []),
        ...(kept.length > 0 && !withData ? [{ label: 'to remove that later', value: laterWords(region) }] : []),
        ...others(facts, stage),
      ],
      warnings: warningsOf(facts, data),
      irreversible: irreversibleOf(data, facts),
      needsApproval: actions.length === 0 ? [] : [whyAsked[stage]],
      voidIf: [
        'what is to go is changed, created again or removed by another client',
        'a changed platform file or manifest',
      ],
      data,
    },
  };
}

const whyAsked: Readonly<Record<RetireStage, string>> = {
  edge: 'the edge of a region is taken away',
  components: 'what runs in a region is taken away',
  data: 'data is deleted, and does not come back',
};

function stagesOf(
  intent: MeantRegion,
  facts: RetireFacts,
  withData: boolean,
): Readonly<Record<RetireStage, RegionRetireData>> {
  const { region } = intent;
  const meant = regionAsMeant(intent);
  const going = facts.components.filter(({ objects }) => objects.some(mayGo));
  const stores = going.filter(holdsData);
  const emptied = facts.components.filter(({ claims }) => claims.length > 0);
  const namespaces = facts.components.flatMap(({ objects }) => objects.filter(({ kind }) => kind === 'Namespace'));
  const definitions = facts.components.flatMap(({ objects }) => objects.filter(({ kind }) => kind === neverGoes));
  const holds = [...stores.flatMap(({ objects }) => objects.filter(isData)), ...emptied.flatMap((one) => one.claims)];
  const dataStays = facts.otherClaims.length > 0 || (!withData && holds.length > 0);
  const network = facts.network && !dataStays ? { network: facts.network } : {};
  const kept = [
    ...definitions.map(words),
    ...facts.otherClaims.map((name) => `PersistentVolumeClaim/${name}`),
    ...(withData
      ? []
      : [
          ...stores.flatMap(({ objects }) => objects.filter(mayGo)),
          ...emptied.flatMap((one) => one.claims),
          ...namespaces,
        ].map(words)),
    ...(dataStays && facts.network ? ['the network'] : []),
  ];
  const componentsOf = (some: readonly StandingComponent[]): RegionRetireData['components'] => {
    const names = some.map(({ component }) => component);
    return goingOrder(names, meant.components).flatMap((name) => {
      const found = some.find(({ component }) => component === name);
      if (!found) return [];
      const { component, digest, objects } = found;
      const after = goesAfter(component, names, meant.components);
      return [{ region, component, digest, objects: objects.filter(mayGo), after }];
    });
  };
  const nothing = { region, components: [], claims: [], namespaces: [], kept };
  const { edge } = meant;
  const edgeIsThere = facts.edge.some(({ there }) => there);
  return {
    edge: { ...nothing, kept: [], stage: 'edge', ...(edge && edgeIsThere ? { edge: withoutGate(edge) } : {}) },
    components: {
      ...{ ...nothing, stage: 'components', components: componentsOf(going.filter((one) => !holdsData(one))) },
      ...(withData ? {} : network),
    },
    data: {
      ...{ ...nothing, stage: 'data', components: componentsOf(stores), ...network },
      claims: emptied.map(({ component, claims }) => ({ region, component, claims })),
      namespaces: namespaces.map((namespace) => ({ region, namespace })),
    },
  };
}

function withoutGate({ servedWithinMs: _gate, ...edge }: PlannedEdge): RegionEdge {
  return edge;
}

/** A namespace goes by itself, after all that is in it. */
function mayGo({ kind }: RetiredObject): boolean {
  return kind !== 'Namespace' && kind !== neverGoes;
}

function isData({ kind }: RetiredObject): boolean {
  return dataKinds.includes(kind);
}

function holdsData({ objects, claims }: StandingComponent): boolean {
  return claims.length > 0 || objects.some(isData);
}

function words({ kind, name }: RetiredObject): string {
  return `${kind}/${name}`;
}

function titleOf(
  { region, stage, components, namespaces, network }: RegionRetireData,
  actions: readonly unknown[],
): string {
  const what = [
    ...(stage === 'edge' ? ['its edge'] : []),
    ...(components.length > 0 ? [`${components.length} components${stage === 'data' ? ' that hold data' : ''}`] : []),
    ...(namespaces.length > 0 ? [`${namespaces.length} namespaces`] : []),
    ...(network ? ['its network'] : []),
  ];
  return actions.length === 0
    ? `Retire ${region}, ${stage}: nothing of it is there`
    : `Retire ${region}: take away ${what.join(', ')}`;
}

function shownLater(stage: 'components' | 'data', data: RegionRetireData): { label: string; value: string }[] {
  const which = stage === 'data' ? 'third' : 'second';
  const actions: readonly ActionOf<'region.retire'>[] = actionsOf(data);
  return actions.map(({ what }, at) => ({ label: `after a ${which} approval, ${at + 1}`, value: what }));
}

function laterWords(region: string): string {
  return `the same run with \`withData\`: \`gantry region retire ${region} --with-data\``;
}

function others(
  { components, inNamespaces, inNetwork }: RetireFacts,
  stage: RetireStage,
): { label: string; value: string }[] {
  const foreign = components.flatMap((one) => one.foreign);
  return [
    ...(foreign.length > 0 ? [{ label: 'not Gantry’s, and stays', value: foreign.join(', ') }] : []),
    ...Object.entries(inNamespaces)
      .filter(([, all]) => stage !== 'components' && all.length > 0)
      .map(([name, all]) => ({ label: `in the namespace ${name} now`, value: all.slice(0, 50).join(', ') })),
    ...(inNetwork.length > 0 ? [{ label: 'in the network, by others', value: inNetwork.slice(0, 50).join(', ') }] : []),
  ];
}

function warningsOf({ components, inNetwork, targets }: RetireFacts, { stage, network }: RegionRetireData): string[] {
  const edited = components.flatMap((one) => one.edited);
  return [
    ...(stage === 'edge' && targets.length > 0
      ? [`targets are registered still: ${targets.slice(0, 20).join(', ')}`]
      : []),
    ...(stage !== 'edge' && edited.length > 0 ? [`other clients have changed ${edited.slice(0, 20).join('; ')}`] : []),
    ...(network && inNetwork.length > 0
      ? ['the run will park before the network, until what others put there is gone']
      : []),
  ];
}

function irreversibleOf(
  { stage, network, claims, components, edge }: RegionRetireData,
  { targets }: RetireFacts,
): string[] {
  return [
    ...(edge ? ['A load balancer that is made again has another name in DNS and other addresses.'] : []),
    ...(edge && targets.length > 0 ? ['Whatever is registered in the target group has to register again.'] : []),
    ...(stage === 'data' && components.length + claims.length > 0
      ? ['What the volumes hold is gone with their claims, unless their storage class retains it.']
      : []),
    ...(network
      ? ['The addresses of NAT gateways are released: others may get them, and allow lists may name them.']
      : []),
  ];
}
