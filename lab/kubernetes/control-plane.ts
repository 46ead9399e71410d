import { request } from 'node:https';
import { join } from 'node:path';
import { kubernetesApi } from './api.ts';
import { auditFlags } from './audit.ts';
import type { KubernetesCredentials, KubernetesUser } from './credentials.ts';
import type { KubernetesProcess } from './index.ts';
import type { KubernetesPrograms } from './programs.ts';

type Part = {
  name: KubernetesProcess;
  command: string;
  args: readonly string[];
  ports: readonly number[];
  ready: () => Promise<boolean>;
};

export type Place = {
  dir: string;
  programs: KubernetesPrograms;
  credentials: KubernetesCredentials;
  ports: Readonly<Record<'etcd' | 'peer' | 'api' | 'manager' | 'scheduler' | 'kwok', number>>;
  /** Whether the API server writes down what users change. */
  audit: boolean;
};

/** The processes of a control plane in the order in which they start. All listen on loopback, on these ports alone. */
export function controlPlane({ dir, programs, credentials, ports, audit }: Place): readonly Part[] {
  const { ca, caFile, certFile, keyFile, accountKeyFile, tokenFile, tokens } = credentials;
  const loopback = (port: number): string => `http://127.0.0.1:${port}`;
  const config = (user: KubernetesUser): string => join(dir, `${user}.kubeconfig`);
  const certificate = [`--tls-cert-file=${certFile}`, `--tls-private-key-file=${keyFile}`];
  const api = kubernetesApi({ url: `https://127.0.0.1:${ports.api}`, ca, token: tokens.admin });
  return [
    {
      name: 'etcd',
      command: programs.etcd,
      args: [
        ...[`--data-dir=${join(dir, 'etcd')}`, '--name=lab', `--initial-cluster=lab=${loopback(ports.peer)}`],
        ...[`--listen-client-urls=${loopback(ports.etcd)}`, `--advertise-client-urls=${loopback(ports.etcd)}`],
        ...[`--listen-peer-urls=${loopback(ports.peer)}`, `--initial-advertise-peer-urls=${loopback(ports.peer)}`],
      ],
      ports: [ports.etcd, ports.peer],
      ready: async () => (await fetch(`${loopback(ports.etcd)}/health`)).ok,
    },
    {
      name: 'apiserver',
      command: programs.apiserver,
      args: [
        ...[`--etcd-servers=${loopback(ports.etcd)}`, `--secure-port=${ports.api}`, '--bind-address=127.0.0.1'],
        ...[...certificate, `--token-auth-file=${tokenFile}`, '--authorization-mode=RBAC'],
        ...[`--service-account-issuer=https://127.0.0.1:${ports.api}`, `--service-account-key-file=${accountKeyFile}`],
        ...[`--service-account-signing-key-file=${accountKeyFile}`, '--service-cluster-ip-range=10.96.0.0/16'],
        // Off by default; kubeadm and the managed services turn it on, and what opens devices of a host needs it.
        '--allow-privileged=true',
        // With it the API server takes kwok's watch, which begins at version 0, for a list in a watch, and ends it, as Debian's etcd 3.4 cannot
        // say how far a watch has come. kwok then waits longer before each next one, up to a minute, and pods stay pending meanwhile.
        '--feature-gates=WatchList=false',
        ...(audit ? auditFlags(dir) : []),
      ],
      ports: [ports.api],
      ready: async () => (await api.get('/readyz')).status === 200,
    },
    {
      name: 'controller-manager',
      command: programs.controllerManager,
      args: [
        ...[`--kubeconfig=${config('controller-manager')}`, '--leader-elect=false', '--bind-address=127.0.0.1'],
        ...[`--secure-port=${ports.manager}`, ...certificate, '--use-service-account-credentials=true'],
        ...[`--service-account-private-key-file=${accountKeyFile}`, `--root-ca-file=${caFile}`],
      ],
      ports: [ports.manager],
      ready: () => healthy(ports.manager, ca),
    },
    {
      name: 'scheduler',
      command: programs.scheduler,
      args: [
        ...[`--kubeconfig=${config('scheduler')}`, '--leader-elect=false', '--bind-address=127.0.0.1'],
        ...[`--secure-port=${ports.scheduler}`, ...certificate],
      ],
      ports: [ports.scheduler],
      ready: () => healthy(ports.scheduler, ca),
    },
    {
      name: 'kwok',
      command: programs.kwok,
      args: [
        ...[`--kubeconfig=${config('kwok')}`, '--manage-all-nodes=true', '--enable-crds='],
        ...[`--config=${programs.stages}`, `--server-address=127.0.0.1:${ports.kwok}`, '--node-ip=127.0.0.1'],
      ],
      ports: [ports.kwok],
      ready: async () => (await fetch(`${loopback(ports.kwok)}/healthz`)).ok,
    },
  ];
}

/** Whether a component that serves HTTPS calls itself healthy; anyone may ask it that. */
function healthy(port: number, ca: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const asking = request(`https://127.0.0.1:${port}/healthz`, { ca, timeout: 5_000 }, (answer) => {
      answer.resume();
      resolve(answer.statusCode === 200);
    });
    asking.once('timeout', () => asking.destroy(new Error('no answer')));
    asking.once('error', reject);
    asking.end();
  });
}
