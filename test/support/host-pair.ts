import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HostAccess, HostDeps } from '../../activities/host/index.ts';
import { hostAccess } from '../../activities/host/index.ts';
import type { LabHost } from '../../lab/host/index.ts';
import type { BondOptions } from '../../lab/host/networks.ts';
import { bondNetworks } from '../../lab/host/networks.ts';
import { pairAddresses, pairNics, startHostPair } from '../../lab/host/pair.ts';
import { writeHostPlatform } from '../../lab/host/platform.ts';
import type { SshPool } from '../../src/drivers/ssh/index.ts';
import { createSshPool } from '../../src/drivers/ssh/index.ts';
import { hostInventory, parsePlatform } from '../../src/platform/index.ts';
import { createLog } from '../../src/telemetry/log.ts';

/** Two hosts of the lab, card to card: one is worked on, the other one plays its switch and gateway. */
export type HostPair = {
  host: LabHost;
  partner: LabHost;
  pool: SshPool;
  deps: (bond: PairBond) => PairDeps;
  access: (bond: PairBond) => HostAccess;
  /** The other end is another one from now on. */
  partnerBecomes: (options: Omit<BondOptions, 'address' | 'nics'>) => Promise<void>;
  stop: () => Promise<void>;
};

export type PairDeps = Pick<HostDeps, 'hosts' | 'log'>;

/** In the words of the platform file. */
export type PairBond = { mode?: '802.3ad' | 'active-backup'; mtu?: number; confirmWithin: string };

/** The host has a plain address on its first card, as its installer left it. */
export async function startPair(): Promise<HostPair> {
  const stateDir = mkdtempSync(join(tmpdir(), 'gantry-lab-'));
  const pool = createSshPool();
  const { host, partner } = await startHostPair(stateDir);
  const access = (bond: PairBond): HostAccess => {
    const { path } = writeHostPlatform({
      ...{ stateDir, host, bond },
      network: { address: pairAddresses.host, gateway: pairAddresses.partner },
    });
    const { platform } = parsePlatform(readFileSync(path, 'utf8'), path);
    const inventory = hostInventory(platform, host.serial);
    return hostAccess(inventory, pool, (ref) => readFileSync('file' in ref ? ref.file : '', 'utf8'));
  };
  return {
    ...{ host, partner, pool, access },
    deps: (bond) => ({ hosts: () => access(bond), log: createLog('silent') }),
    partnerBecomes: async (options) => {
      const address = `${pairAddresses.partner}/24`;
      const files = bondNetworks({ address, nics: [...pairNics], ...options });
      await partner.ok('rm -f /etc/systemd/network/2?-*; ip link delete bond0 2>/dev/null; true');
      for (const [name, text] of Object.entries(files))
        await partner.ok(`cat >/etc/systemd/network/${name} <<'NETWORK'\n${text}NETWORK`);
      await partner.ok('systemctl restart systemd-networkd');
    },
    stop: async () => {
      pool.close();
      await Promise.all([host.stop(), partner.stop()]);
      rmSync(stateDir, { recursive: true, force: true });
    },
  };
}
