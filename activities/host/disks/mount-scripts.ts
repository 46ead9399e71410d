// POSIX shell, run as root on the host by script() or look(): nothing is interpolated, all of it is arguments.

/**
 * `<mount point>`: what lies beneath it on the disk of the system, whether or not something is mounted there: its attributes,
 * then its entries. In a mount namespace of its own, so that the host's mount stays.
 */
export const beneathScript = `
[ -e "$1" ] || exit 44
exec unshare -m sh -c '
  while mountpoint -q -- "$1"; do umount -l -- "$1" || exit 1; done
  printf "attributes %s\\n" "$(lsattr -d -- "$1" | cut -d " " -f 1)"
  ls -A -- "$1" | head -n 5 | sed "s/^/entry /"
' sh "$1"`;

/** `<mount point>`: makes the folder, and nothing can be put into it while nothing is mounted there. */
export const sealScript = `
set -eu
[ -d "$1" ] || mkdir -p -- "$1"
exec unshare -m sh -c '
  while mountpoint -q -- "$1"; do umount -l -- "$1" || exit 1; done
  [ -z "$(ls -A -- "$1")" ] || { echo "there are files in $1 on the disk of the system" >&2; exit 46; }
  chattr +i -- "$1"
' sh "$1"`;

/** `<mount point> <partition>`: mounts as /etc/fstab says, unless it is mounted, and proves that what is written is read. */
export const mountScript = `
set -eu
systemctl daemon-reload
mountpoint -q -- "$1" || mount -- "$1"
[ "$(findmnt -nro SOURCE -M "$1")" = "$(readlink -f "$2")" ] || { echo "something else is mounted at $1" >&2; exit 46; }
probe=$(mktemp -- "$1/.gantry.XXXXXX")
trap 'rm -f -- "$probe"' EXIT
head -c 65536 /dev/urandom >"$probe.text" 2>/dev/null || { rm -f -- "$probe.text"; exit 1; }
trap 'rm -f -- "$probe" "$probe.text"' EXIT
dd if="$probe.text" of="$probe" bs=65536 conv=fsync,notrunc status=none
dd if="$probe" bs=65536 iflag=direct status=none | cmp -s - "$probe.text" || { echo "what was written to $1 is not read" >&2; exit 1; }`;

/** `<mount point> <partition>`: unmounts ours, unless there are files on it. */
export const unmountScript = `
set -eu
mountpoint -q -- "$1" || exit 0
[ "$(findmnt -nro SOURCE -M "$1")" = "$(readlink -f "$2")" ] || { echo "something else is mounted at $1" >&2; exit 46; }
files=$(ls -A -- "$1" | head -n 5)
[ -z "$files" ] || { echo "there are files on it: $files" >&2; exit 46; }
umount -- "$1"`;

/** `<mount point> <existed>`: the folder as it was. */
export const unsealScript = `
set -eu
[ -d "$1" ] || exit 0
mountpoint -q -- "$1" && exit 0
chattr -i -- "$1"
[ "$2" = yes ] || rmdir -- "$1"`;
