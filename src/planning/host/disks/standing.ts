import type { ErrorCode } from '../../../errors/index.ts';
import type { Finding } from '../types.ts';
import type { DiskFacts, HostUuids, Signature, Wipe } from './types.ts';

/** How a disk stands towards one life of a host. */
export type DiskStanding =
  /** Nothing is on it. */
  | { is: 'blank' }
  /** A member of this life's array, and nothing else. */
  | { is: 'ours' }
  /** Something is on it that the given token allows to wipe. `begun`: a wipe of it was begun. */
  | { is: 'to-wipe'; begun: boolean; what: string }
  /** It must not be touched. */
  | { is: 'kept'; code: ErrorCode; why: string };

/**
 * Whether a disk is this host's own, blank, or something else's. Only what carries the UUID of this very life is ours: a
 * placeholder serial, a former life, another host's array are foreign. Pure.
 */
export function diskStanding(disk: DiskFacts, uuids: HostUuids, wipes: readonly Wipe[]): DiskStanding {
  const { serial, system, uses, signatures, member, wiping } = disk;
  const kept = (code: ErrorCode, why: string): DiskStanding => ({ is: 'kept', code, why: `${serial}: ${why}` });
  if (system) return kept('HOST_DISK_IS_SYSTEM', `the operating system lies on it (${disk.kernelName})`);
  const ours = member !== undefined && sameUuid(member.array, uuids.array);
  const others = uses.filter((use) => !(ours && use === `array ${plain(uuids.array)}`));
  if (others.length > 0) return kept('HOST_DISK_BUSY', `in use: ${others.join(', ')}`);
  if (ours && signatures.every(({ type }) => type === 'linux_raid_member')) return { is: 'ours' };
  const wipe = wipes.find((one) => one.serial === serial);
  if (wiping) {
    const came = signatures.map(signatureKey).filter((one) => !wiping.signatures.includes(one));
    if (wipe?.digest !== wiping.digest) return kept('HOST_DISK_FOREIGN', 'a wipe of it was begun by another run');
    if (came.length > 0) return kept('HOST_WIPE_STALE', `since its wipe was begun came ${came.join(', ')}`);
    return { is: 'to-wipe', begun: true, what: 'the rest of what a wipe has begun to remove' };
  }
  if (signatures.length === 0 && disk.blankEdges && !member) return { is: 'blank' };
  const what = contentsInWords(disk);
  if (!wipe) return kept('HOST_DISK_FOREIGN', `holds ${what}; to wipe it: --wipe ${wipeToken(disk)}`);
  if (wipe.digest === disk.digest) return { is: 'to-wipe', begun: false, what };
  return kept('HOST_WIPE_STALE', `holds ${what} (${wipeToken(disk)}), and the token was given for ${wipe.digest}`);
}

/** What is in the way of each disk, for a plan. */
export function diskFindings(
  { disks, missing }: { disks: readonly DiskFacts[]; missing: readonly string[] },
  uuids: HostUuids,
  wipes: readonly Wipe[],
): Finding[] {
  return [
    ...missing.map((serial) => ({
      code: 'HOST_DISK_MISSING' as const,
      message: `${serial}: no disk of this serial number, or more than one`,
      place: serial,
    })),
    ...disks.flatMap((disk): Finding[] => {
      const standing = diskStanding(disk, uuids, wipes);
      return standing.is === 'kept' ? [{ code: standing.code, message: standing.why, place: disk.serial }] : [];
    }),
  ];
}

/** What the operator gives back to have exactly this wiped. */
export function wipeToken({ serial, digest }: Wipe): string {
  return `${serial}@${digest}`;
}

/** `<serial>@<digest>` → both. A serial number may hold an @ itself. */
export function parseWipe(token: string): Wipe {
  const at = token.lastIndexOf('@');
  return { serial: token.slice(0, at), digest: token.slice(at + 1) };
}

/** For people: `xfs “pics” 1f0e…, gpt`. */
export function contentsInWords({ signatures, blankEdges, member }: DiskFacts): string {
  const words = signatures.map(
    ({ type, uuid, label }) => `${type}${label ? ` “${label}”` : ''}${uuid ? ` ${uuid}` : ''}`,
  );
  if (member && !signatures.some(({ type }) => type === 'linux_raid_member')) words.push(`a member of ${member.name}`);
  if (words.length > 0) return words.join(', ');
  return blankEdges ? 'nothing' : 'data without a signature';
}

/** Tells one signature from another. */
export function signatureKey({ type, uuid = '', offset = '' }: Signature): string {
  return `${type}:${uuid}:${offset}`;
}

/** Whether two tools mean the same UUID: mdadm groups its digits with colons, others write capitals. Pure. */
export function sameUuid(one: string | undefined, other: string): boolean {
  return one !== undefined && plain(one) === plain(other);
}

/** The 32 digits of a UUID. */
export function plain(uuid: string): string {
  return uuid.replace(/[^0-9a-fA-F]/g, '').toLowerCase();
}
