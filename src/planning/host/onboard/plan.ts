import type { DraftOf } from '../../../runs/index.ts';
import { compareHardware } from '../hardware/compare.ts';
import { planNetwork } from '../network/network.ts';
import type { Finding } from '../types.ts';
import { densities, densitiesInWords } from './densities.ts';
import { onboardFindings } from './findings.ts';
import { storageActions, storageBytes } from './storage.ts';
import type { OnboardData, OnboardFacts, OnboardIntent } from './types.ts';

export type OnboardPlanning =
  { ok: true; draft: DraftOf<'host.onboard', OnboardData> } | { ok: false; findings: readonly Finding[] };

type Draft = DraftOf<'host.onboard', OnboardData>;
type Action = Draft['actions'][number];

/**
 * Facts of a host → what is to be done until VMs may be placed on it, or everything that is in the way. It wipes nothing that no
 * token names. Pure. Runbook: docs/host/onboard.md.
 */
export function planOnboard(intent: OnboardIntent, facts: OnboardFacts): OnboardPlanning {
  const { serial, node, wipes, services } = intent;
  const { generation } = facts;
  const network = facts.network && planNetwork(facts.network);
  const findings = [...onboardFindings(intent, facts), ...(network && !network.ok ? network.findings : [])];
  if (findings.length > 0) return { ok: false, findings };
  const bonded = network?.ok ? network : undefined;
  const actions: Action[] = [
    {
      step: 'host.verify-identity',
      what: `Prove that ${facts.hostname} is ${serial}; it keeps that this is generation ${generation}`,
      reversible: true,
    },
    { step: 'host.check-hardware', what: `Compare it with the class ${intent.class} once more`, reversible: true },
    ...storageActions(intent, facts),
    ...(bonded?.actions ?? []),
    ...systemActions(facts),
    ...services.map((unit) => ({
      step: 'host.start-service' as const,
      what: `Start ${unit}, and see that it does what it must`,
      reversible: true,
    })),
    {
      step: 'host.burn-in',
      what: `Burn in: ${burnInWords(intent)}`,
      reversible: true,
      estimateMs: burnInTotal(intent),
    },
    { step: 'host.register-node', what: `Have the Node ${node} say whose it is, with a taint`, reversible: true },
    { step: 'host.admit-node', what: `Look a last time, then take the taint off: ${node} takes VMs`, reversible: true },
  ];
  return {
    ok: true,
    draft: {
      title: `Take ${serial} in as ${node}${wipes.length > 0 ? `, and wipe ${wipes.map((one) => one.serial).join(', ')}` : ''}`,
      actions,
      facts: shownFacts(intent, facts),
      warnings: [...warningsOf(intent, facts), ...(bonded?.warnings ?? [])],
      irreversible: wipes.map((one) => `What is on ${one.serial} is lost: nothing brings it back.`),
      ...(wipes.length > 0 ? { needsApproval: ['disks are wiped'] } : {}),
      voidIf: [
        'a disk of the host holds something else than it did',
        'the network of the host is changed by another client',
        'a changed platform file gives another plan',
      ],
      data: { serial, generation, wipes, services, ...(bonded ? { network: bonded.data } : {}) },
    },
  };
}

function systemActions({ flaws }: OnboardFacts): Action[] {
  const names = [...new Set(flaws.filter(({ cure }) => cure === 'apply').map(({ control }) => control))];
  const waiting = [
    ...new Set(
      flaws.filter(({ cure, control }) => cure === 'reboot' || atBoot.has(control)).map(({ control }) => control),
    ),
  ];
  return [
    {
      step: 'host.harden-host',
      what: names.length > 0 ? `Set up ${names.join(', ')}` : 'Leave kernel, control groups and jailer as they are',
      reversible: true,
    },
    {
      step: 'host.reboot-host',
      what:
        waiting.length > 0
          ? `Reboot the host for ${waiting.join(', ')}, and look at everything above again`
          : 'Reboot the host only if its kernel still waits for it then',
      reversible: waiting.length === 0,
    },
  ];
}

/** Controls that the kernel takes at its next start alone. */
const atBoot = new Set(['kernel-arguments', 'smt']);

function shownFacts(intent: OnboardIntent, facts: OnboardFacts): Draft['facts'] {
  const { hardware, disks, network, bootId } = facts;
  const { cpus, cpuModel, memory, kernel } = hardware;
  const planned = densities(capacityOf(intent, facts), intent.shapes);
  return [
    { label: 'host', value: `${facts.hostname}, boot ${bootId}` },
    {
      label: 'hardware',
      value: `${cpus} CPUs (${cpuModel}), ${gb(memory.installedBytes ?? memory.usableBytes)} of memory, kernel ${kernel}`,
    },
    ...disks.disks.map(({ serial, kernelName, bytes }) => ({
      label: `disk ${serial}`,
      value: `${kernelName}, ${gb(bytes)}`,
    })),
    ...(network
      ? [
          {
            label: 'uplinks',
            value: `${network.uplinks.join(', ')}: ${network.done ? 'bonded as declared' : `to be bonded (${network.mode})`}`,
          },
        ]
      : []),
    { label: 'VM storage', value: `${gb(storageBytes(facts))} at ${intent.mountPoint}` },
    ...(Object.keys(planned).length > 0
      ? [{ label: 'VMs of one shape', value: densitiesInWords(planned, intent.shapes) }]
      : []),
  ];
}

function warningsOf(intent: OnboardIntent, facts: OnboardFacts): string[] {
  const planned = densities(capacityOf(intent, facts), intent.shapes);
  const former = facts.lives.filter((life) => life !== facts.generation);
  return [
    ...compareHardware(intent.hardware, facts.hardware).warnings,
    ...Object.entries(planned)
      .filter(([, { belowMin }]) => belowMin)
      .map(
        ([name, { vms, bound }]) =>
          `it carries ${vms} VMs of the shape ${name}, fewer than its class expects: bound by ${bound}`,
      ),
    ...(former.length > 0 ? [`its disks carry storage of a former life: generation ${former.join(', ')}`] : []),
    ...(intent.initialSync ? [] : ['the members of a new array are not brought into step (initialSync: false)']),
  ];
}

function capacityOf({ reserved, cpuOvercommit }: OnboardIntent, facts: OnboardFacts) {
  const { cpus, memory } = facts.hardware;
  return { cpus, memoryBytes: memory.usableBytes, diskBytes: storageBytes(facts), reserved, cpuOvercommit };
}

function burnInTotal({ burnInMs: { cpuMs, memoryMs, diskMs } }: OnboardIntent): number {
  return cpuMs + memoryMs + diskMs;
}

function burnInWords({ burnInMs: { cpuMs, memoryMs, diskMs } }: OnboardIntent): string {
  return `CPU ${duration(cpuMs)}, memory ${duration(memoryMs)}, disk ${duration(diskMs)}; no error counter may rise`;
}

function duration(ms: number): string {
  const seconds = Math.round(ms / 1_000);
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7_200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3_600)} h`;
}

function gb(bytes: number): string {
  return bytes >= 1e12 ? `${(bytes / 1e12).toFixed(1)} TB` : `${Math.round(bytes / 1e9)} GB`;
}
