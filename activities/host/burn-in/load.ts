import type { HostClass } from '../../../src/platform/index.ts';
import { script } from '../access/script.ts';

/** One part of a burn-in: what it is called, and the command of its unit. */
export type Load = { name: 'cpu' | 'memory' | 'disk'; seconds: number; argv: readonly string[] };

/** The scratch file of the disk load; it is removed at the end of the load, however that ends. */
export const scratchName = '.gantry-burn-in';

/** Of scratch file for each second of the load: small enough that each block is written and verified more than once. */
const mibPerSecond = 16;
const [leastMib, mostMib] = [64, 16 * 1024];

/**
 * sh -c … sh <mount point> <file> <MiB> <seconds>: random reads and writes that verify what they wrote. Only on what is really
 * mounted there: without it the load would fill the disk of the system. No state of the verification is kept, which fio otherwise
 * leaves beside the file.
 */
const diskScript = `
set -eu
mountpoint -q "$1" || { echo "nothing is mounted at $1: systemctl start $(systemd-escape -p --suffix=mount "$1")"; exit 7; }
cd "$1"
trap 'rm -f "$2"' EXIT
free=$(df --output=avail -B1M . | tail -n 1 | tr -d ' ')
[ "$free" -gt $(($3 * 2)) ] || { echo "only $free MiB are free at $1, $3 are written"; exit 8; }
fio --name=gantry --filename="$2" --size="\${3}M" --rw=randrw --bs=64k --ioengine=libaio --iodepth=16 --direct=1 \\
  --verify=crc32c --verify_fatal=1 --verify_state_save=0 --verify_backlog=1024 --time_based --runtime="$4" --eta=never --output-format=normal
# What one load wrote is read back whole once more: a time-based load may end before it has come to all of it.
fio --name=gantry --filename="$2" --size="\${3}M" --rw=write --bs=1M --ioengine=libaio --iodepth=8 --direct=1 \\
  --verify=crc32c --verify_fatal=1 --verify_state_save=0 --do_verify=1 --eta=never --output-format=normal`;

/** The loads of a class. `stress-ng` counts every wrong result as a failure with `--verify`, and ends with another code than 0. */
export function loadsOf({ burnIn, storage }: Pick<HostClass, 'burnIn' | 'storage'>): readonly Load[] {
  const [cpu, memory, disk] = [burnIn.cpuMs, burnIn.memoryMs, burnIn.diskMs].map(seconds) as [number, number, number];
  const mib = Math.min(mostMib, Math.max(leastMib, disk * mibPerSecond));
  const stress = (...args: string[]): string[] => ['stress-ng', '--verify', '--metrics-brief', ...args];
  return [
    { name: 'cpu', seconds: cpu, argv: stress('--cpu', '0', '--timeout', `${cpu}s`) },
    // Of all memory: what is left is for the system, which must not be pushed out while it is watched.
    {
      name: 'memory',
      seconds: memory,
      argv: stress('--vm', '0', '--vm-bytes', '75%', '--vm-keep', '--timeout', `${memory}s`),
    },
    {
      name: 'disk',
      seconds: disk,
      argv: script('load-disk', diskScript, storage.mountPoint, scratchName, String(mib), String(disk)),
    },
  ];
}

function seconds(ms: number): number {
  return Math.max(1, Math.ceil(ms / 1_000));
}
