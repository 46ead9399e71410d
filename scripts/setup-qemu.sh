#!/usr/bin/env bash
# qemu 10 for the compute hosts of the lab, in a folder of the cache: what forks much takes it half as long as Debian 12's own 7.2
# (update-initramfs in a guest: 44 s against 86 s). It comes from Debian's backports, off the mirror that this machine's own apt
# sources name, and needs the libraries of Debian 12's qemu. 13 MB, once. Prints the program that plays the hosts.
set -euo pipefail

suite=bookworm-backports
cache="${GANTRY_CACHE:-$HOME/.cache/gantry}"
root="$cache/qemu-$suite"
packages=(qemu-system-x86 qemu-system-common qemu-system-data seabios)

found() { echo "$root/qemu-system-x86_64"; exit 0; }
[[ -e "$root/.complete" ]] && found
# Elsewhere the system's own plays the hosts.
[[ "$(. /etc/os-release && echo "${VERSION_CODENAME:-}")" == bookworm && "$(uname -m)" == x86_64 ]] || { echo qemu-system-x86_64; exit 0; }

refuse() { echo "setup-qemu: $1" >&2; exit 1; }
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
# What apt itself reads its packages from; the archive of security fixes has no such suite.
mirror="$(apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages' | grep -v -- '-security' |
  grep -oE '^https?://[^ ]+' | head -1)"
[[ -n "$mirror" ]] || refuse 'the apt sources of this machine name no mirror'

# Not seen by anybody until it is complete. Lists and packages of its own: the machine's stay as they are.
building="$root.$$"
trap 'rm -rf --one-file-system "$building"' EXIT
mkdir -p "$building"/{lists/partial,archives/partial,debs}
echo "deb [signed-by=$keyring] ${mirror%/} $suite main" >"$building/sources.list"
apt() {
  apt-get -qq -o "Dir::Etc::sourcelist=$building/sources.list" -o Dir::Etc::sourceparts=- -o "Dir::State::lists=$building/lists" \
    -o "Dir::Cache=$building" -o APT::Sandbox::User=root "$@"
}
log="$building/log"
apt update >"$log" 2>&1 || { tail -5 "$log" >&2; refuse "the packages of $suite could not be listed"; }
(cd "$building/debs" && apt download "${packages[@]/%//$suite}") >"$log" 2>&1 || { tail -5 "$log" >&2; refuse 'it could not be downloaded'; }
for package in "$building"/debs/*.deb; do dpkg-deb -x "$package" "$building/root"; done
# The firmware is looked for beside the program.
printf '#!/bin/sh\nexec "%s/usr/bin/qemu-system-x86_64" -L "%s/usr/share/qemu" -L "%s/usr/share/seabios" -L /usr/lib/ipxe/qemu "$@"\n' \
  "$root" "$root" "$root" >"$building/root/qemu-system-x86_64"
chmod 755 "$building/root/qemu-system-x86_64"
"$building/root/usr/bin/qemu-system-x86_64" --version >"$log" 2>&1 || { tail -5 "$log" >&2; refuse 'it does not start here'; }
touch "$building/root/.complete"
rm -rf --one-file-system "$root"
mv "$building/root" "$root"
found
