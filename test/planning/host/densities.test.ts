import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { HostCapacity, VmShape } from '../../../src/planning/host/onboard/densities.ts';
import { densities, densitiesInWords, vmOverheadBytes } from '../../../src/planning/host/onboard/densities.ts';

const GB = 1_000_000_000;
const capacity: fc.Arbitrary<HostCapacity> = fc.record({
  cpus: fc.integer({ min: 1, max: 256 }),
  memoryBytes: fc.integer({ min: GB, max: 1_024 * GB }),
  diskBytes: fc.integer({ min: 0, max: 16_000 * GB }),
  reserved: fc.record({ cpus: fc.integer({ min: 0, max: 300 }), memoryBytes: fc.integer({ min: 0, max: 64 * GB }) }),
  cpuOvercommit: fc.constantFrom(1, 1.5, 2, 4),
});
const shape: fc.Arbitrary<VmShape> = fc.record({
  cpus: fc.integer({ min: 1, max: 32 }),
  memoryBytes: fc.integer({ min: 128_000_000, max: 64 * GB }),
  diskBytes: fc.integer({ min: GB, max: 500 * GB }),
  min: fc.integer({ min: 1, max: 100 }),
  max: fc.integer({ min: 1, max: 500 }),
});

const one = (host: HostCapacity, of: VmShape) => {
  const planned = densities(host, { it: of })['it'];
  if (!planned) throw new Error('no density');
  return planned;
};

test('what is planned fits beside the reserve and under the cap', () => {
  fc.assert(
    fc.property(capacity, shape, (host, of) => {
      const { vms } = one(host, of);
      expect(vms).toBeGreaterThanOrEqual(0);
      expect(vms).toBeLessThanOrEqual(of.max);
      if (vms === 0) return;
      expect(vms * of.cpus).toBeLessThanOrEqual((host.cpus - host.reserved.cpus) * host.cpuOvercommit);
      expect(vms * (of.memoryBytes + vmOverheadBytes) + host.reserved.memoryBytes).toBeLessThanOrEqual(
        host.memoryBytes,
      );
      expect(vms * (of.diskBytes ?? 0)).toBeLessThanOrEqual(host.diskBytes);
    }),
  );
});

test('one more VM breaks exactly the bound that is named', () => {
  fc.assert(
    fc.property(capacity, shape, (host, of) => {
      const { vms, bound } = one(host, of);
      const more = vms + 1;
      const broken = {
        cap: more > of.max,
        cpus: more * of.cpus > (host.cpus - host.reserved.cpus) * host.cpuOvercommit,
        memory: more * (of.memoryBytes + vmOverheadBytes) > host.memoryBytes - host.reserved.memoryBytes,
        disk: more * (of.diskBytes ?? 0) > host.diskBytes,
      };
      expect(broken[bound]).toBe(true);
    }),
  );
});

test('a larger host never carries fewer', () => {
  fc.assert(
    fc.property(capacity, shape, fc.nat(64), fc.nat(64), (host, of, cpus, memory) => {
      const larger = { ...host, cpus: host.cpus + cpus, memoryBytes: host.memoryBytes + memory * GB };
      expect(one(larger, of).vms).toBeGreaterThanOrEqual(one(host, of).vms);
    }),
  );
});

test('names the bound, and says where a host carries fewer than its class expects', () => {
  const reserved = { cpus: 2, memoryBytes: 8 * GB };
  const host = { cpus: 96, memoryBytes: 384 * GB, diskBytes: 8_000 * GB, reserved, cpuOvercommit: 1 };
  const shapes = {
    small: { cpus: 1, memoryBytes: 512_000_000, min: 150, max: 180 },
    large: { cpus: 4, memoryBytes: 8 * GB, min: 10, max: 12 },
  };
  const planned = densities(host, shapes);
  expect(planned).toEqual({
    small: { vms: 94, bound: 'cpus', belowMin: true },
    large: { vms: 12, bound: 'cap', belowMin: false },
  });
  expect(densitiesInWords(planned, shapes)).toBe(
    'small: 94 (cpus, fewer than the 150 that the class expects), large: 12 (cap)',
  );
});

test('where the class shares CPUs, the density of small VMs is the cap again', () => {
  const reserved = { cpus: 2, memoryBytes: 8 * GB };
  const host = { cpus: 96, memoryBytes: 384 * GB, diskBytes: 8_000 * GB, reserved, cpuOvercommit: 2 };
  expect(one(host, { cpus: 1, memoryBytes: 512_000_000, min: 150, max: 180 })).toMatchObject({
    vms: 180,
    bound: 'cap',
  });
});
