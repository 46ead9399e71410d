import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GantryError } from '../../src/errors/index.ts';
import { until } from '../clock.ts';
import { freePort } from '../ports.ts';
import type { LabProcess } from '../process.ts';
import { startProcess } from '../process.ts';
import type { KubernetesApi } from './api.ts';
import type { AuditedChange } from './audit.ts';
import { auditedChanges } from './audit.ts';
import { kubernetesApi } from './api.ts';
import { controlPlane } from './control-plane.ts';
import type { KubernetesUser } from './credentials.ts';
import { kubeconfig, kubernetesUsers, makeCredentials } from './credentials.ts';
import { findKubernetes } from './programs.ts';
import { grantRoles } from './roles.ts';
import { slowStages } from './stages.ts';

export type { KubernetesApi, KubernetesAnswer, KubernetesObject } from './api.ts';
export type { AuditedChange } from './audit.ts';
export type { KubernetesUser } from './credentials.ts';

export type KubernetesOptions = {
  stateDir: string;
  detached?: boolean;
  /** A pod is ready so long after kwok has seen it; at once unless given. */
  podsReadyAfterMs?: number;
  /** The API server writes down what users change: `changes`. */
  audit?: boolean;
};

export type KubernetesProcess = 'etcd' | 'apiserver' | 'controller-manager' | 'scheduler' | 'kwok';

export type RunningKubernetes = {
  /** Of the API server. */
  url: string;
  /** Of the authority that signed the API server's certificate. */
  ca: string;
  /** The bearer token of a user. */
  token: (user: KubernetesUser) => string;
  /** The text of a kubeconfig file; its path is `<stateDir>/kubernetes/<user>.kubeconfig`. */
  kubeconfig: (user: KubernetesUser) => string;
  /** As a user, over plain HTTPS. */
  as: (user: KubernetesUser) => KubernetesApi;
  /** To kill or freeze one. A frozen kwok is a cluster whose kubelets fell silent. */
  process: (name: KubernetesProcess) => LabProcess;
  /** What users changed since the start, by the API server's own audit log; nothing without `audit`. */
  changes: () => AuditedChange[];
  /** The end of a cluster that nobody looks at any more: its processes are killed. */
  kill: () => Promise<void>;
  stop: () => Promise<void>;
};

/** Of each process, generously: all five took 13 s beside a load of 25 on 2 cores. */
const readyWithinMs = 180_000;

/**
 * Starts a Kubernetes control plane from nothing: etcd, API server, controller-manager and scheduler as they are, and kwok,
 * which plays the kubelet of every Node and runs no container. Resolves when a pod could be posted. 540 MB resident in all, half of it the API server.
 *
 * The user `gantry-host` may read, create, update and patch Nodes, and nothing else.
 * @throws GantryError LAB_PART_MISSING, LAB_PART_FAILED; nothing is left running then
 */
export async function startKubernetes(options: KubernetesOptions): Promise<RunningKubernetes> {
  const found = await findKubernetes();
  const dir = join(options.stateDir, 'kubernetes');
  mkdirSync(dir, { recursive: true });
  const { podsReadyAfterMs, audit = false } = options;
  const stages = podsReadyAfterMs === undefined ? found.stages : slowStages(found.stages, dir, podsReadyAfterMs);
  const programs = { ...found, stages };
  const credentials = makeCredentials(dir);
  const ports = { etcd: await freePort(), peer: await freePort(), api: await freePort() };
  const served = { manager: await freePort(), scheduler: await freePort(), kwok: await freePort() };
  const url = `https://127.0.0.1:${ports.api}`;
  for (const user of kubernetesUsers) {
    writeFileSync(join(dir, `${user}.kubeconfig`), kubeconfig(url, credentials, user), { mode: 0o600 });
  }
  const as = (user: KubernetesUser): KubernetesApi =>
    kubernetesApi({ url, ca: credentials.ca, token: credentials.tokens[user] });

  const running = new Map<KubernetesProcess, LabProcess>();
  const stop = async (): Promise<void> => {
    for (const started of [...running.values()].reverse()) await started.stop();
  };
  try {
    for (const part of controlPlane({ dir, programs, credentials, ports: { ...ports, ...served }, audit })) {
      const started = await startProcess({
        stateDir: options.stateDir,
        name: `kubernetes-${part.name}`,
        part: 'kubernetes',
        command: part.command,
        args: part.args,
        ports: part.ports,
        endpoints: part.name === 'apiserver' ? { url, kubeconfig: join(dir, 'admin.kubeconfig') } : {},
        ready: part.ready,
        readyWithinMs,
        ...(options.detached === undefined ? {} : { detached: options.detached }),
      });
      running.set(part.name, started);
    }
    await grantRoles(as('admin'));
    await takesPods(as('admin'));
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    url,
    ca: credentials.ca,
    token: (user) => credentials.tokens[user],
    kubeconfig: (user) => readFileSync(join(dir, `${user}.kubeconfig`), 'utf8'),
    as,
    process: (name) => running.get(name) as LabProcess,
    changes: () => auditedChanges(dir),
    kill: async () => {
      for (const started of [...running.values()].reverse()) await started.kill();
    },
    stop,
  };
}

/** A pod needs its namespace's service account, which the controller-manager makes a little after its own start. */
async function takesPods(admin: KubernetesApi): Promise<void> {
  const account = '/api/v1/namespaces/default/serviceaccounts/default';
  const there = await until(async () => (await admin.get(account)).status === 200, readyWithinMs, 100);
  if (!there) {
    throw new GantryError('LAB_PART_FAILED', `the controller-manager made no ${account} within ${readyWithinMs} ms`);
  }
}
