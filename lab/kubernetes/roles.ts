import { GantryError } from '../../src/errors/index.ts';
import type { KubernetesApi, KubernetesObject } from './api.ts';

const group = 'rbac.authorization.k8s.io';

/** What Gantry's worker for compute hosts may do, and no more: Nodes are read, made and changed, never deleted. */
const hostRole: KubernetesObject = {
  apiVersion: `${group}/v1`,
  kind: 'ClusterRole',
  metadata: { name: 'gantry-host' },
  rules: [{ apiGroups: [''], resources: ['nodes'], verbs: ['get', 'list', 'watch', 'create', 'update', 'patch'] }],
};

const hostBinding: KubernetesObject = {
  apiVersion: `${group}/v1`,
  kind: 'ClusterRoleBinding',
  metadata: { name: 'gantry-host' },
  roleRef: { apiGroup: group, kind: 'ClusterRole', name: 'gantry-host' },
  subjects: [{ apiGroup: group, kind: 'User', name: 'gantry-host' }],
};

/** @throws GantryError LAB_PART_FAILED */
export async function grantRoles(admin: KubernetesApi): Promise<void> {
  for (const [kind, object] of [
    ['clusterroles', hostRole],
    ['clusterrolebindings', hostBinding],
  ] as const) {
    const { status, body } = await admin.post(`/apis/${group}/v1/${kind}`, object);
    if (status !== 201 && status !== 409) {
      throw new GantryError('LAB_PART_FAILED', `the API server refused ${kind}/gantry-host: ${body.message}`);
    }
  }
}
