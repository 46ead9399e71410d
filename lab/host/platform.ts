import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LabHost } from './index.ts';

/** What a platform file must say for Gantry to take a host of the lab in. */
export type LabHostPlatform = {
  stateDir: string;
  host: LabHost;
  /** Of its bond, with the prefix, and the other end of its cables. */
  network?: { address: string; gateway: string };
  /** As the platform file has it. */
  bond?: Record<string, unknown>;
  /** Where its Node is; without it no run can admit it. */
  kubernetes?: { url: string; caFile: string; tokenVariable: string };
  /** Merged into the class. */
  class?: Record<string, unknown>;
  /** Of kinds of runs, in the words of the platform file. */
  policies?: { kinds?: Record<string, unknown>; [more: string]: unknown };
  /** Where a worker finds the host, if not where it is: a proxy. */
  at?: { address: string; port: number };
  reportFolder?: string;
};

/** The daemons of a node in their order, and a call of each that cannot be answered by a daemon that serves nothing. */
const services = [
  post('assetmanagerd', 8083, 'asset.v1.AssetManagerService/ListAssets', { status: 200, contains: 'assets' }),
  post('billaged', 8081, 'billing.v1.BillingService/SendHeartbeat', { status: 200, contains: 'success' }),
  post('builderd', 8082, 'builder.v1.BuilderService/GetBuildStats', { status: 200 }),
  post('metald', 8080, 'vmprovisioner.v1.VmService/GetVmInfo', { status: 404, contains: 'not_found' }),
];

function post(name: string, port: number, call: string, answer: { status: number; contains?: string }): object {
  const headers = {
    authorization: 'Bearer dev_user_gantry',
    'x-tenant-id': 'gantry',
    'content-type': 'application/json',
  };
  const url = `http://127.0.0.1:${port}/${call}`;
  return { unit: `${name}.service`, check: { by: 'http', method: 'POST', url, headers, body: '{}', ...answer } };
}

/** On cores that others use, a guest without acceleration took more than a minute for the looks of one plan. */
const guest = { profiles: { quick: { startToClose: '15m' } } };

/** Writes `platform.yaml` under the state folder. JSON is YAML, and comes with its quoting right. */
export function writeHostPlatform(options: LabHostPlatform): { path: string; reportFolder: string } {
  const { stateDir, host, network, bond = {}, kubernetes, at } = options;
  const { kinds = {}, ...policies } = options.policies ?? {};
  const { reportFolder = join(stateDir, 'reports') } = options;
  const platform = {
    version: 1,
    name: 'lab',
    regions: { local: { zones: { 'local-a': { runs: ['vm-hosts'] } } } },
    hosts: {
      classes: {
        lab: {
          ...{ cpus: 1, memory: '1GiB', eccMemory: true, sriov: false, kernels: ['6.1.'] },
          disks: [
            { count: 2, size: '1TB', medium: 'nvme', role: 'os-and-jailer' },
            { count: 4, size: '4TB', medium: 'nvme', role: 'vm-storage' },
          ],
          nics: { count: 2, gbps: 25, bonded: network !== undefined },
          reserved: { cpus: 0, memory: '256MiB' },
          densities: { little: { cpus: 1, memory: '128MiB', min: 1, max: 4 } },
          // 8 TB in step are hours of a guest without acceleration.
          storage: { mountPoint: '/srv/vm', writers: ['metald.service'], initialSync: false },
          bond: { mode: '802.3ad', mtu: 9_000, confirmWithin: '180s', ...bond },
          burnIn: { cpu: '3s', memory: '3s', disk: '3s' },
          // Without 8250.nr_uarts=0: the guest's console is its serial port.
          hardening: { kernelArguments: ['quiet', 'loglevel=1'] },
          services,
          ...options.class,
        },
      },
      inventory: {
        [host.serial]: {
          ...{ node: host.name, class: 'lab', zone: 'local-a', rack: 'r1' },
          ...{ address: at?.address ?? host.ssh.host, port: at?.port ?? host.ssh.port, user: host.ssh.user },
          privateKey: { file: host.ssh.keyFile },
          hostKey: host.hostKey.split(' ').slice(0, 2).join(' '),
          disks: host.disks.filter(({ role }) => role === 'data').map(({ serial }) => serial),
          uplinks: host.nics.map(({ mac }) => ({ mac })),
          ...(network ? { network } : {}),
        },
      },
      ...(kubernetes
        ? {
            kubernetes: {
              local: { api: kubernetes.url, ca: kubernetes.caFile, token: { env: kubernetes.tokenVariable } },
            },
          }
        : {}),
    },
    policies: { ...policies, kinds: { 'host.*': guest, ...kinds } },
    reports: { folder: reportFolder },
    notify: { file: join(stateDir, 'notices.jsonl') },
  };
  const path = join(stateDir, 'platform.yaml');
  writeFileSync(path, `${JSON.stringify(platform, null, 2)}\n`);
  return { path, reportFolder };
}
