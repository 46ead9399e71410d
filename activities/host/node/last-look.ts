import type { KubeNode } from '../../../src/drivers/kubernetes/index.ts';
import type { HostAccess } from '../access/access.ts';
import { commandFailed } from '../access/remote.ts';
import { script } from '../access/script.ts';
import { flawsOf, readConformance } from '../system/conformance.ts';
import { annotations } from './names.ts';
import { specDigest } from './spec-digest.ts';

/**
 * sh -c … sh <mount point>: what the VM storage lies on, how its array stands, whether a network change waits for its confirmation.
 */
const lookScript = `
if mountpoint -q "$1"; then
  echo "mounted $(findmnt -no FSTYPE,OPTIONS --target "$1" | tr -s ' ' ' ')"
  lsblk -nsro NAME,TYPE "$(findmnt -nvo SOURCE --target "$1")" 2>/dev/null | awk '$2 ~ /^raid/ { print $1 }' | sort -u | while read -r md; do
    at=/sys/block/$md/md
    echo "array $md $(cat "$at/array_state") $(cat "$at/degraded" 2>/dev/null || echo 0) $(cat "$at/sync_action" 2>/dev/null || echo idle)"
  done
else echo 'mounted no'; fi
systemctl list-timers --all --plain --no-legend 'gantry-net*' 2>/dev/null | awk '{ for (i = 1; i <= NF; i++) if ($i ~ /^gantry-net.*\\.timer$/) print "pending", $i }'
echo end`;

/** What stands in the way of admission, in words. `busy`: what ends by itself. */
export type LastLook = { flaws: readonly string[]; busy: readonly string[] };

/** @throws SSH_FAILED, HOST_COMMAND_FAILED */
export async function lastLook(access: HostAccess, node: KubeNode, signal: AbortSignal): Promise<LastLook> {
  const { ssh, class: hostClass } = access;
  const { mountPoint } = hostClass.storage;
  const end = await ssh.run(script('last-look', lookScript, mountPoint), { timeoutMs: 30_000, signal });
  const lines = end.stdout.trimEnd().split('\n');
  if (lines.at(-1) !== 'end') throw commandFailed(ssh, 'look at the host a last time', end);
  const conformance = await readConformance(access, signal);
  const said = node.annotations;
  const wantsArray = hostClass.disks.some(({ role, count }) => role === 'vm-storage' && count > 1);
  const storage = storageFlaws(mountPoint, lines, wantsArray);
  const flaws = [
    ...storage.flaws,
    ...lines
      .filter((line) => line.startsWith('pending '))
      .map((line) => `a network change waits for its confirmation (${line.slice(8)})`),
    ...flawsOf(conformance).map(({ control, what }) => `${control}: ${what}`),
    ...(said[annotations.conformance] === conformance.digest
      ? []
      : ['its conformance is not the one that its Node says']),
    ...(said[annotations.spec] === specDigest(access)
      ? []
      : ['the platform file wants something else of it than its Node says']),
  ];
  return { flaws, busy: storage.busy };
}

/** Pure; exported for its tests. */
export function storageFlaws(mountPoint: string, lines: readonly string[], wantsArray: boolean): LastLook {
  const mounted = lines.find((line) => line.startsWith('mounted ')) ?? 'mounted no';
  if (mounted === 'mounted no') return { flaws: [`nothing is mounted at ${mountPoint}`], busy: [] };
  const options = (mounted.split(' ')[2] ?? '').split(',');
  const flaws = options.includes('ro') ? [`${mountPoint} is mounted read-only`] : [];
  const busy: string[] = [];
  const arrays = lines.filter((line) => line.startsWith('array '));
  if (wantsArray && arrays.length === 0) flaws.push(`${mountPoint} lies on no array`);
  for (const line of arrays) {
    const [, md = '', state = '', degraded = '', action = ''] = line.split(' ');
    if (!['clean', 'active', 'active-idle', 'write-pending'].includes(state)) flaws.push(`the array ${md} is ${state}`);
    if (degraded !== '0') flaws.push(`the array ${md} lacks ${degraded} of its members`);
    if (action !== 'idle' && action !== 'check') busy.push(`the array ${md} is busy with ${action}`);
  }
  return { flaws, busy };
}
