import type { ActionOf } from '../../../runs/index.ts';
import { arrayStanding } from '../disks/array-standing.ts';
import { filesystemStanding, tableStanding } from '../disks/content-standing.ts';
import { contentsInWords } from '../disks/standing.ts';
import type { OnboardFacts, OnboardIntent } from './types.ts';

type Action = ActionOf<'host.onboard'>;

/** What the VM storage will hold, roughly: half of its disks. Bytes. */
export function storageBytes({ disks: { disks } }: OnboardFacts): number {
  const least = Math.min(...disks.map(({ bytes }) => bytes));
  return disks.length === 0 ? 0 : Math.floor((least * disks.length) / 2);
}

/** The plan's lines from the disks to the mount. A line that finds its work done says so. Pure. */
export function storageActions({ wipes, mountPoint }: OnboardIntent, facts: OnboardFacts): Action[] {
  const { disks, uuids, generation } = facts;
  const serials = disks.disks.map(({ serial }) => serial).join(', ');
  const { is } = arrayStanding(disks, uuids, wipes);
  // A disk that is to be wiped makes it "wrong" until it is.
  const array =
    is === 'whole'
      ? `Leave the array as it is: ${uuids.array}`
      : is === 'stopped'
        ? `Start the array of ${serials}: ${uuids.array}`
        : is === 'half-made'
          ? `Make the array that a killed run has begun: RAID10 of ${serials}, ${uuids.array}`
          : `Make a RAID10 of ${serials}: ${uuids.array}`;
  const table =
    tableStanding(disks.content, uuids).is === 'ours'
      ? 'Leave its partition as it is'
      : `Put one partition on it: ${uuids.partition}`;
  const filesystem =
    filesystemStanding(disks.content, uuids).is === 'ours'
      ? `Leave the XFS as it is: ${uuids.filesystem}`
      : `Make an XFS: ${uuids.filesystem}, labelled vm-g${generation}`;
  return [
    ...(wipes.length === 0
      ? [action('clear-disks', `Prove that ${serials} are blank, or this host’s own; wipe nothing`)]
      : wipes.map(({ serial, digest }) => {
          const disk = disks.disks.find((one) => one.serial === serial);
          const holds = disk ? contentsInWords(disk) : 'nothing that is known';
          return action('clear-disks', `Wipe ${serial}, which holds ${holds} (${digest})`, false);
        })),
    action('assemble-array', array),
    action('partition-array', table),
    action('make-filesystem', filesystem),
    action('mount-storage', `Mount it at ${mountPoint}, where no file lands without it`),
  ];
}

type StorageStep = 'clear-disks' | 'assemble-array' | 'partition-array' | 'make-filesystem' | 'mount-storage';

function action(step: StorageStep, what: string, reversible = true): Action {
  return { step: `host.${step}`, what, reversible };
}
