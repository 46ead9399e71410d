// POSIX shell, run as root on the host by script() or look(): nothing is interpolated, all of it is arguments. What acts on a
// disk opens it for itself alone (O_EXCL: wipefs, blkdiscard, mdadm, mkfs), so that the kernel refuses one that is in use.

/** The names under which udev shows disks, and what each stands for now. */
export const linksScript = `
for link in /dev/disk/by-id/*; do
  [ -L "$link" ] && printf '%s %s\\n' "\${link##*/}" "$(basename "$(readlink -f "$link")")"
done; :`;

/** What the root file system lies on, through all layers: kernel names with types. */
export const rootScript = `
source=$(findmnt -nvo SOURCE /) || exit 1
case $source in /dev/*) exec lsblk -snro KNAME,TYPE -- "$source" ;; esac
exit 1`;

/** Defines `array_uuid <kernel name>`: one that does not run says it through its members. */
const arrayFunctions = `
array_uuid() {
  found=$(mdadm --detail --export "/dev/$1" 2>/dev/null | sed -n 's/^MD_UUID=//p')
  for member in "/sys/block/$1/md"/dev-*; do
    [ -z "$found" ] && [ -d "$member" ] || continue
    block=/dev/$(basename "$(readlink -f "$member/block")")
    found=$(mdadm --examine --export "$block" 2>/dev/null | sed -n 's/^MD_UUID=//p')
  done
  echo "$found"
}
array_of() {
  for dir in /sys/block/md*/md; do
    [ -d "$dir" ] || continue
    name=$(basename "\${dir%/md}")
    if [ "$(array_uuid "$name")" = "$1" ]; then echo "/dev/$name"; return; fi
  done
}
runs() { case $(cat "/sys/block/$(basename "$1")/md/array_state") in inactive|clear) return 1 ;; esac; }
`;

/** One act on the disks at a time, whichever run or attempt it is of: a later one looks when the former has ended. */
const alone = `
exec 9>/run/gantry-disks.lock
flock -w 50 9 || { echo 'other work of Gantry on the disks goes on' >&2; exit 1; }
`;

/** Every array as the kernel has it: one line each. */
export const arraysScript = `${arrayFunctions}
for dir in /sys/block/md*/md; do
  [ -d "$dir" ] || continue
  name=\${dir%/md}; name=\${name##*/}
  uuid=$(array_uuid "$name")
  members=
  for member in "$dir"/dev-*; do
    [ -d "$member" ] || continue
    block=$(basename "$(readlink -f "$member/block")")
    members="$members,$block:$(tr ',' '+' <"$member/state")"
  done
  read_of() { cat "$dir/$1" 2>/dev/null || echo none; }
  sectors=$(cat "\${dir%/md}/size")
  printf '%s %s %s %s %s %s %s %s %s\\n' "$name" "\${uuid:-none}" "$(read_of array_state)" "$(read_of level)" \\
    "$(read_of raid_disks)" "$(read_of degraded)" "$(read_of sync_action)" "$sectors" "\${members#,}"
done; :`;

/** Defines `evidence <disk>`, the digest of all that says what is on it, and `edges <disk>`, its first and last MiB. */
export const evidenceFunctions = `
edges() {
  size=$(blockdev --getsize64 "$1") || return 1
  head -c 1048576 -- "$1" && dd if="$1" bs=65536 skip=$(((size - 1048576) / 65536)) count=17 2>/dev/null
}
signatures() { wipefs -J -O OFFSET,TYPE,UUID,LABEL -- "$1"; }
parts() { # of the disk itself: lsblk also lists those of an array that it is a member of
  lsblk -nrpo PATH,TYPE,PKNAME -- "$1" | awk -v disk="$(readlink -f -- "$1")" '$2 == "part" && $3 == disk { print $1 }' | sort
}
found_on() {
  printf 'signatures %s\\n' "$(signatures "$1" | base64 -w0)"
  for part in $(parts "$1"); do printf 'part%s %s\\n' "\${part##*[!0-9]}" "$(signatures "$part" | base64 -w0)"; done
}
evidence() {
  {
    signatures "$1" && edges "$1"
    for part in $(parts "$1"); do signatures "$part"; head -c 1048576 -- "$part"; done
  } | sha256sum | cut -c1-12
}
`;

/** `<disk> <marker>`: what is on a disk. */
export const diskScript = `${evidenceFunctions}
[ -b "$1" ] || exit 44
signatures "$1" >/dev/null || exit 1
nonzero=$(edges "$1" | tr -d '\\0' | head -c 1 | wc -c)
printf 'digest %s\\n' "$(evidence "$1")"
printf 'nonzero %s\\n' "$nonzero"
found_on "$1"
printf 'member %s\\n' "$(mdadm --examine --export "$1" 2>/dev/null | base64 -w0)"
[ ! -e "$2" ] || printf 'wiping %s\\n' "$(base64 -w0 <"$2")"`;

/** `<partition>`: what is on it, and whether mkfs.xfs got to its end (sb_inprogress, byte 126 of the superblock). */
export const filesystemScript = `
[ -b "$1" ] || exit 44
blkid -p -o export -- "$1" || [ $? -eq 2 ] || exit 1
printf 'GANTRY_INPROGRESS=%s\\n' "$(dd if="$1" bs=1 skip=126 count=1 2>/dev/null | od -An -tu1 | tr -d ' ')"`;

/**
 * `<disk> <marker> <digest>`: wipes a disk that still holds what the token was given for, or goes on with a wipe that was
 * begun. The marker is on disk before the first byte is gone.
 */
export const wipeScript = `${evidenceFunctions}
set -eu
${alone}if [ -e "$2" ]; then
  [ "$(head -n 1 "$2")" = "$3" ] || { echo "another wipe of the disk was begun" >&2; exit 46; }
else
  now=$(evidence "$1")
  [ "$now" = "$3" ] || { echo "the disk holds $now now, not $3" >&2; exit 46; }
  mkdir -p -- "$(dirname -- "$2")"
  { printf '%s\\n' "$3"; found_on "$1"; } >"$2.new"
  sync -- "$2.new" && mv -f -- "$2.new" "$2" && sync -- "$(dirname -- "$2")"
fi
# What lies on the disk's partitions is found there, not on the disk.
for part in $(parts "$1"); do wipefs -qa -- "$part"; done
wipefs -qa -- "$1"
# Not every disk can discard; what it holds then is still overwritten where tools look for it.
blkdiscard -- "$1" 2>/dev/null || :
size=$(blockdev --getsize64 "$1")
blkdiscard -z -o 0 -l 1048576 -- "$1"
blkdiscard -z -o $(((size - 1048576) / 4096 * 4096)) -l $((size - (size - 1048576) / 4096 * 4096)) -- "$1"
blockdev --rereadpt "$1" 2>/dev/null || :
udevadm settle --timeout=30 || :
rm -f -- "$2" && sync -- "$(dirname -- "$2")"`;

/** Defines `must_be_blank <disk>`, which ends the script unless nothing at all is on it. */
const mustBeBlank = `${evidenceFunctions}${arrayFunctions}
must_be_blank() {
  ! signatures "$1" | grep -q '"type"' || { echo "$1 is not blank" >&2; exit 46; }
  [ "$(edges "$1" | tr -d '\\0' | head -c 1 | wc -c)" = 0 ] || { echo "$1 is not blank" >&2; exit 46; }
}
zero_member() { mdadm --zero-superblock "$1" && blkdiscard -z -o 0 -l 1048576 -- "$1"; }
uuid_on() { mdadm --examine --export "$1" 2>/dev/null | sed -n 's/^MD_UUID=//p'; }
events_on() { mdadm --examine --export "$1" 2>/dev/null | sed -n 's/^MD_EVENTS=//p'; }
`;

/**
 * `<uuid> <name> <sync|assume-clean> <disk…>`: makes the array of blank disks, or of such that a killed run got no further with than superblocks.
 * Never --run: a question of mdadm's is an error. What former contents left inside of it belongs to no array: its edges are zeroed.
 */
export const createArrayScript = `${mustBeBlank}
set -eu
${alone}uuid=$1 called=$2 members=$3; shift 3
node=$(array_of "$uuid")
if [ -n "$node" ]; then
  # Another attempt made it meanwhile.
  ! runs "$node" || exit 0
  mdadm --stop "$node"
fi
for disk in "$@"; do
  if [ "$(uuid_on "$disk")" = "$uuid" ]; then
    [ "$(events_on "$disk")" = 0 ] || { echo "$disk has been in use in this array" >&2; exit 46; }
    zero_member "$disk"
  else
    must_be_blank "$disk"
  fi
done
mdadm --create "/dev/md/$called" --metadata=1.2 --level=10 --raid-devices=$# --bitmap=internal --homehost=any \\
  --name="$called" --uuid="$uuid" $([ "$members" != assume-clean ] || echo --assume-clean) "$@" </dev/null
udevadm settle --timeout=30 || :
node=$(array_of "$uuid")
size=$(blockdev --getsize64 "$node")
blkdiscard -z -o 0 -l 16777216 -- "$node"
blkdiscard -z -o $((size - 16777216)) -l 16777216 -- "$node"
sync`;

/** `<uuid> <name> <disk…>`: starts an array all of whose members are there. Never --run: one that lacks a member is not started. */
export const startArrayScript = `${mustBeBlank}
set -eu
${alone}uuid=$1 called=$2; shift 2
node=$(array_of "$uuid")
if [ -n "$node" ]; then
  # Another attempt made it meanwhile.
  ! runs "$node" || exit 0
  mdadm --stop "$node"
fi
mdadm --assemble "/dev/md/$called" --uuid="$uuid" "$@" </dev/null || {
  # Short of a member it is assembled and not started.
  node=$(array_of "$uuid")
  [ -z "$node" ] || mdadm --stop "$node"
  exit 1
}
udevadm settle --timeout=30 || :`;

/** `<uuid> <disk…>`: stops the array, and takes it off those members that carry its UUID. Refuses one with anything on it. */
export const removeArrayScript = `${mustBeBlank}
set -eu
${alone}uuid=$1; shift
node=$(array_of "$uuid")
if [ -n "$node" ]; then
  if [ "$(cat "/sys/block/$(basename "$node")/size")" != 0 ]; then
    signatures "$node" | grep -q '"type"' && { echo "$node holds something: it is not removed" >&2; exit 46; }
  fi
  mdadm --stop "$node"
  udevadm settle --timeout=30 || :
fi
for disk in "$@"; do
  [ "$(uuid_on "$disk")" = "$uuid" ] || continue
  zero_member "$disk"
done
udevadm settle --timeout=30 || :`;

/** `<uuid>`: stops an array that was stopped before. */
export const stopArrayScript = `${mustBeBlank}
${alone}node=$(array_of "$1")
[ -z "$node" ] || mdadm --stop "$node"`;

/** Has the next boot know the array under its name. A host without initramfs-tools finds it by its superblocks. */
export const updateInitramfsScript = `
command -v update-initramfs >/dev/null || exit 0
exec update-initramfs -u -k "$(uname -r)"`;

/** Whether the initial file system of the running kernel is newer than `<file>`. */
export const initramfsScript = `
command -v update-initramfs >/dev/null || { echo none; exit 0; }
[ "/boot/initrd.img-$(uname -r)" -nt "$1" ] && echo newer || echo older`;

/** `<array>`; the table on its standard input. Refuses an array with anything on it. */
export const partitionScript = `${evidenceFunctions}
set -eu
${alone}signatures "$1" | grep -q '"type"' && { signatures "$1" >&2; exit 46; }
sfdisk --quiet --lock --wipe=never --wipe-partitions=never -- "$1"
partx -u -- "$1" 2>/dev/null || :
udevadm settle --timeout=30 || :`;

/** `<array> <table's UUID> <partition>`: takes the table off, unless something lies on its partition. */
export const unpartitionScript = `${evidenceFunctions}
set -eu
${alone}[ -b "$1" ] || exit 0
signatures "$1" | grep -q '"type"' || exit 0
[ "$(sfdisk --disk-id -- "$1" | tr 'A-F' 'a-f')" = "$2" ] || { echo "the table of $1 is not ours" >&2; exit 46; }
[ ! -b "$3" ] || ! signatures "$3" | grep -q '"type"' || { echo "$3 holds something: it is not removed" >&2; exit 46; }
partx -d -- "$1" 2>/dev/null || :
wipefs -qa -- "$1"
# The signatures are gone, the entries of the table and of its backup are not: a disk of the array would not be blank.
size=$(blockdev --getsize64 "$1")
blkdiscard -z -o 0 -l 1048576 -- "$1"
blkdiscard -z -o $((size - 1048576)) -l 1048576 -- "$1"
sync
udevadm settle --timeout=30 || :`;

/**
 * `<partition> <UUID> <label>`: makes the file system where there is nothing, or where a mkfs of ours did not get to its end.
 * Never -f: mkfs's own refusal is the last interlock.
 */
export const mkfsScript = `${evidenceFunctions}
set -eu
${alone}if signatures "$1" | grep -q '"type"'; then
  [ "$(blkid -p -s UUID -o value -- "$1")" = "$2" ] || { echo "$1 holds something else" >&2; exit 46; }
  [ "$(dd if="$1" bs=1 skip=126 count=1 2>/dev/null | od -An -tu1 | tr -d ' ')" = 1 ] || exit 0
  wipefs -qa -- "$1"
fi
mkfs.xfs -q -m uuid="$2" -L "$3" -- "$1" </dev/null
sync
udevadm settle --timeout=30 || :`;

/** `<partition> <UUID>`: takes the file system off. wipefs refuses one that is mounted. */
export const unmkfsScript = `${evidenceFunctions}
set -eu
${alone}[ -b "$1" ] || exit 0
signatures "$1" | grep -q '"type"' || exit 0
[ "$(blkid -p -s UUID -o value -- "$1")" = "$2" ] || { echo "$1 holds something else" >&2; exit 46; }
wipefs -qa -- "$1"
udevadm settle --timeout=30 || :`;
