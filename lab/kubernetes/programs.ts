import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { GantryError } from '../../src/errors/index.ts';
import { cacheDir, onPath } from '../programs.ts';

/** What scripts/setup-kubernetes.sh builds: a test compares. */
export const kubernetesVersion = '1.36.3';

/** Whose resource definitions the script brings, from the module istio.io/api: a test compares. */
export const istioVersion = '1.31.4';

const script = 'scripts/setup-kubernetes.sh';

/** The programs of a control plane, and the file of stages by which kwok plays kubelets. */
export type KubernetesPrograms = {
  etcd: string;
  apiserver: string;
  controllerManager: string;
  scheduler: string;
  kwok: string;
  stages: string;
};

/**
 * `etcd` on PATH, the others in the project's cache.
 * @throws GantryError LAB_PART_MISSING
 */
export async function findKubernetes(): Promise<KubernetesPrograms> {
  const etcd = onPath('etcd');
  if (!etcd) throw missing('etcd is not on PATH');
  const root = join(cacheDir(), `kubernetes-${kubernetesVersion}`);
  if (!existsSync(join(root, '.complete'))) throw missing(`not at ${root}`);
  return {
    etcd,
    apiserver: join(root, 'kube-apiserver'),
    controllerManager: join(root, 'kube-controller-manager'),
    scheduler: join(root, 'kube-scheduler'),
    kwok: join(root, 'kwok'),
    stages: join(root, 'stages.yaml'),
  };
}

/** The file of Istio's resource definitions. @throws GantryError LAB_PART_MISSING */
export async function findIstio(): Promise<string> {
  const file = join(cacheDir(), `istio-definitions-${istioVersion}.yaml`);
  if (existsSync(file)) return file;
  throw missing(`Istio's resource definitions are not at ${file}`);
}

function missing(why: string): GantryError {
  return new GantryError('LAB_PART_MISSING', `Kubernetes: ${why}. Run: ${script}`, {
    evidence: { part: 'kubernetes', why, command: script },
  });
}
