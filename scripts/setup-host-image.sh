#!/usr/bin/env bash
# A compute host for the lab: a Debian 12 as an installer leaves it, on a RAID1 of two 1 TB NVMe disks that boot by GRUB, in a
# folder of the cache. Packages come from the mirror that this machine's own apt sources name; the system is put onto its
# disks by a first boot in qemu. 170 s of CPU time, 3 GB of disk while it is made and 1.8 GB then, once. Quiet when it is there.
set -euo pipefail
cd "$(dirname "$0")/.."

version=2
suite=bookworm
packages=(
  openssh-server systemd systemd-sysv udev dbus iproute2 procps psmisc lsof curl python3
  linux-image-amd64 initramfs-tools busybox grub-pc-bin grub2-common zstd
  mdadm xfsprogs gdisk fdisk parted nvme-cli smartmontools dmidecode pciutils ethtool nftables iputils-ping lldpd chrony
  fio stress-ng
)
# Fixed, so that two builds differ in less: of the root file system, of the array, of the disks and their partitions.
root_uuid=6f2b5f2e-31a5-4d0f-9b43-7d1c0f0a0001
array_uuid=6f2b5f2e:31a54d0f:9b437d1c:0f0a0002
bytes=1000204886016

cache="${GANTRY_CACHE:-$HOME/.cache/gantry}"
target="$cache/host-image-$version"
inputs="$(cat scripts/setup-host-image.sh <(find lab/host/image ! -type d -print0 | sort -z | xargs -0 sha256sum) | sha256sum | cut -d' ' -f1)"

refuse() { echo "setup-host-image: $1" >&2; exit 1; }
missing_tools() {
  local tool
  for tool in qemu-system-x86_64 qemu-img debootstrap mkfs.ext4; do
    PATH="$PATH:/usr/sbin:/sbin" command -v "$tool" >/dev/null || return 0
  done
  return 1
}
if missing_tools; then
  scripts/apt-install.sh setup-host-image qemu-kvm qemu-system-x86 qemu-utils debootstrap e2fsprogs
fi
if ! qemu="$(scripts/setup-qemu.sh)"; then
  echo "setup-host-image: the distribution's own qemu plays the hosts, which takes longer" >&2
  qemu=qemu-system-x86_64
fi
[[ "$(cat "$target/.complete" 2>/dev/null)" == "$inputs" ]] && exit 0
[[ "$(uname -m)" == x86_64 ]] || refuse 'the image is made on x86-64 alone'
as_root=()
if [[ "$(id -u)" != 0 ]]; then
  command -v sudo >/dev/null && sudo -n true 2>/dev/null || refuse 'debootstrap needs root'
  as_root=(sudo -n)
fi
# What apt itself reads its packages from; the archive of security fixes is no suite that a system can be made of.
mirror="$(apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages' | grep -v -- '-security' |
  grep -oE '^https?://[^ ]+' | head -1)"
[[ -n "$mirror" ]] || refuse 'the apt sources of this machine name no mirror'

# Not seen by anybody until it is complete.
building="$target.$$"
log="$cache/host-image-build.log"
rootfs="$building/rootfs"
clean() { "${as_root[@]}" rm -rf --one-file-system "$building"; }
trap clean EXIT
mkdir -p "$building"
: >"$log"
fail() { tail -20 "$log" >&2; refuse "$1; log: $log"; }
echo "setup-host-image: making the image of a compute host, once (170 s of CPU time); log: $log"

# There before the kernel's package is: else it makes an initial file system of everything first, which takes minutes.
"${as_root[@]}" mkdir -p "$rootfs/etc/initramfs-tools/conf.d"
"${as_root[@]}" cp --no-preserve=ownership lab/host/image/etc/initramfs-tools/conf.d/lab.conf "$rootfs/etc/initramfs-tools/conf.d/"
"${as_root[@]}" debootstrap --variant=minbase --include="$(IFS=,; echo "${packages[*]}")" "$suite" "$rootfs" "$mirror" \
  >>"$log" 2>&1 || fail "debootstrap of $suite failed"
# The day of the packages is the day of the image.
released="$(grep -hE '^Date: ' "$rootfs"/var/lib/apt/lists/*_Release "$rootfs"/var/lib/apt/lists/*_InRelease 2>/dev/null | head -1 | cut -d' ' -f2-)"
SOURCE_DATE_EPOCH="$(date -d "${released:-2026-01-01}" +%s)"
export SOURCE_DATE_EPOCH

inside() { "${as_root[@]}" chroot "$rootfs" env LC_ALL=C DEBIAN_FRONTEND=noninteractive SOURCE_DATE_EPOCH="$SOURCE_DATE_EPOCH" "$@"; }
{
  "${as_root[@]}" cp -r --no-preserve=ownership lab/host/image/. "$rootfs/"
  # The node's daemons are one played program that goes by its name.
  for daemon in metald billaged builderd assetmanagerd; do "${as_root[@]}" ln -s ../lib/lab/daemon.py "$rootfs/usr/local/bin/$daemon"; done
  # debootstrap's copy of this machine's: no name server is within reach, and each look-up would wait for 10 to 20 s.
  "${as_root[@]}" rm -f "$rootfs/etc/resolv.conf"
  "${as_root[@]}" touch "$rootfs/etc/resolv.conf"
  "${as_root[@]}" tee "$rootfs/etc/fstab" <<<"UUID=$root_uuid / ext4 errors=remount-ro 0 1"
  "${as_root[@]}" tee "$rootfs/etc/mdadm/mdadm.conf" <<<"$(printf 'HOMEHOST <ignore>\nMAILADDR root\nARRAY /dev/md0 metadata=1.2 UUID=%s\n' "$array_uuid")"
  # What asks the world outside, or rewrites the disk, at a time of its own.
  inside systemctl mask apt-daily.timer apt-daily-upgrade.timer fstrim.timer e2scrub_all.timer e2scrub_reap.service \
    dpkg-db-backup.timer mdcheck_start.timer mdcheck_continue.timer systemd-pstore.service smartmontools.service getty@tty1.service
  inside systemctl disable lldpd.service
  inside systemctl enable lab-provision.service systemd-networkd.service ssh.service
  inside systemd-sysusers
  inside update-initramfs -u -k all
  inside dpkg-query -W | "${as_root[@]}" tee "$building/packages.txt"
  # Of one machine alone: each guest makes or is given its own.
  "${as_root[@]}" rm -rf "$rootfs"/etc/ssh/ssh_host_* "$rootfs"/etc/hostname "$rootfs"/var/lib/dbus/machine-id \
    "$rootfs"/var/cache/apt/* "$rootfs"/var/lib/apt/lists/* "$rootfs"/var/lib/systemd/random-seed
  "${as_root[@]}" find "$rootfs/var/log" -type f -delete
  "${as_root[@]}" truncate -s 0 "$rootfs/etc/machine-id"
  "${as_root[@]}" find "$rootfs" -xdev -newermt "@$SOURCE_DATE_EPOCH" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
} >>"$log" 2>&1 || fail 'the system could not be set up'

# The installer: this very system, which copies itself onto the array that it makes.
mib="$(($("${as_root[@]}" du -sm "$rootfs" | cut -f1) * 115 / 100 + 200))"
{
  truncate -s "${mib}M" "$building/root.img"
  "${as_root[@]}" env PATH="$PATH:/usr/sbin:/sbin" mkfs.ext4 -q -F -m 1 -L os -U "$root_uuid" -E "hash_seed=$root_uuid,lazy_itable_init=1" \
    -d "$rootfs" "$building/root.img"
  "${as_root[@]}" sh -c 'cat "$1"/boot/vmlinuz-*' sh "$rootfs" >"$building/vmlinuz"
  "${as_root[@]}" sh -c 'cat "$1"/boot/initrd.img-*' sh "$rootfs" >"$building/initrd"
  qemu-img create -q -f qcow2 "$building/os1.qcow2" "$bytes"
  qemu-img create -q -f qcow2 "$building/os2.qcow2" "$bytes"
} >>"$log" 2>&1 || fail 'the file system could not be made'

timeout 1800 "$qemu" -M q35 -accel tcg,thread=multi -cpu max,la57=off -smp 1 -m 2048 -nodefaults -display none -no-reboot \
  -chardev "file,id=console,path=$building/install.log" -serial chardev:console \
  -kernel "$building/vmlinuz" -initrd "$building/initrd" \
  -append "root=/dev/vda ro init=/usr/local/sbin/lab-install console=ttyS0 quiet no_timer_check watchdog_thresh=60 panic=-1 lab.array=$array_uuid" \
  -drive "file=$building/root.img,if=virtio,format=raw,readonly=on" \
  -drive "file=$building/os1.qcow2,if=none,id=os1,cache=unsafe" -device nvme,drive=os1,serial=os1 \
  -drive "file=$building/os2.qcow2,if=none,id=os2,cache=unsafe" -device nvme,drive=os2,serial=os2 \
  </dev/null >>"$log" 2>&1 || fail 'qemu could not run the installer'
cat "$building/install.log" >>"$log"
grep -q '^lab-install: done' "$building/install.log" || fail 'the installer did not finish'

"${as_root[@]}" rm -rf --one-file-system "$rootfs" "$building"/{root.img,vmlinuz,initrd,install.log}
[[ ${#as_root[@]} == 0 ]] || "${as_root[@]}" chown -R "$(id -u):$(id -g)" "$building"
echo "$inputs" >"$building/.complete"
rm -rf "$target"
mv "$building" "$target"
