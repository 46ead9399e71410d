import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { HardwareFacts, HardwareWanted } from '../../../src/planning/host/index.ts';
import { clockVerdict, compareHardware } from '../../../src/planning/host/index.ts';

const wanted: HardwareWanted = {
  ...{ cpus: 96, cpuModels: ['AMD EPYC', 'Intel Xeon'], memoryBytes: 384e9, eccMemory: true, kernels: ['6.1.'] },
  disks: [
    { count: 2, bytes: 1e12, medium: 'nvme', role: 'os-and-jailer' },
    { count: 2, bytes: 4e12, medium: 'nvme', role: 'vm-storage' },
  ],
  nics: { count: 2, gbps: 25 },
  serials: ['D1', 'D2'],
  uplinks: ['52:54:00:00:00:01', '52:54:00:00:00:02'],
};
const disk = (serial: string, bytes: number, system = false) => ({
  serial,
  bytes,
  rotational: false,
  nvme: true,
  system,
});
const nic = (name: string, mac: string) => ({ name, mac, up: true, carrier: true, speedMbps: 25_000 });
const right: HardwareFacts = {
  ...{ cpus: 96, cpuModel: 'AMD EPYC(TM) 9454P', virtualisation: true, kvm: true, ecc: 'Multi-bit ECC' },
  ...{ memory: { usableBytes: 405e9, installedBytes: 412e9 }, memoryErrors: { corrected: 0, uncorrected: 0 } },
  disks: [disk('S1', 1.0002e12, true), disk('S2', 1.0002e12, true), disk('D1', 4.0008e12), disk('D2', 4.0008e12)],
  nics: [nic('eno1', '52:54:00:00:00:01'), nic('eno2', '52:54:00:00:00:02')],
  ...{ kernel: '6.1.0-37-amd64', swap: [], machineChecks: [], freeBytes: { '/': 4e10 }, cgroupV2: true },
  clock: { againstWorkerMs: 3, uncertaintyMs: 10, service: { name: 'chrony', synchronised: true, offsetMs: 0.02 } },
};

/** Each one alone, by the place that it must name. */
const faults: [string, Partial<HardwareFacts>][] = [
  ['cpus', { cpus: 64 }],
  ['cpuModels', { cpuModel: 'QEMU Virtual CPU' }],
  ['virtualisation', { virtualisation: false }],
  ['/dev/kvm', { kvm: false }],
  ['memory', { memory: { usableBytes: 300e9, installedBytes: 309e9 } }],
  ['memory', { memory: { usableBytes: 300e9, installedBytes: 412e9 } }],
  ['eccMemory', { ecc: 'None' }],
  ['memory errors', { memoryErrors: { corrected: 0, uncorrected: 1 } }],
  ['D2', { disks: right.disks.filter(({ serial }) => serial !== 'D2') }],
  ['D2', { disks: [...right.disks, disk('D2', 4e12)] }],
  ['D2', { disks: right.disks.map((one) => (one.serial === 'D2' ? { ...one, nvme: false } : one)) }],
  ['disks', { disks: right.disks.map((one) => (one.serial === 'D2' ? { ...one, bytes: 2e12 } : one)) }],
  ['os-and-jailer', { disks: right.disks.map((one) => (one.serial === 'S2' ? { ...one, system: false } : one)) }],
  ['52:54:00:00:00:02', { nics: right.nics.slice(0, 1) }],
  ['52:54:00:00:00:01', { nics: right.nics.map((one) => ({ ...one, carrier: one.name !== 'eno1' })) }],
  [
    '52:54:00:00:00:01',
    { nics: right.nics.map((one) => ({ ...one, speedMbps: one.name === 'eno1' ? 10_000 : 25_000 })) },
  ],
  ['kernels', { kernel: '6.8.0' }],
  ['cgroup', { cgroupV2: false }],
  ['swap', { swap: ['/swap.img'] }],
  ['machine checks', { machineChecks: ['mce: [Hardware Error]: CPU 3'] }],
  ['/', { freeBytes: { '/': 1e6 } }],
  [
    'clock',
    { clock: { againstWorkerMs: 0, uncertaintyMs: 1, service: { name: 'chrony', synchronised: true, offsetMs: 40 } } },
  ],
];

describe('a host against its class', () => {
  it('matches', () => {
    expect(compareHardware(wanted, right)).toEqual({ mismatches: [], warnings: [] });
  });

  it.each(faults)('differs in %s alone', (place, fault) => {
    expect(compareHardware(wanted, { ...right, ...fault }).mismatches.map((one) => one.place)).toEqual([place]);
  });

  it('differs in everything that is wrong, at once', () => {
    const pick = fc.uniqueArray(fc.nat(faults.length - 1), { selector: (at) => Object.keys(faults[at]?.[1] ?? {})[0] });
    fc.assert(
      fc.property(pick, (chosen) => {
        const all = chosen.map((at) => faults[at] as [string, Partial<HardwareFacts>]);
        const seen = all.reduce<HardwareFacts>((facts, [, fault]) => ({ ...facts, ...fault }), right);
        const places = compareHardware(wanted, seen).mismatches.map(({ place }) => place);
        expect(places.sort()).toEqual(all.map(([place]) => place).sort());
      }),
    );
  });

  it('takes a card that is down for what its driver says, and says so where that says nothing', () => {
    const down = right.nics.map(({ speedMbps: _, ...one }) => ({ ...one, up: false, carrier: false }));
    const verdict = compareHardware(wanted, { ...right, nics: down });
    expect(verdict.mismatches).toEqual([]);
    expect(verdict.warnings).toHaveLength(2);
    const slow = down.map((one) => ({ ...one, maxMbps: 10_000 }));
    expect(compareHardware(wanted, { ...right, nics: slow }).mismatches).toHaveLength(2);
  });
});

describe('a clock', () => {
  const synchronised = { name: 'chrony', synchronised: true, offsetMs: 0.4 };

  it('of a worker that is 5 minutes off decides nothing against a host that is synchronised', () => {
    for (const againstWorkerMs of [-300_000, 300_000]) {
      const verdict = clockVerdict({ againstWorkerMs, uncertaintyMs: 20, service: synchronised });
      expect(verdict.mismatch).toBeUndefined();
      expect(verdict.warning).toContain("this worker's clock is off");
    }
  });

  it('that nothing vouches for is named beside the other one', () => {
    const { mismatch } = clockVerdict({ againstWorkerMs: -300_000, uncertaintyMs: 20, service: null });
    expect(mismatch).toContain("300 s behind this worker's");
    expect(mismatch).toContain('which of the two is off cannot be told');
  });

  it('is not off by what the way there and back may have taken', () => {
    const slow = { againstWorkerMs: 7_000, uncertaintyMs: 3_000, service: null };
    expect(clockVerdict(slow).mismatch).toBeUndefined();
    expect(clockVerdict({ ...slow, service: { name: 'chrony', synchronised: false } }).warning).toContain(
      'not synchronised',
    );
  });
});
