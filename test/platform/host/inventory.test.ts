import { describe, expect, it } from 'vitest';
import { GantryError } from '../../../src/errors/index.ts';
import {
  hostInventory,
  hostRegion,
  isPlaceholderSerial,
  parsePlatform,
  platformDigests,
} from '../../../src/platform/index.ts';
import { playedPlatform } from '../../support/played-host.ts';

const second = `    T2:
      node: node-2
      class: small
      zone: z1
      rack: a1
      address: 10.0.0.2
      privateKey: { env: TEST_KEY }
      hostKey: ssh-ed25519 AAAA
      disks: [T2-DATA1, T2-DATA2, T2-DATA3, T2-DATA4]
      uplinks: [{ mac: '52:54:00:00:00:03' }, { mac: '52:54:00:00:00:04' }]
      network: { address: 10.20.0.18/22, gateway: 10.20.0.1 }
`;
const both = `${playedPlatform}${second}`;

function problemsOf(text: string): string {
  try {
    parsePlatform(text, 'p.yaml');
    return '';
  } catch (error) {
    if (error instanceof GantryError)
      return error.problems.map(({ place, message }) => `${place ?? ''} ${message}`).join('\n');
    throw error;
  }
}

describe('the inventory', () => {
  it('is right as it stands', () => {
    expect(problemsOf(both)).toBe('');
  });

  it.each([
    ['the disk of another host', ['T2-DATA4', 'T1-DATA4'], 'the disk T1-DATA4 is listed for T1 already'],
    ['the Node of another host', ['node-2', 'node-1'], 'the node node-1 is T1 already'],
    ['the card of another host', ['00:00:04', '00:00:01'], 'the card 52:54:00:00:00:01 is listed for T1 already'],
    [
      'the address of another host',
      ['10.20.0.18/22', '10.20.0.17/22'],
      'the address 10.20.0.17/22 is that of T1 already',
    ],
    [
      'a placeholder for a serial number',
      ['    T2:', '    "00000000":'],
      'what firmware says that was given no serial number',
    ],
    [
      'a class that there is not',
      [
        'class: small\n      zone: z1\n      rack: a1\n      address: 10.0.0.2',
        'class: big\n      zone: z1\n      rack: a1\n      address: 10.0.0.2',
      ],
      'no host class is called big',
    ],
    [
      'a zone that there is not',
      ['zone: z1\n      rack: a1\n      address: 10.0.0.2', 'zone: z9\n      rack: a1\n      address: 10.0.0.2'],
      'no zone is called z9',
    ],
    [
      'a bastion that there is not',
      ['address: 10.0.0.2', 'address: 10.0.0.2\n      bastion: gate'],
      'no bastion is called gate',
    ],
    ['fewer disks than its class', ['T2-DATA1, ', ''], '3 disks; a host of the class small has 4 for VM storage'],
  ])('refuses %s', (_what, [from = '', to = ''], expected) => {
    expect(problemsOf(both.replace(`${second}`, second.replace(from, to)))).toContain(expected);
  });

  it('tells texts that many machines share from serial numbers', () => {
    const shared = [
      'To be filled by O.E.M.',
      'To Be Filled By O.E.M',
      'Default string',
      'None',
      'N/A',
      '0',
      '0000000000',
      '',
      'Not Specified',
      '123456789',
      'System Serial Number',
      'xxxxxxx',
      '........',
    ];
    expect(shared.filter((text) => !isPlaceholderSerial(text))).toEqual([]);
    expect(['7CQ3XY2', 'LAB0042', 'S4EVNX0R100001', 'CZJ0000123', 'PF12AB0000'].filter(isPlaceholderSerial)).toEqual(
      [],
    );
  });

  it('gives a host with its class and its region, and says which there are', () => {
    const { platform } = parsePlatform(both, 'p.yaml');
    expect(hostInventory(platform, 'T2')).toMatchObject({ config: { node: 'node-2' }, class: { cpus: 4 } });
    expect(hostRegion(platform, 'T2')).toBe('r1');
    expect(() => hostInventory(platform, 'T3')).toThrow('known: T1, T2');
    expect(() => hostInventory(platform, 'toString')).toThrow('known: T1, T2');
  });

  it('is one part of the file for each host: a line of another one stops no run', () => {
    const of = (text: string) => platformDigests(parsePlatform(text, 'p.yaml').platform);
    const one = of(both);
    const changed = of(both.replace('10.0.0.2', '10.0.0.3'));
    expect(changed.digestOf('host.onboard', 'T1')).toBe(one.digestOf('host.onboard', 'T1'));
    expect(changed.digestOf('host.onboard', 'T2')).not.toBe(one.digestOf('host.onboard', 'T2'));
    expect(changed.hasDigest(one.digestOf('host.onboard', 'T1'))).toBe(true);
    expect(changed.hasDigest(one.digestOf('host.onboard', 'T2'))).toBe(false);
  });
});
