import { createHash } from 'node:crypto';
import type { HostUuids } from '../../../src/planning/host/index.ts';

/** Gantry's own, once made at random: names under it belong to nothing else. */
const gantryNamespace = '6f1c7a52-3b0e-4d6a-9a51-0c1f5d7e8b24';

/** What carries a UUID on a host: its array, the label of the array's partitions, the partition, the file system on it. */
export type DiskRole = 'array' | 'label' | 'partition' | 'filesystem';

/**
 * The UUID of one part of one life of one host: whoever derives it again gets the same, so that after any crash a look tells
 * ours from foreign. Decision 23.
 */
export function hostUuid(serial: string, generation: number, role: DiskRole): string {
  return uuidV5(gantryNamespace, JSON.stringify(['host', serial, generation, role]));
}

/** A name-based UUID, RFC 9562 section 5.5. @throws TypeError for a namespace that is no UUID */
export function uuidV5(namespace: string, name: string): string {
  const prefix = Buffer.from(namespace.replaceAll('-', ''), 'hex');
  if (prefix.length !== 16) throw new TypeError(`not a UUID: ${namespace}`);
  const bytes = createHash('sha1').update(prefix).update(name, 'utf8').digest().subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x50, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** Lives that a machine may have had: more than it is ever taken in again. */
const mostLives = 200;

/** The UUIDs of one life. */
export function hostUuids(serial: string, generation: number): HostUuids {
  const of = (role: DiskRole): string => hostUuid(serial, generation, role);
  return { array: of('array'), label: of('label'), partition: of('partition'), filesystem: of('filesystem') };
}

/** Of all lives, so that a former one is known by what its disks carry. */
export function livesOf(serial: string): ReadonlyMap<number, HostUuids> {
  return new Map(Array.from({ length: mostLives }, (_, at) => [at + 1, hostUuids(serial, at + 1)] as const));
}
