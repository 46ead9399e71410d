// POSIX shell that stays on the host. `JAILER`, `STATE` and `CGROUP` are for its tests.

/**
 * Removes jails whose VM is gone: no process has its root there, no control group of that id has processes, nothing is mounted below,
 * and nothing changed there for a day. Never across file systems.
 */
export const sweepScript = `#!/bin/sh
# From Gantry: removes the jails of VMs that are gone for a day.
set -eu
jailer=\${JAILER:-/srv/jailer} cgroup=\${CGROUP:-/sys/fs/cgroup} minutes=\${MINUTES:-1440}
[ -d "$jailer" ] || exit 0
jailer=$(readlink -f "$jailer")
for jail in "$jailer"/*/*; do
  [ -d "$jail" ] && [ ! -L "$jail" ] || continue
  id=\${jail##*/}
  [ -z "$(find "$jail" -xdev -newermt "-$minutes minutes" -print -quit)" ] || continue
  used=no
  # By inode: the jailer has pivoted its root, so its path says "/" to everyone else.
  roots=$(stat -L -c '%d:%i' /proc/[0-9]*/root /proc/[0-9]*/cwd 2>/dev/null | sort -u)
  for at in "$jail" "$jail/root"; do
    [ -e "$at" ] || continue
    if printf '%s\\n' "$roots" | grep -qxF "$(stat -c '%d:%i' "$at")"; then used=yes; fi
  done
  [ $used = no ] || continue
  for procs in "$cgroup"/*/"$id"/cgroup.procs "$cgroup"/*/*/"$id"/cgroup.procs; do
    if [ -e "$procs" ] && [ -n "$(cat "$procs")" ]; then used=yes; fi
  done
  [ $used = no ] || continue
  # The fifth field of mountinfo is where something is mounted.
  if awk -v jail="$jail/" 'index($5 "/", jail) == 1 { found = 1 } END { exit !found }' /proc/self/mountinfo; then continue; fi
  rm -rf --one-file-system -- "$jail"
  echo "removed $jail"
done
`;

/** Asks every Firecracker's API socket; says which has not answered for five looks of a minute. Fails then, so that its unit shows. */
export const watchScript = `#!/bin/sh
# From Gantry: reports a Firecracker that answers nothing on its API. It ends none.
set -eu
jailer=\${JAILER:-/srv/jailer} state=\${STATE:-/run/gantry-vm-watch} bad=0
mkdir -p "$state"
for socket in "$jailer"/*/*/root/run/firecracker.socket "$jailer"/*/*/root/run/*.sock; do
  [ -S "$socket" ] || continue
  jail=\${socket%/root/run/*}
  file=$state/$(printf '%s' "$jail" | tr / _)
  if curl -sS -o /dev/null -m 5 --unix-socket "$socket" http://localhost/ 2>/dev/null; then rm -f "$file"; continue; fi
  misses=$(($(cat "$file" 2>/dev/null || echo 0) + 1))
  echo "$misses" >"$file"
  if [ "$misses" -ge 5 ]; then echo "no answer for $misses looks: $jail"; bad=1; fi
done
exit $bad
`;
