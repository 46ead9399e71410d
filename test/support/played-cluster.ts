import type { KubeObject, KubeRef, KubernetesObjects } from '../../src/drivers/kubernetes/index.ts';
import { refOf } from '../../src/drivers/kubernetes/index.ts';
import { GantryError } from '../../src/errors/index.ts';

/** A cluster in memory: objects with versions and generations, fields with managers, and controllers that a test can hold. */
export type PlayedCluster = KubernetesObjects & {
  readonly all: ReadonlyMap<string, KubeObject>;
  /** What was written, `apply Deployment/x` or `delete Deployment/x`. */
  readonly writes: string[];
  /** As another client writes it: its fields are that client's from then on. */
  edit(object: string, change: (held: Record<string, unknown>) => void, manager?: string): void;
  /** Another client makes it. */
  put(object: KubeObject): void;
  /** What a controller says of a workload; `undefined`: it has not looked. */
  controllers: (object: KubeObject) => Record<string, unknown> | undefined;
  /** Called before each write with its line. Throw to refuse it. */
  beforeWrite: ((line: string, object: KubeObject | undefined) => void) | undefined;
};

const keyOf = ({ kind, name }: KubeRef): string => `${kind}/${name}`;

/** All pods run and are ready at once. */
export function allReady({ kind, spec, metadata }: KubeObject): Record<string, unknown> {
  const replicas = (spec as { replicas?: number } | undefined)?.replicas ?? 1;
  const observedGeneration = metadata.generation ?? 0;
  if (kind === 'DaemonSet')
    return { observedGeneration, desiredNumberScheduled: 2, updatedNumberScheduled: 2, numberAvailable: 2 };
  const counts = { replicas, updatedReplicas: replicas, availableReplicas: replicas, readyReplicas: replicas };
  return { observedGeneration, ...counts };
}

export function playCluster(): PlayedCluster {
  const all = new Map<string, KubeObject>();
  /** By object, the fields that another client took for its own. */
  const taken = new Map<string, { manager: string; fields: Set<string> }>();
  let version = 0;
  const put = (object: KubeObject, held: KubeObject | undefined): KubeObject => {
    version += 1;
    const specOf = (one: KubeObject | undefined): string => JSON.stringify(one?.['spec']);
    const former = held?.metadata.generation ?? 0;
    const generation = specOf(held) === specOf(object) && held ? former : former + 1;
    const uid = held?.metadata.uid ?? `uid-${version}`;
    const stored = { ...object, metadata: { ...object.metadata, uid, resourceVersion: String(version), generation } };
    all.set(keyOf(refOf(object)), stored);
    return stored;
  };
  const cluster: PlayedCluster = {
    where: 'https://played',
    all,
    writes: [],
    controllers: allReady,
    beforeWrite: undefined,
    edit(object, change, manager = 'kubectl-edit') {
      const held = all.get(object);
      if (!held) throw new Error(`there is no ${object}`);
      const copy = structuredClone(held);
      change(copy);
      const fields = new Set(
        leaves(copy)
          .filter((one) => !leaves(held).includes(one))
          .map((one) => one.split('=')[0] ?? ''),
      );
      taken.set(object, { manager, fields });
      put(copy, held);
    },
    async get(ref) {
      await Promise.resolve();
      const held = all.get(keyOf(ref));
      const status = held && ['Deployment', 'StatefulSet', 'DaemonSet'].includes(ref.kind) && cluster.controllers(held);
      return held && structuredClone(status ? { ...held, status } : held);
    },
    async apply(object, { dryRun = false } = {}) {
      await Promise.resolve();
      const key = keyOf(refOf(object));
      const held = all.get(key);
      const { namespace } = object.metadata;
      if (namespace !== undefined && !all.has(`Namespace/${namespace}`))
        throw new GantryError('KUBERNETES_NOT_FOUND', `namespaces "${namespace}" not found`);
      cluster.beforeWrite?.(`${dryRun ? 'try' : 'apply'} ${key}`, object);
      const other = taken.get(key);
      const conflicts = leaves(object).filter(
        (one) => other?.fields.has(one.split('=')[0] ?? '') && held && !leaves(held).includes(one),
      );
      if (other && conflicts.length > 0)
        throw new GantryError(
          'KUBERNETES_CONFLICT',
          `Apply failed with ${conflicts.length} conflict: conflict with "${other.manager}": ${conflicts.join(', ')}`,
        );
      if (dryRun) return structuredClone({ ...object, metadata: { ...object.metadata, uid: 'u' } });
      cluster.writes.push(`apply ${key}`);
      return structuredClone(put(structuredClone(object), held));
    },
    put(object) {
      put(object, all.get(keyOf(refOf(object))));
    },
    async list({ kind, namespace }) {
      await Promise.resolve();
      return structuredClone(
        [...all.values()].filter((one) => one.kind === kind && one.metadata.namespace === namespace),
      );
    },
    async contents(namespace) {
      await Promise.resolve();
      return structuredClone([...all.values()].filter((one) => one.metadata.namespace === namespace));
    },
    async delete(ref, { uid, resourceVersion }) {
      await Promise.resolve();
      const held = all.get(keyOf(ref));
      if (!held) return;
      cluster.beforeWrite?.(`delete ${keyOf(ref)}`, undefined);
      if (held.metadata.uid !== uid || held.metadata.resourceVersion !== resourceVersion)
        throw new GantryError('KUBERNETES_CONFLICT', `${keyOf(ref)} was changed`);
      cluster.writes.push(`delete ${keyOf(ref)}`);
      all.delete(keyOf(ref));
      // All that is in a namespace goes with it.
      if (ref.kind === 'Namespace')
        for (const [key, { metadata }] of all) if (metadata.namespace === ref.name) all.delete(key);
    },
  };
  return cluster;
}

/** `spec.replicas=3` for every leaf of an object. */
function leaves(value: unknown, at = ''): string[] {
  if (typeof value !== 'object' || value === null) return [`${at}=${JSON.stringify(value)}`];
  return Object.entries(value).flatMap(([key, one]) => leaves(one, at === '' ? key : `${at}.${key}`));
}
