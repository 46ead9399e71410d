import { describe, expect, it } from 'vitest';
import type { DiskFacts, HardwareFacts, OnboardFacts, OnboardIntent } from '../../../src/planning/host/index.ts';
import { planOnboard } from '../../../src/planning/host/index.ts';

const uuids = {
  array: '11111111-2222-5333-8444-555555555555',
  label: '11111111-2222-5333-8444-555555555556',
  partition: '11111111-2222-5333-8444-555555555557',
  filesystem: '11111111-2222-5333-8444-555555555558',
};
const serials = ['D1', 'D2', 'D3', 'D4'];
const blank = (serial: string): DiskFacts => ({
  ...{ serial, path: `/dev/disk/by-id/${serial}`, kernelName: `nvme-${serial}`, bytes: 4e12, system: false, uses: [] },
  ...{ signatures: [], blankEdges: true, digest: 'aaaaaaaaaaaa' },
});
const foreign = (serial: string): DiskFacts => ({
  ...blank(serial),
  ...{ signatures: [{ type: 'xfs', label: 'pics', uuid: uuids.label }], blankEdges: false, digest: '3f9c2a1b77de' },
});
const intent: OnboardIntent = {
  ...{ serial: 'H1', node: 'node-1', class: 'small', mountPoint: '/srv/vm', initialSync: true, wipes: [] },
  hardware: {
    ...{ cpus: 8, cpuModels: [], memoryBytes: 16e9, eccMemory: false, kernels: [], uplinks: [], serials },
    ...{ nics: { count: 0, gbps: 25 }, disks: [{ count: 4, bytes: 4e12, medium: 'nvme', role: 'vm-storage' }] },
  },
  services: ['assetmanagerd.service', 'metald.service'],
  burnInMs: { cpuMs: 600_000, memoryMs: 600_000, diskMs: 5_000 },
  shapes: { small: { cpus: 1, memoryBytes: 512e6, min: 10, max: 20 } },
  ...{ reserved: { cpus: 2, memoryBytes: 8e9 }, cpuOvercommit: 1 },
};
const hardware: HardwareFacts = {
  ...{ cpus: 8, cpuModel: 'AMD EPYC', virtualisation: true, kvm: true, memory: { usableBytes: 16e9 } },
  ...{ memoryErrors: null, nics: [], kernel: '6.1.0', swap: [], machineChecks: [], freeBytes: {}, cgroupV2: true },
  disks: serials.map((serial) => ({ serial, bytes: 4e12, rotational: false, nvme: true, system: false })),
  clock: { againstWorkerMs: 0, uncertaintyMs: 1, service: { name: 'chrony', synchronised: true } },
};
const facts = (disks: DiskFacts[] = serials.map(blank), more: Partial<OnboardFacts> = {}): OnboardFacts => ({
  ...{ hostname: 'host-1', bootId: 'b', generation: 1, uuids, lives: [], hardware, flaws: [], findings: [] },
  disks: { disks, missing: serials.filter((serial) => !disks.some((one) => one.serial === serial)), arrays: [] },
  ...more,
});

function draftOf(planned: ReturnType<typeof planOnboard>) {
  if (planned.ok) return planned.draft;
  throw new Error(JSON.stringify(planned.findings));
}
function findingsOf(planned: ReturnType<typeof planOnboard>): string[] {
  return planned.ok ? [] : planned.findings.map(({ code, place }) => `${code} ${place ?? ''}`);
}

describe('the plan of an onboarding', () => {
  it('wipes nothing of a blank host, and says what is made, started, burnt in and carried', () => {
    const draft = draftOf(planOnboard(intent, facts()));
    expect(draft.actions.map(({ step }) => step)).toEqual([
      ...[
        'host.verify-identity',
        'host.check-hardware',
        'host.clear-disks',
        'host.assemble-array',
        'host.partition-array',
      ],
      ...['host.make-filesystem', 'host.mount-storage', 'host.harden-host', 'host.reboot-host', 'host.start-service'],
      ...['host.start-service', 'host.burn-in', 'host.register-node', 'host.admit-node'],
    ]);
    const words = draft.actions.map(({ what }) => what).join('\n');
    expect(words).toContain('wipe nothing');
    expect(words).toContain('Make a RAID10 of D1, D2, D3, D4');
    expect(words).toContain('CPU 10 min, memory 10 min, disk 5 s');
    expect(draft.irreversible).toEqual([]);
    expect(draft.facts).toContainEqual({
      label: 'VMs of one shape',
      value: 'small: 6 (cpus, fewer than the 10 that the class expects)',
    });
    expect(draft.warnings.join()).toContain('bound by cpus');
    expect(draft.data).toEqual({ serial: 'H1', generation: 1, wipes: [], services: intent.services });
  });

  it('is the same for the same facts, whatever moves in them by itself', () => {
    const later = facts(undefined, {
      hardware: { ...hardware, clock: { ...hardware.clock, againstWorkerMs: 700 }, freeBytes: { '/': 9e9 } },
    });
    expect(draftOf(planOnboard(intent, later)).data).toEqual(draftOf(planOnboard(intent, facts())).data);
    expect(draftOf(planOnboard(intent, later)).actions).toEqual(draftOf(planOnboard(intent, facts())).actions);
  });

  it('refuses a foreign disk with its token, and with the token wipes that disk alone, with an approval', () => {
    const disks = [blank('D1'), foreign('D2'), blank('D3'), blank('D4')];
    const refused = planOnboard(intent, facts(disks));
    expect(findingsOf(refused)).toEqual(['HOST_DISK_FOREIGN D2']);
    expect(JSON.stringify(refused)).toContain('--wipe D2@3f9c2a1b77de');
    const wipes = [{ serial: 'D2', digest: '3f9c2a1b77de' }];
    const draft = draftOf(planOnboard({ ...intent, wipes }, facts(disks)));
    expect(draft.data.wipes).toEqual(wipes);
    expect(draft.needsApproval).toEqual(['disks are wiped']);
    expect(draft.irreversible).toHaveLength(1);
    expect(draft.actions.find(({ step }) => step === 'host.clear-disks')).toMatchObject({ reversible: false });
  });

  it('refuses a token that would do nothing', () => {
    const wipe = (serial: string) =>
      findingsOf(planOnboard({ ...intent, wipes: [{ serial, digest: '3f9c2a1b77de' }] }, facts()));
    expect(wipe('D2')).toEqual(['HOST_WIPE_STALE D2']);
    expect(wipe('D9')).toEqual(['HOST_WIPE_STALE D9']);
  });

  it('lists everything that is in the way at once', () => {
    const seen = facts([blank('D1'), foreign('D2'), blank('D3')], {
      hardware: { ...hardware, cpus: 4, swap: ['/swap.img'], disks: hardware.disks.slice(0, 3) },
      flaws: [{ control: 'vulnerabilities', what: 'meltdown: Vulnerable', cure: 'none' }],
      findings: [{ code: 'HOST_NODE_TAKEN', message: 'the Node is that of H2', place: 'node-1' }],
    });
    expect(findingsOf(planOnboard(intent, seen)).sort()).toEqual([
      'HOST_CANNOT_CONFORM vulnerabilities',
      'HOST_DISK_FOREIGN D2',
      'HOST_DISK_MISSING D4',
      'HOST_DOES_NOT_MATCH cpus',
      'HOST_DOES_NOT_MATCH swap',
      'HOST_NODE_TAKEN node-1',
    ]);
  });

  it('leaves what is done as it is, and says that a reboot is needed', () => {
    const disks = serials.map((serial): DiskFacts => ({
      ...blank(serial),
      ...{ blankEdges: false, signatures: [{ type: 'linux_raid_member' }] },
      member: { array: uuids.array, name: 'any:gantry', events: 20 },
    }));
    const names = disks.map(({ kernelName }) => kernelName);
    const array = {
      ...{ uuid: uuids.array.replaceAll('-', ''), kernelName: 'md127', active: true, level: 'raid10', slots: 4 },
      ...{ degraded: 0, syncAction: 'idle', bytes: 8e12, members: names, holds: names },
    };
    const content = {
      signatures: [{ type: 'gpt' }],
      table: {
        label: 'gpt',
        uuid: uuids.label,
        partitions: [{ uuid: uuids.partition, name: 'vm-g1', start: 2_048, size: 9 }],
      },
      filesystem: { type: 'xfs', uuid: uuids.filesystem, label: 'vm-g1', unfinished: false },
    };
    const flaws = [{ control: 'kernel-arguments', what: 'runs without loglevel=1', cure: 'reboot' as const }];
    const seen = facts(disks, { disks: { disks, missing: [], arrays: [array], content }, flaws });
    const words = draftOf(planOnboard(intent, seen)).actions.map(({ what }) => what);
    expect(words.filter((what) => what.startsWith('Leave '))).toHaveLength(4);
    expect(words).toContainEqual(expect.stringContaining('Reboot the host for kernel-arguments'));
  });
});
