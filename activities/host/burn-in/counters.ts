import type { HostAccess } from '../access/access.ts';
import { commandFailed } from '../access/remote.ts';
import { script } from '../access/script.ts';

/** Error counters of a host by name; null: it cannot be read, which is said and never taken for 0. */
export type Counters = Readonly<Record<string, number | null>>;

const timeoutMs = 60_000;
const outputLimit = 128 * 1024;

/**
 * sh -c … sh <mac>… -- <serial>…: EDAC, machine checks, SMART of the disks that are named and of none else, the uplinks. Dropped
 * packets are not counted: a switch's frames for unknown protocols are.
 */
const countersScript = `
number() { case "$2" in ''|*[!0-9]*) echo "$1 ?" ;; *) echo "$1 $2" ;; esac; }
found=no
for file in /sys/devices/system/edac/mc/mc*/ce_count /sys/devices/system/edac/mc/mc*/ue_count; do
  [ -e "$file" ] || continue
  found=yes; name=\${file#/sys/devices/system/edac/mc/}
  number "edac/$name" "$(cat "$file" 2>/dev/null)"
done
[ $found = yes ] || echo 'edac ?'
if log=$(journalctl --dmesg --boot --no-pager --output=cat 2>/dev/null) && [ -n "$log" ] || log=$(dmesg 2>/dev/null) && [ -n "$log" ]; then
  number mce "$(printf '%s\\n' "$log" | grep -ciE 'machine check events logged|\\[hardware error\\]')"
else echo 'mce ?'; fi
while [ "\${1:---}" != -- ]; do
  card=
  for at in /sys/class/net/*; do
    # A member of a bond shows the bond's address; its own is kept beside it.
    own=$(cat "$at/bonding_slave/perm_hwaddr" 2>/dev/null || cat "$at/address" 2>/dev/null)
    [ -e "$at/device" ] && [ "$own" = "$1" ] && card=$at
  done
  for what in rx_errors tx_errors rx_crc_errors rx_frame_errors rx_fifo_errors rx_missed_errors tx_carrier_errors; do
    number "nic/$1/$what" "$([ -n "$card" ] && cat "$card/statistics/$what" 2>/dev/null)"
  done
  shift
done
[ $# -eq 0 ] || shift
for serial in "$@"; do
  device=$(lsblk -dno NAME,SERIAL 2>/dev/null | awk -v serial="$serial" '$2 == serial { print "/dev/" $1; exit }')
  number "disk/$serial/missing" "$([ -n "$device" ] && echo 0 || echo 1)"
  json=$([ -n "$device" ] && timeout 20 smartctl -a -j "$device" 2>/dev/null)
  printf '%s' "$json" | python3 -c '
import json, sys
name = "smart/" + sys.argv[1] + "/"
def say(what, value): print(name + what, value if isinstance(value, int) else "?")
try: read = json.load(sys.stdin)
except ValueError: read = {}
nvme = read.get("nvme_smart_health_information_log")
if nvme is not None:
    for what in ("media_errors", "critical_warning"): say(what, nvme.get(what))
else:
    table = {one.get("id"): one.get("raw", {}).get("value") for one in read.get("ata_smart_attributes", {}).get("table", [])}
    for what, key in (("reallocated", 5), ("pending", 197), ("uncorrectable", 198)): say(what, table.get(key))
' "$serial" || echo "smart/$serial ?"
done
echo end`;

/** Reads every error counter. @throws SSH_FAILED, HOST_COMMAND_FAILED: the look itself failed */
export async function readCounters({ ssh, config }: HostAccess, signal: AbortSignal): Promise<Counters> {
  const macs = config.uplinks.map(({ mac }) => mac);
  const end = await ssh.run(script('read-counters', countersScript, ...macs, '--', ...config.disks), {
    timeoutMs,
    outputLimit,
    signal,
  });
  const lines = end.stdout.trimEnd().split('\n');
  if (end.truncated || lines.at(-1) !== 'end') throw commandFailed(ssh, 'read the error counters', end);
  return Object.fromEntries(
    lines.slice(0, -1).map((line) => {
      const at = line.lastIndexOf(' ');
      const value = line.slice(at + 1);
      return [line.slice(0, at), /^\d+$/.test(value) ? Number(value) : null];
    }),
  );
}

/**
 * The disks of the inventory that a reading did not find. A reading is compared with one before it, and one that was made after a disk
 * was lost shows nothing of it: what should be there is what the platform file says.
 */
export function missingDisks({ config }: Pick<HostAccess, 'config'>, counters: Counters): readonly string[] {
  return config.disks.filter((serial) => counters[`disk/${serial}/missing`] !== 0);
}

/**
 * What two readings say: counters that rose, or that the load took away, as a disk does that fails; and those that could not be
 * read from the start.
 */
export function compareCounters(before: Counters, after: Counters): { risen: string[]; unread: string[] } {
  const risen: string[] = [];
  const unread: string[] = [];
  for (const name of [...new Set([...Object.keys(before), ...Object.keys(after)])].sort()) {
    const [first, last] = [before[name] ?? null, after[name] ?? null];
    if (first === null) unread.push(name);
    else if (last === null) risen.push(`${name}: ${first} → no longer readable`);
    // A counter that fell was reset: what came in between is not known.
    else if (last > first) risen.push(`${name}: ${first} → ${last}`);
    else if (last < first) risen.push(`${name}: ${first} → ${last}, it was reset`);
  }
  return { risen, unread };
}
