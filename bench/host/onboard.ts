import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import { startWorkerProcess } from '../../demo/worker-process.ts';
import { pairAddresses, startHostPair } from '../../lab/host/pair.ts';
import { writeHostPlatform } from '../../lab/host/platform.ts';
import { startKubernetes } from '../../lab/kubernetes/index.ts';
import type { RunReport } from '../../src/runs/index.ts';
import { defineBench } from '../bench.ts';
import { atEnd } from '../cleanup.ts';
import { benchServer, carryOut } from '../gantry.ts';
import { oneMinuteLoad, rounded } from '../statistics.ts';

/** What the bench `host-onboard` answers. */
export type HostOnboardResult = {
  bench: 'host-onboard';
  firstRunS: number;
  secondRunS: number;
  /** Of the first run: what its steps did not take. */
  overheadShare: number;
  /** TCP connections that sshd of the host accepted during the first run. */
  connections: number;
  steps: readonly { title: string; s: number }[];
  load: readonly number[];
};

const tokenVariable = 'GANTRY_BENCH_KUBERNETES_TOKEN';

/** A bare host of the lab is taken in, then the same again. */
export const hostOnboard = defineBench<HostOnboardResult>({
  name: 'host-onboard',
  summary: 'a bare host to a Node that takes VMs, and the same again: time, overhead, SSH connections',
  settings: [
    'Debian 12 in qemu without acceleration (tcg), 1 CPU, 1.5 GB; a second guest is its switch; a login takes seconds there',
    'RAID10 over 4 × 4 TB sparse NVMe, 802.3ad over two cards, one reboot, burn-in of 3 × 3 s',
    'Kubernetes control plane of the lab with kwok; Temporal dev server of the lab, SQLite on a file',
    'overheadShare: what of the run is in no step, of the run’s time',
  ],
  async run(_options, say) {
    const loadBefore = oneMinuteLoad();
    const server = await benchServer();
    const { stateDir, temporal, client } = server;
    say('booting the host and its switch, starting the control plane');
    const kubernetes = await startKubernetes({ stateDir });
    atEnd(() => kubernetes.stop());
    const { host, partner } = await startHostPair(stateDir);
    atEnd(async () => void (await Promise.all([host.stop(), partner.stop()])));
    const caFile = join(stateDir, 'kubernetes-ca.pem');
    writeFileSync(caFile, kubernetes.ca);
    const { path } = writeHostPlatform({
      ...{ stateDir, host, policies: unattended },
      network: { address: pairAddresses.host, gateway: pairAddresses.partner },
      kubernetes: { url: kubernetes.url, caFile, tokenVariable },
    });
    const { address, namespace } = temporal;
    const workers = await startWorkerProcess({
      ...{ stateDir, connection: { address, namespace, options: { address } }, platformFile: path, domain: 'host' },
      env: { [tokenVariable]: kubernetes.token('gantry-host') },
    });
    atEnd(() => workers.stop());
    const logins = async (): Promise<number> =>
      Number(await host.ok("journalctl -u ssh --no-pager --output=cat | grep -c '^Accepted publickey'; true"));
    const before = await logins();
    const first = await onboard(client, host.serial);
    say(`first run: ${Math.round(first.ms / 1_000)} s`);
    // The count's own login is one of them. The journal of an earlier boot is gone with it where it is not kept.
    const connections = (await logins()) - before - 1;
    const second = await onboard(client, host.serial);
    say(`second run: ${Math.round(second.ms / 1_000)} s`);
    const inSteps = first.steps.reduce((sum, { ms = 0 }) => sum + ms, 0);
    return {
      bench: 'host-onboard',
      firstRunS: rounded(first.ms / 1_000, 1),
      secondRunS: rounded(second.ms / 1_000, 1),
      overheadShare: rounded(1 - inSteps / first.ms, 3),
      connections,
      steps: first.steps.map(({ title, ms = 0 }) => ({ title, s: rounded(ms / 1_000, 1) })),
      load: [loadBefore, oneMinuteLoad()],
    };
  },
  table: ({ firstRunS, secondRunS, overheadShare, connections, steps, load }) => [
    `first run ${firstRunS} s, second run ${secondRunS} s (${rounded(secondRunS / firstRunS, 2)} of it)`,
    `in no step: ${rounded(overheadShare * 100, 1)} % of the first run; ${connections} SSH logins on the host in its last boot`,
    ...steps.map(({ title, s }) => `  ${String(s).padStart(7)} s  ${title}`),
    `load ${load.join(' → ')}`,
  ],
});

/** No time of a person is measured. */
const unattended = { kinds: { 'host.onboard': { approval: { people: 0 } } } };

function onboard(client: Client, serial: string): Promise<RunReport> {
  return carryOut(client, 'hostOnboard', { workflowId: `host/${serial}`, input: { serial, reason: 'bench' } });
}
