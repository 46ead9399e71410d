import { createHash } from 'node:crypto';
import { GantryError } from '../../../src/errors/index.ts';
import type { HostBond, InventoryHost } from '../../../src/platform/index.ts';

/** Where things are on a host; the tests of the scripts have them elsewhere. */
export type NetworkPlaces = {
  base: string;
  /** Of systemd-networkd. */
  networks: string;
  /** Of udev. */
  rules: string;
  /** Of systemd. */
  units: string;
  sys: string;
};

export const networkPlaces: NetworkPlaces = {
  base: '/var/lib/gantry/net',
  networks: '/etc/systemd/network',
  rules: '/etc/udev/rules.d',
  units: '/etc/systemd/system',
  sys: '/sys',
};

/** What a host's network is to be: files of systemd-networkd and what must be seen once they are in force. */
export type NetworkSpec = {
  bond: HostBond;
  /** Of the cards that are bonded, in lower case. */
  macs: readonly string[];
  address?: string;
  gateway?: string;
  /** By name. They come before what an installer or netplan leaves (10-…), of which the first match counts. */
  files: Readonly<Record<string, string>>;
  /** Of the files and the virtual functions. */
  digest: string;
  /** Of a ping whose frame is as large as the bond carries. Bytes. */
  pingBytes: number;
};

/** Every file that Gantry may have there: what the platform file no longer asks for is removed. */
export const ownFiles = [
  '05-gantry-bond.netdev',
  '05-gantry-bond.network',
  '05-gantry-uplinks.network',
  '70-gantry-functions.rules',
] as const;

/** IPv4's header or IPv6's, and ICMP's. */
const headerBytes = (address: string): number => (address.includes(':') ? 48 : 28);

/** The platform file's words → the files. Pure. @throws HOST_NETWORK_UNFIT for a word that such a file cannot hold */
export function networkSpec({ uplinks, network }: InventoryHost, bond: HostBond): NetworkSpec {
  const macs = uplinks.map(({ mac }) => mac);
  const { address, gateway, dns = [] } = network ?? {};
  const words = [bond.name, ...macs, ...(address ? [address] : []), ...(gateway ? [gateway] : []), ...dns];
  const bad = words.find((word) => !/^[A-Za-z0-9.:/_-]+$/.test(word));
  if (bad !== undefined) throw new GantryError('HOST_NETWORK_UNFIT', `${JSON.stringify(bad)} is no name or address`);
  const { mode, name, mtu, miimonMs, lacpRate, virtualFunctions } = bond;
  const lacp = mode === '802.3ad' ? [`LACPTransmitRate=${lacpRate}`, 'TransmitHashPolicy=layer3+4'] : [];
  const inside = [
    ...(address ? [`Address=${address}`] : ['LinkLocalAddressing=no']),
    ...(gateway ? [`Gateway=${gateway}`] : []),
    ...dns.map((server) => `DNS=${server}`),
    'IPv6AcceptRA=no',
  ];
  const files: Record<string, string> = {
    '05-gantry-bond.netdev': file(
      ['[NetDev]', `Name=${name}`, 'Kind=bond', `MTUBytes=${mtu}`],
      ['[Bond]', `Mode=${mode}`, `MIIMonitorSec=${miimonMs}ms`, ...lacp],
    ),
    '05-gantry-bond.network': file(['[Match]', `Name=${name}`], ['[Network]', ...inside]),
    // A member shows the bond's address: what it was made with finds it.
    '05-gantry-uplinks.network': file(
      ['[Match]', `PermanentMACAddress=${macs.join(' ')}`],
      ['[Network]', `Bond=${name}`],
    ),
    ...(virtualFunctions > 0
      ? { '70-gantry-functions.rules': macs.map((mac) => functionsRule(mac, virtualFunctions)).join('') }
      : {}),
  };
  const digest = createHash('sha256')
    .update(JSON.stringify([files, virtualFunctions]))
    .digest('hex')
    .slice(0, 32);
  return {
    ...{ bond, macs, files, digest },
    ...(address === undefined ? {} : { address }),
    ...(gateway === undefined ? {} : { gateway }),
    pingBytes: mtu - headerBytes(gateway ?? address ?? ''),
  };
}

/** At every boot, when the card appears: before it is a member of anything. */
function functionsRule(mac: string, count: number): string {
  return `ACTION=="add", SUBSYSTEM=="net", ATTR{address}=="${mac}", ATTR{device/sriov_totalvfs}=="?*", ATTR{device/sriov_numvfs}="${count}"\n`;
}

function file(...sections: readonly (readonly string[])[]): string {
  return `# Gantry's, by the platform file: changes are found and replaced.\n${sections.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}
