import type { KubeObject, KubernetesObjects } from '../../../src/drivers/kubernetes/index.ts';
import { refOf } from '../../../src/drivers/kubernetes/index.ts';
import type { RetireFacts, StandingComponent } from '../../../src/planning/region/index.ts';
import { differences } from '../../../src/planning/region/index.ts';
import type { Rendered } from '../components/render.ts';
import { nameOf } from '../components/render.ts';
import { asSeen, markedAs } from './objects.ts';
import { whatStays } from './remove-namespace.ts';

/** What is in the cluster of what the components say, by Gantry's mark, and the volumes of their stores. */
export async function componentsThere(
  cluster: KubernetesObjects,
  rendered: ReadonlyMap<string, Rendered>,
  namespace: string,
  { readsAll }: { readsAll: boolean },
): Promise<Pick<RetireFacts, 'components' | 'otherClaims' | 'inNamespaces'>> {
  const standing: StandingComponent[] = [];
  const all = [...rendered.values()].flatMap(({ objects }) => objects);
  const named = all.flatMap(({ metadata }) => (metadata.namespace === undefined ? [] : [metadata.namespace]));
  const claims: KubeObject[] = [];
  for (const one of new Set([namespace, ...named]))
    claims.push(...(await cluster.list({ apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace: one })));
  for (const [component, { digest, objects }] of rendered) {
    const there = await objectsThere(cluster, component, objects);
    const own = claims.filter((claim) => markedAs(claim) === undefined && isClaimOf(claim, objects));
    standing.push({ component, digest, ...there, claims: own.map(asSeen) });
  }
  const known = new Set(standing.flatMap((one) => [...one.objects, ...one.claims]).map(({ uid }) => uid));
  const others = claims.filter(({ metadata: { uid } }) => uid === undefined || !known.has(uid));
  const inNamespaces: Record<string, readonly string[]> = {};
  const own = standing.flatMap(({ objects }) => objects.filter(({ kind }) => kind === 'Namespace'));
  const going = new Set(
    standing.flatMap((one) => [...one.objects, ...one.claims]).map((one) => `${one.kind}/${one.name}`),
  );
  for (const { name } of readsAll ? own : [])
    inNamespaces[name] = (await whatStays(cluster, name)).filter((one) => !going.has(one));
  return { components: standing, otherClaims: others.map(({ metadata: { name } }) => name), inNamespaces };
}

async function objectsThere(
  cluster: KubernetesObjects,
  component: string,
  objects: readonly KubeObject[],
): Promise<Pick<StandingComponent, 'objects' | 'edited' | 'foreign'>> {
  const seen: { there: KubeObject; at: readonly string[] }[] = [];
  const foreign: string[] = [];
  for (const wanted of objects) {
    const there = await cluster.get(refOf(wanted));
    if (!there) continue;
    if (markedAs(there) !== component) foreign.push(nameOf(there));
    else seen.push({ there, at: differences(wanted, there) });
  }
  const edited = seen.filter(({ at }) => at.length > 0);
  return {
    objects: seen.map(({ there }) => asSeen(there)),
    edited: edited.map(({ there, at }) => `${nameOf(there)} at ${at.slice(0, 10).join(', ')}`),
    foreign,
  };
}

/** A stateful set names its claims after its templates, itself and the pod's number (Kubernetes, "StatefulSets"). */
function isClaimOf({ metadata: { name, namespace } }: KubeObject, objects: readonly KubeObject[]): boolean {
  return objects.some((set) => {
    if (set.kind !== 'StatefulSet' || set.metadata.namespace !== namespace) return false;
    return templatesOf(set).some((template) => {
      const start = `${template}-${set.metadata.name}-`;
      return name.startsWith(start) && /^\d+$/.test(name.slice(start.length));
    });
  });
}

function templatesOf(set: KubeObject): string[] {
  const { volumeClaimTemplates = [] } = set['spec'] as { volumeClaimTemplates?: { metadata?: { name?: string } }[] };
  return volumeClaimTemplates.flatMap(({ metadata }) => (metadata?.name === undefined ? [] : [metadata.name]));
}
