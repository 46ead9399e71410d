import { arrayStanding } from '../disks/array-standing.ts';
import { filesystemStanding, tableStanding } from '../disks/content-standing.ts';
import { diskFindings, diskStanding } from '../disks/standing.ts';
import { compareHardware } from '../hardware/compare.ts';
import type { Finding } from '../types.ts';
import type { OnboardFacts, OnboardIntent } from './types.ts';

/** Everything that keeps a host from being taken in, at once, each with its place. Pure. */
export function onboardFindings(intent: OnboardIntent, facts: OnboardFacts): Finding[] {
  const { hardware, disks, uuids, flaws } = facts;
  const { mismatches } = compareHardware(intent.hardware, hardware);
  const ofDisks = diskFindings(disks, uuids, intent.wipes);
  const said = new Set(ofDisks.map(({ place }) => place));
  return [
    ...mismatches
      .filter(({ place }) => !said.has(place))
      .map(({ place, message }) => ({ code: 'HOST_DOES_NOT_MATCH' as const, message, place })),
    ...ofDisks,
    ...tokenFindings(intent, facts),
    ...(ofDisks.length === 0 ? arrayFindings(intent, facts) : []),
    ...flaws
      .filter(({ cure }) => cure === 'none')
      .map(({ control, what }) => ({
        code: 'HOST_CANNOT_CONFORM' as const,
        message: `${control}: ${what}`,
        place: control,
      })),
    ...facts.findings,
  ];
}

/** A token that does nothing is a mistake: what it was meant for stays, or is another disk. */
function tokenFindings({ wipes }: OnboardIntent, { disks, uuids }: OnboardFacts): Finding[] {
  return wipes.flatMap(({ serial, digest }): Finding[] => {
    const disk = disks.disks.find((one) => one.serial === serial);
    const finding = (why: string): Finding[] => [
      { code: 'HOST_WIPE_STALE', message: `${serial}@${digest}: ${why}`, place: serial },
    ];
    if (!disk) return finding('the inventory has no such disk of this host');
    const { is } = diskStanding(disk, uuids, wipes);
    if (is === 'ours') return finding('the disk carries this host’s own storage, which no token wipes');
    if (is === 'blank') return finding('the disk is blank: leave the token out');
    return [];
  });
}

function arrayFindings({ wipes, serial }: OnboardIntent, { disks, uuids }: OnboardFacts): Finding[] {
  // What is to be wiped is blank by then.
  const afterwards = disks.disks.map((disk) =>
    diskStanding(disk, uuids, wipes).is === 'to-wipe'
      ? { serial: disk.serial, path: disk.path, kernelName: disk.kernelName, bytes: disk.bytes, ...blank }
      : disk,
  );
  const standing = arrayStanding({ ...disks, disks: afterwards }, uuids);
  if (standing.is === 'wrong') {
    return [{ code: standing.code, message: `the array of ${serial}: ${standing.why}`, place: 'array' }];
  }
  const foreign = [tableStanding(disks.content, uuids), filesystemStanding(disks.content, uuids)];
  return foreign.flatMap((one): Finding[] =>
    one.is === 'foreign'
      ? [{ code: 'HOST_ARRAY_FOREIGN', message: `the array of ${serial} holds ${one.what}`, place: 'array' }]
      : [],
  );
}

const blank = { system: false, uses: [], signatures: [], blankEdges: true, digest: '' } as const;
