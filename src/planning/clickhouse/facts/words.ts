import type { PartitionFlag } from './types.ts';

const sizes = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const;

/** Bytes for people, in powers of 1000 as disks are sold: `113 MB`, `1.2 TB`. */
export function bytesInWords(bytes: number): string {
  let [value, unit] = [Math.abs(bytes), 0];
  while (value >= 999.5 && unit < sizes.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const text = unit > 0 && value < 9.95 ? value.toFixed(1) : String(Math.round(value));
  return `${bytes < 0 ? '-' : ''}${text} ${sizes[unit]}`;
}

/** How far `bytes` are from `target`: `31 % over its share`. */
export function deviationInWords(bytes: number, target: number): string {
  if (target === 0) return bytes === 0 ? 'empty, as it should be' : `${bytesInWords(bytes)} over a share of nothing`;
  const percent = ((bytes - target) / target) * 100;
  const shown = Math.abs(percent) < 10 ? Math.abs(percent).toFixed(1) : String(Math.round(Math.abs(percent)));
  return shown === '0.0' ? 'at its share' : `${shown} % ${percent > 0 ? 'over' : 'under'} its share`;
}

/** `1 partition`, `3 partitions`; `things` where its plural isn't its name with an s. */
export function counted(count: number, thing: string, things = `${thing}s`): string {
  return `${count} ${count === 1 ? thing : things}`;
}

/** Milliseconds, roughly: `90 s`, `25 min`, `3 h`, `5 days`. */
export function timeInWords(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3_600)} h`;
  return `${Math.round(seconds / 86_400)} days`;
}

export const flagWords = {
  'mutation-running': 'a mutation is rewriting it',
  'foreign-detached': 'it has detached parts that are not ours',
  'too-big-to-drop': 'it is larger than max_partition_size_to_drop, so that it could not be dropped afterwards',
  'replicas-differ': 'its replicas do not agree on it',
  'spans-tiers': 'it lies on more than one tier',
  'remote-disk': 'parts of it are on a remote disk',
  'not-backed-up': 'no backup of it is known',
} as const satisfies Record<PartitionFlag, string>;
