import { createHash } from 'node:crypto';
import { describe, expect, it, test } from 'vitest';
import { filesMatch, liveFindings, networkStands, unfit } from '../../../../activities/host/network/judge.ts';
import { parseNetwork } from '../../../../activities/host/network/read-network.ts';
import { networkSpec, ownFiles } from '../../../../activities/host/network/spec.ts';
import { bondOf, inventory, macs } from './specs.ts';

const spec = networkSpec(inventory, bondOf({}));
const sha = (text: string): string => createHash('sha256').update(text).digest('hex');

const bonding = `Ethernet Channel Bonding Driver: v6.1.0-50-amd64

Bonding Mode: IEEE 802.3ad Dynamic link aggregation
Transmit Hash Policy: layer3+4 (1)
MII Status: up
MII Polling Interval (ms): 100
Up Delay (ms): 0
Down Delay (ms): 0
Peer Notification Delay (ms): 0

802.3ad info
LACP active: on
LACP rate: fast
Min links: 0
Aggregator selection policy (ad_select): stable
System priority: 65535
System MAC address: 0a:1b:2c:3d:4e:5f
Active Aggregator Info:
\tAggregator ID: 1
\tNumber of ports: 2
\tActor Key: 21
\tPartner Key: 21
\tPartner Mac Address: 0a:1b:2c:3d:4e:60

Slave Interface: enp0s3
MII Status: up
Speed: 25000 Mbps
Duplex: full
Link Failure Count: 0
Permanent HW addr: ${macs[0]}
Slave queue ID: 0
Aggregator ID: 1
Actor Churn State: none
details actor lacp pdu:
    system priority: 65535
details partner lacp pdu:
    system mac address: 0a:1b:2c:3d:4e:60

Slave Interface: enp0s4
MII Status: up
Speed: 25000 Mbps
Duplex: full
Link Failure Count: 0
Permanent HW addr: ${macs[1]}
Slave queue ID: 0
Aggregator ID: 1
`;

/** What look.sh prints on a host whose bond is as the spec says. */
function said(change: (text: string) => string = (text) => text): string {
  const link = (ifname: string, more: object): object => ({ ifname, mtu: 9000, flags: ['UP', 'BROADCAST'], ...more });
  const links = [
    link('lo', { mtu: 65536, address: '00:00:00:00:00:00' }),
    link('enp0s2', { mtu: 1500, address: '52:54:00:00:00:ff' }),
    ...macs.map((permaddr, at) => link(`enp0s${at + 3}`, { address: '0a:1b:2c:3d:4e:5f', permaddr, master: 'bond0' })),
    link('bond0', { address: '0a:1b:2c:3d:4e:5f' }),
  ];
  const addresses = [
    { ifname: 'enp0s2', addr_info: [{ local: '10.0.2.15', prefixlen: 24, scope: 'global' }] },
    {
      ifname: 'bond0',
      addr_info: [
        { local: '10.10.0.1', prefixlen: 24, scope: 'global' },
        { local: 'fe80::1', prefixlen: 64, scope: 'link' },
        { local: '10.10.0.77', prefixlen: 24, scope: 'global', dynamic: true },
      ],
    },
  ];
  return change(`== networkd
active
== others
inactive
inactive
== links
${JSON.stringify(links)}
== addresses
${JSON.stringify(addresses)}
== routes
${JSON.stringify([{ dst: 'default', gateway: '10.10.0.2', dev: 'bond0', flags: [] }])}
== cards
enp0s2 1 -1 0 0
enp0s3 1 25000 0 0
enp0s4 1 25000 0 0
== bonding
${bonding}
== files
${Object.entries(spec.files)
  .map(([name, text]) => `${name} ${sha(text)}`)
  .join('\n')}
== digest
${sha('all')}
== current
${spec.digest} 0123456789abcdef-1
== window
== connection
10.0.2.2 51234 10.0.2.15 22
== end
`);
}

const read = (change?: (text: string) => string) => parseNetwork(said(change), 'bond0');

test('a network that is as it should be has no finding, and its files are the ones of the spec', () => {
  const state = read();
  expect(liveFindings(spec, state)).toEqual([]);
  expect(unfit(spec, state, 25)).toEqual([]);
  expect(filesMatch(spec, state)).toBe(true);
  expect(state.committed).toEqual({ digest: spec.digest, window: '0123456789abcdef-1' });
  expect(state.reachedAt).toEqual({ address: '10.0.2.15', interface: 'enp0s2' });
});

describe('what is not as it should be is found', () => {
  it.each([
    [
      'the other end does not speak LACP',
      (text: string) => text.replace(/(Partner Mac Address:) .*/, '$1 00:00:00:00:00:00'),
    ],
    ['1 of 2 ports are in the aggregator', (text: string) => text.replace('Number of ports: 2', 'Number of ports: 1')],
    [
      'enp0s4 is in another aggregator',
      (text: string) => text.replace(/Aggregator ID: 1\n(?=\n== files)/, 'Aggregator ID: 2\n'),
    ],
    ['enp0s4 is down in bond0', (text: string) => text.replace('enp0s4\nMII Status: up', 'enp0s4\nMII Status: down')],
    [
      'bond0 has the mode fault-tolerance',
      (text: string) => text.replace('IEEE 802.3ad Dynamic link aggregation', 'fault-tolerance'),
    ],
    ['bond0 has the LACP rate slow', (text: string) => text.replace('LACP rate: fast', 'LACP rate: slow')],
    ['bond0 does not have 10.10.0.1/24', (text: string) => text.replace('"10.10.0.1"', '"10.10.0.9"')],
    [
      'no default route goes through bond0',
      (text: string) => text.replace('"gateway":"10.10.0.2"', '"gateway":"10.10.0.3"'),
    ],
    ['there is no bond0', (text: string) => text.replace(bonding, '')],
    [`no card has ${macs[1]}`, (text: string) => text.replace(macs[1], '52:54:00:00:00:00')],
  ])('%s', (finding, change) => {
    expect(liveFindings(spec, read(change)).join('\n')).toContain(finding);
  });

  it('an MTU of the bond that is another one', () => {
    const state = parseNetwork(
      said((text) => text.replaceAll('"mtu":9000', '"mtu":1500')),
      'bond0',
    );
    expect(liveFindings(spec, state)).toEqual(['bond0 has an MTU of 1500']);
  });
});

test('every reason why a host cannot have the bond is in one answer', () => {
  const state = read((text) =>
    text
      .replace('== networkd\nactive', '== networkd\ninactive')
      .replace('inactive\ninactive\n== links', 'active\ninactive\n== links')
      .replace('enp0s3 1 25000', 'enp0s3 1 10000')
      .replace('enp0s4 1 25000', 'enp0s4 0 -1'),
  );
  const four = networkSpec(inventory, bondOf({ virtualFunctions: 4 }));
  expect(unfit(four, state, 25)).toEqual([
    'systemd-networkd does not run',
    'NetworkManager runs as well, and may manage the same cards',
    'enp0s3 runs at 10000 Mb/s, not 25000',
    'enp0s3 can have 0 virtual functions, not 4',
    'enp0s4 has no carrier',
    'enp0s4 can have 0 virtual functions, not 4',
  ]);
});

test('what the plan rests on changes with the files, the addresses and the members, not with carrier and leases', () => {
  const stands = networkStands(spec, read());
  expect(
    networkStands(
      spec,
      read((text) => text.replace('enp0s4 1 25000', 'enp0s4 0 -1')),
    ),
  ).toBe(stands);
  expect(
    networkStands(
      spec,
      read((text) => text.replace('10.10.0.77', '10.10.0.78')),
    ),
  ).toBe(stands);
  expect(
    networkStands(
      spec,
      read((text) => text.replace(sha('all'), sha('other'))),
    ),
  ).not.toBe(stands);
  expect(
    networkStands(
      spec,
      read((text) => text.replace('"10.10.0.1"', '"10.10.0.9"')),
    ),
  ).not.toBe(stands);
});

test('an answer that was cut is none', () => {
  expect(() => read((text) => text.replace('== end', ''))).toThrow('no section "end"');
});

test('the files name the cards by what they were made with, and hold no word that is none', () => {
  expect(spec.files['05-gantry-uplinks.network']).toContain(`PermanentMACAddress=${macs.join(' ')}`);
  expect(spec.files['05-gantry-bond.netdev']).toContain('MTUBytes=9000');
  expect(Object.keys(spec.files).every((name) => (ownFiles as readonly string[]).includes(name))).toBe(true);
  expect(networkSpec(inventory, bondOf({ mode: 'active-backup' })).digest).not.toBe(spec.digest);
  const broken = { ...inventory, network: { address: '10.0.0.1/8\nDHCP=yes', dns: [] } };
  expect(() => networkSpec(broken, bondOf({}))).toThrow(expect.objectContaining({ code: 'HOST_NETWORK_UNFIT' }));
});
