import type { HostAccess } from '../access/access.ts';
import { commandFailed } from '../access/remote.ts';
import { script } from '../access/script.ts';

/** For one look at the processes of a host. Milliseconds. */
const timeoutMs = 30_000;

/**
 * Prints a line for each sign of a VM: a process that is called firecracker, one whose root is a jail (by inode: a jailer that has
 * pivoted shows "/"), a control group of the jailer's with processes. Not the API of metald: it knows nothing after a restart.
 * A host has thousands of processes: programs are started for the few that may be VMs, not for each of them.
 */
export const runningVmsScript = `
printf '%s\\n' /proc/[0-9]*/cmdline /proc/[0-9]*/comm | xargs grep -ls firecracker | while read -r found; do
  dir=\${found%/*}
  name=$(cat "$dir/cmdline" 2>/dev/null | tr '\\000' '\\n' | head -n 1)
  read -r comm 2>/dev/null <"$dir/comm" || continue
  case "\${name##*/} $comm" in *firecracker*) echo "process \${dir#/proc/}" ;; esac
done | sort -u
{
  stat -L -c '%d:%i %F' /srv/jailer/*/*/root /srv/jailer/*/* 2>/dev/null | sed -n 's/ directory$//p'
  printf '%s\\n' /proc/[0-9]*/root | xargs stat -L -c '%d:%i %n' 2>/dev/null
} | awk 'NF == 1 { jail[$1] } NF == 2 && $1 in jail { split($2, at, "/"); print "jailed " at[3] }'
for procs in /sys/fs/cgroup/*firecracker*/*/cgroup.procs /sys/fs/cgroup/*/*firecracker*/*/cgroup.procs; do
  [ -e "$procs" ] && read -r _ 2>/dev/null <"$procs" && echo "cgroup \${procs%/cgroup.procs}"
done
echo end`;

/**
 * The signs of VMs that run on a host; none: there is none.
 * @throws SSH_FAILED, HOST_COMMAND_FAILED: not looked at, which is never "none"
 */
export async function runningVms({ ssh }: Pick<HostAccess, 'ssh'>, signal?: AbortSignal): Promise<readonly string[]> {
  const end = await ssh.run(script('running-vms', runningVmsScript), { timeoutMs, ...(signal ? { signal } : {}) });
  const lines = end.stdout.trim().split('\n');
  // Cut off, it would have said of the last VMs nothing.
  if (lines.at(-1) !== 'end') {
    if (end.truncated && lines.length > 1) return lines.slice(0, -1);
    throw commandFailed(ssh, 'look for running VMs', end);
  }
  return lines.slice(0, -1);
}

/** `process 71, cgroup /sys/…, and 3 more` */
export function vmsInWords(signs: readonly string[]): string {
  const shown = signs.slice(0, 3).join(', ');
  return signs.length > 3 ? `${shown}, and ${signs.length - 3} more` : shown;
}
