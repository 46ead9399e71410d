import type { LabHost } from './index.ts';
import { makeCable, nicName, startHost } from './index.ts';
import { bondNetworks, plainNetworks } from './networks.ts';

/** The two cards of either. */
export const pairNics = [nicName(0), nicName(1)] as const;
/** The host's own address, on its first card before it is bonded, and the other end of its cables. */
export const pairAddresses = { host: '10.10.0.1/24', partner: '10.10.0.2' } as const;

/**
 * Two hosts of the lab, wired card to card: one as its installer left it, with a plain address on its first card, and one that
 * plays its switch, with 802.3ad and frames of 9,000 bytes.
 * @throws GantryError LAB_PART_MISSING, LAB_PART_FAILED; nothing is left running then
 */
export async function startHostPair(stateDir: string): Promise<{ host: LabHost; partner: LabHost }> {
  const cables = [makeCable(stateDir, 'one'), makeCable(stateDir, 'two')];
  const nics = (end: 0 | 1): { cable: (typeof cables)[number][0] }[] => cables.map((cable) => ({ cable: cable[end] }));
  const started = await Promise.allSettled([
    startHost({
      ...{ stateDir, name: 'host', nics: nics(0) },
      networks: plainNetworks({ address: pairAddresses.host, nic: pairNics[0] }),
    }),
    startHost({
      ...{ stateDir, name: 'partner', nics: nics(1), memoryMb: 1_024 },
      networks: bondNetworks({ address: `${pairAddresses.partner}/24`, nics: [...pairNics] }),
    }),
  ]);
  const running = started.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const [host, partner] = running;
  if (host && partner) return { host, partner };
  await Promise.all(running.map((one) => one.stop()));
  throw started.find((one) => one.status === 'rejected')?.reason;
}
