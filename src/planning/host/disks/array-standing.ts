import type { ErrorCode } from '../../../errors/index.ts';
import { diskStanding, sameUuid } from './standing.ts';
import type { ArrayFacts, DisksFacts, HostUuids, Wipe } from './types.ts';

/** How the array of a host's VM storage stands. */
export type ArrayStanding =
  /** All disks are blank. */
  | { is: 'absent' }
  /** A run was killed while it made the array: it was never started, so that nothing can be on it. `members`: serials. */
  | { is: 'half-made'; members: readonly string[] }
  /** All members are there, and the array does not run. */
  | { is: 'stopped' }
  | { is: 'whole'; array: ArrayFacts }
  | { is: 'wrong'; code: ErrorCode; why: string };

/**
 * An array that lacks a member is never started, completed or made again: a blank disk in the place of a member is a
 * replacement, unless no member has ever been written to by a running array (its event count is 0). Pure.
 */
export function arrayStanding(
  { disks, missing, arrays }: Pick<DisksFacts, 'disks' | 'missing' | 'arrays'>,
  uuids: HostUuids,
  wipes: readonly Wipe[] = [],
): ArrayStanding {
  const wrong = (code: ErrorCode, why: string): ArrayStanding => ({ is: 'wrong', code, why });
  const array = arrays.find(({ uuid }) => sameUuid(uuid, uuids.array));
  const running = array?.active === true;
  if (missing.length > 0) {
    const gone = `${missing.join(', ')}: not there`;
    return running ? wrong('HOST_ARRAY_INCOMPLETE', gone) : wrong('HOST_DISK_MISSING', gone);
  }
  const standings = disks.map((disk) => ({ disk, standing: diskStanding(disk, uuids, wipes) }));
  for (const { disk, standing } of standings) {
    if (standing.is === 'kept') return wrong(standing.code, standing.why);
    if (standing.is === 'to-wipe') return wrong('HOST_DISK_FOREIGN', `${disk.serial} is to be wiped first`);
  }
  const ours = standings.filter(({ standing }) => standing.is === 'ours').map(({ disk }) => disk);
  if (running) {
    const inside = new Set(array.members);
    const out = disks.filter(({ kernelName }) => !inside.has(kernelName)).map(({ serial }) => serial);
    if (array.level !== 'raid10' || array.slots !== disks.length) {
      return wrong('HOST_ARRAY_INCOMPLETE', `it is ${array.level} of ${array.slots}, not raid10 of ${disks.length}`);
    }
    if (array.degraded > 0 || out.length > 0) {
      return wrong('HOST_ARRAY_INCOMPLETE', `it lacks ${out.join(', ') || `${array.degraded} of its members`}`);
    }
    return { is: 'whole', array };
  }
  if (ours.length === 0) return { is: 'absent' };
  const neverStarted = ours.every(({ member }) => member?.events === 0);
  if (neverStarted) return { is: 'half-made', members: ours.map(({ serial }) => serial) };
  if (ours.length === disks.length) return { is: 'stopped' };
  const blank = standings.filter(({ standing }) => standing.is === 'blank').map(({ disk }) => disk.serial);
  return wrong('HOST_ARRAY_INCOMPLETE', `${blank.join(', ')} is blank, and the other members have been in use`);
}
