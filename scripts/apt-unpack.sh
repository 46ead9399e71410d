#!/usr/bin/env bash
# apt-unpack.sh <script> <package>: unpacks a package of the distribution into a folder of the cache, named after both, without
# installing it: no service, no user, nothing outside of the cache. For programs that need libc alone. Quiet unless it fails;
# <script> is named in what it says then.
set -euo pipefail

script=$1 package=$2
root="${GANTRY_CACHE:-$HOME/.cache/gantry}/debian-$package"
[[ -e "$root/.complete" ]] && exit 0

refuse() { echo "$script: $1" >&2; exit 1; }
for tool in apt-get dpkg-deb; do
  command -v "$tool" >/dev/null || refuse "no $tool here: $package for the lab needs Debian or Ubuntu"
done

mkdir -p "$(dirname "$root")"
# Not seen by anybody until it is complete.
building="$(mktemp -d "$root.XXXXXX")"
trap 'rm -rf "$building"' EXIT
cd "$building"
# As root, apt downloads as a user of its own, who may not write here: that it then downloads as root is a warning, and no failure.
if ! apt-get download "$package" >log 2>&1; then
  # Package lists may be missing or old: fetch them once, where this user may, and try again.
  apt-get -o DPkg::Lock::Timeout=600 update >>log 2>&1 || true
  apt-get download "$package" >>log 2>&1 || { tail -5 log >&2; refuse "apt-get could not download $package"; }
fi
dpkg-deb -x "$package"_*.deb root
chmod 755 root
touch root/.complete
mv -T root "$root" 2>/dev/null || [[ -e "$root/.complete" ]] || refuse "cannot put $package at $root"
