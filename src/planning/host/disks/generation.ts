import { sameUuid } from './standing.ts';
import type { DisksFacts, HostUuids } from './types.ts';

/** Where a generation is known from. */
export type GenerationSources = {
  /** The record on the host's own system disk. */
  record?: number;
  /** Of the Node, where one is known. */
  node?: number;
  /** UUIDs of the lives that a host may have had, by generation: 1 and up. */
  lives: ReadonlyMap<number, HostUuids>;
  disks: Pick<DisksFacts, 'disks' | 'arrays'>;
};

/**
 * Which life of the machine a run works on: what the host keeps; else what its disks carry (the system was installed again);
 * else one more than the last that is known of, so that nothing of a former life is ever taken for this one's. The same facts
 * always give the same number. Pure.
 */
export function generationOf({ record, node, lives, disks }: GenerationSources): number {
  if (record !== undefined) return record;
  const carried = livesOn(disks, lives);
  const [only] = carried;
  if (only !== undefined && carried.length === 1 && (node === undefined || node === only)) return only;
  return Math.max(0, ...carried, node ?? 0) + 1;
}

/** The lives whose array a disk carries, in order. */
export function livesOn(
  { disks, arrays }: Pick<DisksFacts, 'disks' | 'arrays'>,
  lives: ReadonlyMap<number, HostUuids>,
): number[] {
  const seen = [...disks.map(({ member }) => member?.array), ...arrays.map(({ uuid }) => uuid)];
  return [...lives]
    .filter(([, { array }]) => seen.some((one) => sameUuid(one, array)))
    .map(([generation]) => generation)
    .sort((a, b) => a - b);
}
