/** systemd-networkd's files, by name, for a guest's cards: what a host had before, and what the other end of its cables is. */
export type Networks = Readonly<Record<string, string>>;

export type BondOptions = {
  /** With its prefix: `10.10.0.1/24`. */
  address: string;
  /** Its members. */
  nics: readonly string[];
  /** `none`: a switch that does not speak LACP; a frame that comes in on one card is bridged to the others and to itself. */
  mode?: '802.3ad' | 'active-backup' | 'none';
  /** Default 9000. */
  mtu?: number;
};

/**
 * A bond over these cards, or a bridge for `none`, called `bond0` either way. Give it to the guest that plays the switch; a
 * cable cut at both ends is `setLink` on both guests, as a switch's card does not see the other's carrier.
 */
export function bondNetworks({ address, nics, mode = '802.3ad', mtu = 9_000 }: BondOptions): Networks {
  const bond = [
    '[Bond]',
    `Mode=${mode}`,
    'MIIMonitorSec=100ms',
    ...(mode === '802.3ad' ? ['LACPTransmitRate=fast'] : []),
  ];
  return {
    '20-bond0.netdev': file(
      ['[NetDev]', 'Name=bond0', `Kind=${mode === 'none' ? 'bridge' : 'bond'}`, `MTUBytes=${mtu}`],
      mode === 'none' ? ['[Bridge]', 'STP=no'] : bond,
    ),
    '21-ports.network': file(
      ['[Match]', `Name=${nics.join(' ')}`],
      ['[Link]', `MTUBytes=${mtu}`],
      ['[Network]', mode === 'none' ? 'Bridge=bond0' : 'Bond=bond0'],
    ),
    '22-bond0.network': file(['[Match]', 'Name=bond0'], ['[Network]', `Address=${address}`, 'LinkLocalAddressing=no']),
  };
}

/** One plain address on one card. */
export function plainNetworks({ address, nic }: { address: string; nic: string }): Networks {
  return {
    '20-plain.network': file(['[Match]', `Name=${nic}`], ['[Network]', `Address=${address}`, 'LinkLocalAddressing=no']),
  };
}

function file(...sections: readonly (readonly string[])[]): string {
  return `${sections.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}
