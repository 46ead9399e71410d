import { join, resolve } from 'node:path';
import { writeFileSync } from 'node:fs';
import { startHostPair, pairAddresses } from '../../lab/host/pair.ts';
import { writeHostPlatform } from '../../lab/host/platform.ts';
import { startKubernetes } from '../../lab/kubernetes/index.ts';
import type { KubernetesObject } from '../../lab/kubernetes/index.ts';
import { withClient } from '../../src/client/index.ts';
import type { RunReport } from '../../src/runs/index.ts';
import { carryOut } from '../carry-out.ts';
import { say, table, title } from '../say.ts';
import type { Stage } from '../stage.ts';

const tokenVariable = 'GANTRY_DEMO_KUBERNETES_TOKEN';

/** What the demo proves, in figures. */
export type OnboardFigures = {
  outcomes: readonly string[];
  /** Steps of the second run that changed anything. */
  changedAgain: readonly string[];
  schedulable: boolean;
  /** Seconds of the first and the second run. */
  ranS: readonly [number, number];
};

/** A bare host becomes a Node that takes VMs, over a bond with its partner; then the same again, which changes nothing. */
export async function demoHostOnboard(stage: Stage): Promise<OnboardFigures> {
  title('Host onboarding: from empty disks to a Node that takes VMs');
  say('a host, the switch it is wired to (another guest), and a Kubernetes control plane start: one or two minutes');
  const kubernetesStarts = startKubernetes({ stateDir: stage.stateDir });
  const hostsStart = startHostPair(stage.stateDir);
  const [kubernetes, hosts] = await Promise.allSettled([kubernetesStarts, hostsStart]);
  if (kubernetes.status === 'fulfilled') stage.onClose(() => kubernetes.value.stop());
  if (hosts.status === 'fulfilled') {
    const { host, partner } = hosts.value;
    stage.onClose(async () => void (await Promise.all([host.stop(), partner.stop()])));
  }
  if (kubernetes.status === 'rejected') throw kubernetes.reason;
  if (hosts.status === 'rejected') throw hosts.reason;
  const { host } = hosts.value;
  const api = kubernetes.value;
  const caFile = join(stage.stateDir, 'kubernetes-ca.pem');
  writeFileSync(caFile, api.ca);
  const { path } = writeHostPlatform({
    ...{ stateDir: stage.stateDir, host, reportFolder: resolve('.gantry/demo/reports') },
    network: { address: pairAddresses.host, gateway: pairAddresses.partner },
    kubernetes: { url: api.url, caFile, tokenVariable },
  });
  await stage.startWorkers(path, { [tokenVariable]: api.token('gantry-host') }, 'host');
  say(
    `${host.serial}: ssh -p ${host.ssh.port} -i ${host.ssh.keyFile} root@${host.ssh.host}; 2 × 1 TB, 4 × 4 TB, empty`,
  );
  say(`Temporal: ${stage.temporal.address}, UI ${stage.temporal.uiUrl}; workers poll`);

  const input = { serial: host.serial, reason: 'to show how it goes' };
  const onboard = (): Promise<RunReport> =>
    withClient(stage.connection, (client) => carryOut(stage, client, 'host.onboard', input));
  const before = await host.ok('lsblk -rno NAME,TYPE,FSTYPE,MOUNTPOINT | grep -c . ');
  const first = await onboard();
  title('The same again');
  const second = await onboard();
  const { body: node } = await api.as('gantry-host').get(`/api/v1/nodes/${host.name}`);
  const changedAgain = second.steps.filter(({ changed }) => changed).map(({ title: what }) => what);
  const schedulable = takesVms(node);
  const ranS = [first.ms / 1_000, second.ms / 1_000] as const;

  title('Result');
  table([
    ['first run', `${first.outcome} in ${ranS[0].toFixed(1)} s, ${first.steps.length} steps`],
    ['second run', `${second.outcome} in ${ranS[1].toFixed(1)} s`],
    ['changed by the second run', changedAgain.length === 0 ? 'nothing' : changedAgain.join('; ')],
    [
      'block devices, before → after',
      `${before} → ${await host.ok('lsblk -rno NAME,TYPE,FSTYPE,MOUNTPOINT | grep -c .')}`,
    ],
    ['VM storage', await host.ok('findmnt -no SOURCE,FSTYPE,SIZE /srv/vm || echo none')],
    [
      'bond',
      await host.ok(
        'awk \'/Bonding Mode|Number of ports|Partner Mac/ { sub(/^[ \\t]+/, ""); printf "%s; ", $0 }\' /proc/net/bonding/bond0',
      ),
    ],
    ['Node', `${node.metadata?.name ?? 'none'}: ${schedulable ? 'takes VMs' : 'DOES NOT TAKE VMS'}`],
    ['annotations', Object.keys(node.metadata?.annotations ?? {}).join(', ')],
    ['report', second.published ?? 'not published'],
  ]);
  return { outcomes: [first.outcome, second.outcome], changedAgain, schedulable, ranS };
}

function takesVms({ spec = {} }: KubernetesObject): boolean {
  const taints = Array.isArray(spec['taints']) ? (spec['taints'] as { key?: string }[]) : [];
  return spec['unschedulable'] !== true && !taints.some(({ key = '' }) => key.startsWith('gantry'));
}
