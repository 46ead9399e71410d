#!/usr/bin/env bash
# Valkey 9 with its Sentinel for the lab, in a folder of the cache: newer than what this distribution has, so it comes from
# Debian's rolling suite, off the mirror that this machine's own apt sources name. About 30 s and 260 MB, once.
set -euo pipefail

suite="${GANTRY_VALKEY_SUITE:-sid}"
cache="${GANTRY_CACHE:-$HOME/.cache/gantry}"
root="$cache/valkey-$suite"

[[ -x "$root/usr/bin/valkey-server" && -e "$root/.complete" ]] && exit 0

refuse() { echo "setup-valkey: $1" >&2; exit 1; }
command -v apt-get >/dev/null || refuse 'no apt-get here: Valkey 9 for the lab needs Debian or Ubuntu'
as_root=()
if [[ "$(id -u)" != 0 ]]; then
  command -v sudo >/dev/null && sudo -n true 2>/dev/null || refuse 'debootstrap needs root'
  as_root=(sudo -n)
fi

log="$(mktemp)"
trap 'rm -f "$log"' EXIT
command -v debootstrap >/dev/null || "$(dirname "$0")/apt-install.sh" setup-valkey debootstrap debootstrap

# What apt itself reads its packages from; the archive of security fixes has no such suite.
mirror="$(apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages' | grep -v -- '-security' |
  grep -oE '^https?://[^ ]+' | head -1)"
[[ -n "$mirror" ]] || refuse 'the apt sources of this machine name no mirror'

# Not seen by anybody until it is complete.
building="$root.$$"
clean() { rm -f "$log"; "${as_root[@]}" rm -rf --one-file-system "$building"; }
trap clean EXIT
mkdir -p "$cache"
if ! "${as_root[@]}" debootstrap --variant=minbase --include=valkey-server,valkey-sentinel "$suite" "$building" "$mirror" >"$log" 2>&1; then
  tail -20 "$log" >&2
  refuse "debootstrap of $suite failed"
fi
"${as_root[@]}" rm -rf "$building/var/cache/apt/archives" "$building/var/lib/apt/lists"
"${as_root[@]}" touch "$building/.complete"
"${as_root[@]}" rm -rf --one-file-system "$root"
"${as_root[@]}" mv "$building" "$root"
