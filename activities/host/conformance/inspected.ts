import type { HostStepInput } from '../../../src/runs/index.ts';
import type { Probe, StepContext, StepDefinition } from '../../../src/steps/index.ts';
import type { HostAccess, HostDeps } from '../access/access.ts';
import { assembleArray } from '../disks/assemble-array.ts';
import { makeFilesystem } from '../disks/make-filesystem.ts';
import { mountStorage } from '../disks/mount-storage.ts';
import { partitionArray } from '../disks/partition-array.ts';
import { checkHardware } from '../hardware/check-hardware.ts';
import { verifyIdentity } from '../identity/verify-identity.ts';
import { changeNetwork } from '../network/change-network.ts';
import { admitNode } from '../node/admit-node.ts';
import { registerNode } from '../node/register-node.ts';
import { startService } from '../services/start-service.ts';
import { hardenHost } from '../system/harden-host.ts';
import { rebootHost } from '../system/reboot-host.ts';

/** A step of an onboarding as an inspection takes it: it looks, and never acts. */
export type Inspected = {
  step: string;
  wanted: string;
  look: (of: HostStepInput, deps: HostDeps, context: StepContext) => Promise<Probe<unknown>>;
};

/**
 * The steps of an onboarding whose outcome lasts, in their order. A burn-in is left out: it is a test of a day, and a reboot since is no
 * drift. So are the disks' contents: what counts of them is that the array, the file system and the mount are this host's.
 */
export function inspectedOf({ class: hostClass }: Pick<HostAccess, 'class'>): readonly Inspected[] {
  return [
    inspected(verifyIdentity, 'it is the host that the inventory means'),
    inspected(checkHardware, 'its hardware is what its class says'),
    inspected(assembleArray, 'its array is whole'),
    inspected(partitionArray, 'its array is partitioned as Gantry does it'),
    inspected(makeFilesystem, 'its file system is the one of this life of the machine'),
    inspected(mountStorage, 'its VM storage is mounted, and cannot fall through to the disk of the system'),
    ...(hostClass.nics.bonded ? [inspected(changeNetwork, 'its uplinks are bonded as the platform file says')] : []),
    inspected(hardenHost, 'every control of the hardening conforms'),
    inspected(rebootHost, 'its kernel waits for no reboot'),
    ...hostClass.services.map(({ unit }) =>
      inspected(startService, `${unit} runs and is seen to do what it must`, (of) => ({ ...of, unit })),
    ),
    inspected(registerNode, 'its Node says whose it is and what it conforms to'),
    inspected(admitNode, 'its Node was admitted with what it says now'),
  ];
}

function inspected<I extends HostStepInput, O>(
  step: StepDefinition<I, O, HostDeps>,
  wanted: string,
  // The input of most steps is that of all.
  input: (of: HostStepInput) => I = (of) => of as I,
): Inspected {
  return { step: step.name, wanted, look: (of, deps, context) => step.probe(input(of), deps, context) };
}
