import type { TierFacts, TierIntent, TierLeft, TierServer } from './types.ts';
import { bytesInWords, counted, timeInWords } from '../facts/words.ts';

/** Readings at planning time, for people. */
export function tierFacts(intent: TierIntent, { servers, partitions }: TierFacts): { label: string; value: string }[] {
  const ids = partitions.map(({ id }) => id).sort();
  const span = ids.length === 0 ? 'none' : `${counted(ids.length, 'partition')}, ${ids[0]} to ${ids.at(-1)}`;
  return [
    { label: intent.table, value: span },
    { label: 'level', value: `${intent.level} of ${intent.family}: ${timeInWords(intent.keepMs)} on ${intent.tier}` },
    ...servers.flatMap((server) => volumes(server, intent)),
  ];
}

function volumes({ name, storage }: TierServer, { volume }: TierIntent): { label: string; value: string }[] {
  if (!storage) return [];
  const disks = storage.volumes.find((one) => one.name === volume)?.disks ?? [];
  const those = storage.disks.filter((disk) => disks.includes(disk.name));
  const sum = (field: 'freeBytes' | 'totalBytes'): number => those.reduce((total, disk) => total + disk[field], 0);
  const value = `${bytesInWords(sum('freeBytes'))} free of ${bytesInWords(sum('totalBytes'))}`;
  return [{ label: `${volume} on ${name}`, value }];
}

/** What is left and why, and what this cluster can't do. */
export function tierWarnings(intent: TierIntent, { servers }: TierFacts, left: readonly TierLeft[]): string[] {
  const flat = servers.filter(({ storage }) => !storage).map(({ name }) => name);
  return [
    ...(flat.length > 0
      ? [
          `${flat.join(', ')}: no storage policies, so nothing can be moved to ${intent.tier} there; retention and proofs go on`,
        ]
      : []),
    ...(intent.noBackup === undefined ? [] : [`No backup is asked for: ${intent.noBackup}`]),
    ...(intent.next === undefined
      ? [`${intent.table} is the last level: no roll-up replaces it, so its expiry depends on the backup alone`]
      : []),
    ...left.map(leftInWords),
  ];
}

/** One partition that stays, for people. */
export function leftInWords({ partition, server, code, why, overdue }: TierLeft): string {
  const where = server === undefined ? partition : `${partition} on ${server}`;
  return `${where} is left${overdue ? ', overdue' : ''}: ${code ? `${code}: ` : ''}${why}`;
}
