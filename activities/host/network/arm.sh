# POSIX shell, run as root on the host: sh -c <this> sh <base> <unit> <files' digest> <conf> <window.sh> [<file> <contents>]…
# Opens a window and arms its dead-man, or tells which one is open. It changes nothing of the network. One line is the answer:
#   window <id> new|open      the unit's own
#   other <id> <unit>         another run's, which has not ended
#   changed <digest>          the files are not the ones that were looked at
set -eu
umask 077
export LC_ALL=C
base=$1 unit=$2 expected=$3 conf=$4 script=$5
shift 5
mkdir -p "$base"
exec 9>>"$base/lock"
flock -w 20 9 || { echo 'another one holds the lock' >&2; exit 75; }

# Written whole before anything refers to it.
write() { # write <file> <contents>
  printf '%s' "$2" >"$1.tmp" && sync "$1.tmp" && mv "$1.tmp" "$1"
}

id=
if [ -s "$base/open" ]; then
  id=$(cat "$base/open")
  dir=$base/$id
  owner=$(cat "$dir/unit")
  . "$dir/conf"
  if [ -e "$dir/armed" ]; then
    if [ "$owner" = "$unit" ]; then echo "window $id open"; else echo "other $id $owner"; fi
    exit 0
  fi
  # Whoever opened it died before the dead-man was armed, with the lock: nothing has been changed in it.
  if [ "$owner" != "$unit" ]; then
    sh "$dir/window" forget
    id=
  fi
fi

if [ -z "$id" ]; then
  number=1
  slug=$(printf '%s' "$unit" | sha256sum | cut -c1-16)
  while [ -e "$base/$slug-$number" ]; do number=$((number + 1)); done
  id=$slug-$number
  dir=$base/$id
  mkdir "$dir" "$dir/before" "$dir/new"
  write "$dir/conf" "$conf"
  write "$dir/window" "$script"
  write "$dir/unit" "$unit"
  . "$dir/conf"
  for name in $names; do
    file=$(sh "$dir/window" where "$name")
    if [ -e "$file" ]; then cp -p "$file" "$dir/before/$name"; fi
  done
  while [ $# -ge 2 ]; do
    write "$dir/new/$1" "$2"
    shift 2
  done
  if [ -n "$restores" ]; then
    # An undo: what the window of the change found is what this one puts there.
    for name in $names; do
      if [ -e "$base/$restores/before/$name" ]; then cp -p "$base/$restores/before/$name" "$dir/new/$name"; fi
    done
    if [ -e "$base/$restores/before.current" ]; then cp "$base/$restores/before.current" "$dir/new.current"; fi
    cp "$base/$restores/before.functions" "$dir/new.functions"
  else
    printf '%s %s\n' "$digest" "$id" >"$dir/new.current"
    for card in $cards; do echo "$card $functions"; done >"$dir/new.functions"
  fi
  # The whole folder, for the person at the console; Gantry puts back its own files alone.
  mkdir -p "$networks" "$rules" "$dir/all"
  cp -a "$networks/." "$dir/all/"
  sh "$dir/window" remember
  found=$(sh "$dir/window" digest)
  if [ "$found" != "$expected" ]; then
    rm -rf -- "$dir"
    echo "changed $found"
    exit 0
  fi
  # The candidates of the one decision are there already: a full disk cannot keep the revert from being decided.
  echo committed >"$dir/decide.committed"
  echo reverted >"$dir/decide.reverted"
  : >"$dir/reverting"
  sync -f "$dir"
  write "$base/open" "$id"
  sync "$base"
fi

sh "$dir/window" arm
echo "window $id new"
