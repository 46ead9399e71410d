import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import { startWorkerProcess } from '../../../demo/worker-process.ts';
import type { TcpProxy } from '../../../lab/faults/tcp-proxy.ts';
import { startTcpProxy } from '../../../lab/faults/tcp-proxy.ts';
import type { LabHost } from '../../../lab/host/index.ts';
import { byId } from '../../../lab/host/disks.ts';
import { pairAddresses, startHostPair } from '../../../lab/host/pair.ts';
import { writeHostPlatform } from '../../../lab/host/platform.ts';
import type { RunningKubernetes } from '../../../lab/kubernetes/index.ts';
import { startKubernetes } from '../../../lab/kubernetes/index.ts';
import type { LabProcess } from '../../../lab/process.ts';
import { startTemporal } from '../../../lab/temporal/temporal.ts';
import { connect } from '../../../src/client/index.ts';

/** A bare host with its switch and its control plane; a worker that reaches it through a proxy, and a disk that is not its own. */
export type OnboardScene = {
  client: Client;
  host: LabHost;
  proxy: TcpProxy;
  kubernetes: RunningKubernetes;
  /** Killed without warning; another one takes over. */
  killWorker: () => Promise<void>;
  /** SHA-256 of the disk that belongs to another one. */
  guard: () => Promise<string>;
  close: () => Promise<void>;
};

const tokenVariable = 'GANTRY_SWEEP_KUBERNETES_TOKEN';
const guardBytes = 64 * 1024 * 1024;

export async function startOnboardScene(stateDir: string): Promise<OnboardScene> {
  mkdirSync(stateDir, { recursive: true });
  const stops: (() => unknown)[] = [];
  const close = async (): Promise<void> => {
    for (let stop = stops.pop(); stop; stop = stops.pop()) await stop();
  };
  try {
    const temporal = await startTemporal({ stateDir, dbFile: join(stateDir, 'temporal.db') });
    stops.push(() => temporal.stop());
    const kubernetes = await startKubernetes({ stateDir });
    stops.push(() => kubernetes.stop());
    const { host, partner } = await startHostPair(stateDir);
    stops.push(() => Promise.all([host.stop(), partner.stop()]));
    const proxy = await startTcpProxy({ target: { host: host.ssh.host, port: host.ssh.port } });
    stops.push(() => proxy.stop());
    const caFile = join(stateDir, 'kubernetes-ca.pem');
    writeFileSync(caFile, kubernetes.ca);
    const { path } = writeHostPlatform({
      ...{ stateDir, host, at: { address: proxy.host, port: proxy.port } },
      network: { address: pairAddresses.host, gateway: pairAddresses.partner },
      kubernetes: { url: kubernetes.url, caFile, tokenVariable },
    });
    const { address, namespace } = temporal;
    const connection = { address, namespace, options: { address } };
    const startWorker = (): Promise<LabProcess> =>
      startWorkerProcess({
        ...{ stateDir, connection, platformFile: path, domain: 'host' as const },
        env: { [tokenVariable]: kubernetes.token('gantry-host') },
      });
    let worker = await startWorker();
    stops.push(() => worker.kill());
    const client = await connect(connection);
    stops.push(() => client.connection.close());
    await makeGuard(host);
    return {
      ...{ client, host, proxy, kubernetes, close },
      guard: async () => (await host.ok(`sha256sum ${guardOf(host)}`)).split(' ')[0] ?? '',
      killWorker: async () => {
        await worker.kill();
        worker = await startWorker();
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The rest of the second system disk, of which Gantry knows nothing. */
function guardOf({ disks }: LabHost): string {
  const second = disks.filter(({ role }) => role === 'os')[1];
  return `${byId(second ?? { serial: '' })}-part3`;
}

async function makeGuard(host: LabHost): Promise<void> {
  const guard = guardOf(host);
  const disk = guard.replace(/-part3$/, '');
  await host.ok(`sgdisk -n 3:0:+${guardBytes / 1024 / 1024}M ${disk} && partx -u ${disk} && udevadm settle`);
  await host.ok(`mkfs.ext4 -q -L guard ${guard} && mount ${guard} /mnt && cp -r /etc /mnt/etc && umount /mnt && sync`);
}
