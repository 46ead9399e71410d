# POSIX shell, run as root on the host: sh -c <this> sh <base> <networks> <rules> <bond> [<file of Gantry>…]. It changes nothing.
set -u
export LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
base=$1 networks=$2 rules=$3 bond=$4
shift 4
echo "== networkd"
systemctl is-active systemd-networkd
echo "== others"
systemctl is-active NetworkManager networking 2>/dev/null
echo "== links"
ip -j link show
echo "== addresses"
ip -j address show
echo "== routes"
ip -j route show default
echo "== cards"
for card in /sys/class/net/*/device; do
  [ -e "$card" ] || continue
  name=$(basename "$(dirname "$card")")
  echo "$name $(cat "/sys/class/net/$name/carrier" 2>/dev/null || echo '?') $(cat "/sys/class/net/$name/speed" 2>/dev/null || echo '?') \
$(cat "$card/sriov_totalvfs" 2>/dev/null || echo 0) $(cat "$card/sriov_numvfs" 2>/dev/null || echo 0)"
done
echo "== bonding"
cat "/proc/net/bonding/$bond" 2>/dev/null
echo "== files"
for name in "$@"; do
  case $name in *.rules) file=$rules/$name ;; *) file=$networks/$name ;; esac
  [ ! -e "$file" ] || echo "$name $(sha256sum <"$file" | cut -c1-64)"
done
echo "== digest"
# As `digest` of window.sh.
if [ -d "$networks" ]; then
  (cd "$networks" && find . \( -type f -o -type l \) -print0 | sort -z | xargs -0 -r sha256sum) | sha256sum | cut -c1-64
else
  printf '' | sha256sum | cut -c1-64
fi
echo "== current"
cat "$base/current" 2>/dev/null
echo "== window"
open=$(cat "$base/open" 2>/dev/null)
[ -z "$open" ] || sh "$base/$open/window" status
echo "== connection"
echo "${SSH_CONNECTION:-}"
echo "== end"
