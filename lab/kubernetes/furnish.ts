import { GantryError } from '../../src/errors/index.ts';
import type { KubernetesApi, KubernetesObject } from './api.ts';

/** What a cluster of the lab has, so that the platform's own workloads find room. */
export type Furnishing = {
  /** How many. They are played: kwok is their kubelet. */
  nodes: number;
  /** Of each of them. */
  labels?: Readonly<Record<string, string>>;
  /** Volumes that claims are bound to: the lab has no provisioner. */
  volumes: number;
};

/** Gives a cluster Nodes and volumes. What is there already stays. @throws GantryError LAB_PART_FAILED */
export async function furnish(admin: KubernetesApi, { nodes, labels = {}, volumes }: Furnishing): Promise<void> {
  for (const at of upTo(nodes)) {
    await make(admin, '/api/v1/nodes', {
      ...{ apiVersion: 'v1', kind: 'Node', metadata: { name: `n${at}`, labels: { ...labels } } },
      status: { allocatable: { cpu: '200', memory: '2000Gi', pods: '110' } },
    });
  }
  for (const at of upTo(volumes)) {
    await make(admin, '/api/v1/persistentvolumes', {
      ...{ apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name: `v${at}` } },
      spec: {
        ...{ capacity: { storage: '500Gi' }, accessModes: ['ReadWriteOnce'] },
        // Nothing is ever written there: no container runs.
        ...{ persistentVolumeReclaimPolicy: 'Retain', hostPath: { path: `/var/lib/lab/v${at}` } },
      },
    });
  }
}

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}

async function make(admin: KubernetesApi, path: string, object: KubernetesObject): Promise<void> {
  const { status, body } = await admin.post(path, object);
  if (status === 201 || status === 409) return;
  throw new GantryError('LAB_PART_FAILED', `${path} refused ${object.metadata?.name ?? ''}: ${body.message ?? status}`);
}
